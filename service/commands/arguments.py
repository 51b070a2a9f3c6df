"""What the commands that answer files and look at models can be told.

Imports nothing heavy, because every start of the service reads it too.
"""

import argparse
from pathlib import Path
from typing import Any

_FORMATS = ("text", "csv", "tsv", "jsonl", "parquet")
NAMES = ("predict", "translate", "explain", "models")


def add_commands(commands: Any, environment_models: str | None) -> None:
    """Adds the commands to the parser's. environment_models: where the models are by default."""
    models = Path(environment_models or "models")
    _add_predict(commands, models)
    _add_translate(commands, models)
    _add_explain(commands, models)
    _add_models(commands, models)


def positive(text: str) -> int:
    """A whole number from 1. Raises ArgumentTypeError."""
    if not (text.isascii() and text.isdigit() and 0 < int(text[:10]) <= 10**9):
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number from 1 on")
    return int(text)


def _add_predict(commands: Any, models: Path) -> None:
    predict = commands.add_parser(
        "predict",
        help="classify the texts of a file",
        usage="%(prog)s FILE [OPTIONS]",
        description="Classifies the texts of a file, with the answers that the service would give. "
        'Adds the columns "label" and "score" to those of the file.',
    )
    _add_input(predict)
    model = _add_model(predict, models)
    model.add_argument(
        "--top-k",
        type=positive,
        default=1,
        metavar="N",
        help="labels for each text, in the further columns label_2, score_2 and so on (default: 1)",
    )
    model.add_argument(
        "--batch-size", type=positive, metavar="N", help="texts computed together (default: 32)"
    )
    _add_output(predict)


def _add_translate(commands: Any, models: Path) -> None:
    translate = commands.add_parser(
        "translate",
        help="translate the texts of a file",
        usage="%(prog)s FILE [OPTIONS]",
        description="Translates the texts of a file, with the answers that the service would give. "
        'Adds the column "translation" to those of the file.',
    )
    _add_input(translate)
    model = _add_model(translate, models)
    model.add_argument("--source", metavar="CODE", help="language of the texts, such as en")
    model.add_argument("--target", metavar="CODE", help="language wanted, such as de")
    _add_beam_size(model)
    _add_glossary(model)
    model.add_argument(
        "--batch-size",
        type=positive,
        metavar="N",
        help="hypotheses decoded together (default: 16)",
    )
    _add_output(translate)


def _add_explain(commands: Any, models: Path) -> None:
    explain = commands.add_parser(
        "explain",
        help="say why a text has its label, or what its translation looked at",
        usage="%(prog)s TEXT [OPTIONS]",
        description="Says what each word of a text adds to its label, or, with --source, --target "
        "or the name of a model that translates, what each token of the translation looked at. "
        "Prints a table, or writes the numbers or a picture of them to a file.",
    )
    explain.add_argument("text", metavar="TEXT", help="the text, or - for standard input")
    model = _add_model(explain, models)
    model.add_argument("--source", metavar="CODE", help="language of the text, such as en")
    model.add_argument("--target", metavar="CODE", help="language wanted, such as de")
    _add_beam_size(model)
    _add_glossary(model)
    group = explain.add_argument_group("what to explain of a label")
    group.add_argument("--label", metavar="LABEL", help="the label (default: the best one)")
    group.add_argument(
        "--against",
        metavar="LABEL",
        help="by how much its logit is above this one's (default: the other one of two, none of "
        "more)",
    )
    group.add_argument(
        "--gates",
        action="store_true",
        help="the gates of every LSTM layer, too; a picture is then one of the gates",
    )
    group.add_argument(
        "--unit",
        type=_unit,
        action="append",
        default=[],
        metavar="N",
        help="a unit whose gates are wanted beside the means over all, from 0; may be given again",
    )
    output = explain.add_argument_group("output")
    output.add_argument(
        "--out",
        type=Path,
        metavar="FILE",
        help="file to write in place of the table: FILE.svg and FILE.png are pictures, FILE.json "
        "has the numbers",
    )
    output.add_argument("--overwrite", action="store_true", help="write it also where it exists")


def _unit(text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number from 0 on")
    return int(text[:10])


def _add_models(commands: Any, models: Path) -> None:
    parser = commands.add_parser(
        "models",
        help="list, verify and compare models",
        description="Looks at the models of a folder.",
    )
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    listed = actions.add_parser(
        "list",
        help="list every version of every model",
        description="Lists every version of every model in a folder, by their manifests alone.",
    )
    _add_folder(listed, models)
    listed.add_argument("--json", action="store_true", help="as JSON")
    verify = actions.add_parser(
        "verify",
        help="check every digest and prove every model",
        description="Checks the digests of every version of every model in a folder, loads it, and "
        "has it answer the examples of its own manifest.",
    )
    _add_folder(verify, models)
    compare = actions.add_parser(
        "compare",
        help="compare two versions of a model",
        usage="%(prog)s NAME VERSION VERSION [FILE] [OPTIONS]",
        description="Shows the scores of two versions side by side. With a file of texts, both "
        "answer it, and the answers that differ are shown.",
    )
    _add_comparison(compare, models)


def _add_comparison(compare: argparse.ArgumentParser, models: Path) -> None:
    compare.add_argument("name", metavar="NAME", help="the model")
    compare.add_argument("versions", type=positive, nargs=2, metavar="VERSION", help="two of its")
    compare.add_argument("file", nargs="?", metavar="FILE", help="texts, as predict reads them")
    _add_reading(compare)
    _add_threads(compare)
    compare.add_argument("--models", type=Path, default=models, metavar="DIR", help=_MODELS)
    _add_beam_size(compare)
    compare.add_argument(
        "--show",
        type=int,
        default=10,
        metavar="N",
        help="how many of the answers that differ are shown (default: 10)",
    )
    compare.add_argument("--json", action="store_true", help="as JSON")
    compare.add_argument("--quiet", action="store_true", help="show no progress")


_MODELS = "folder of the models (default: GATEHOUSE_MODELS, or models)"


def _add_folder(parser: argparse.ArgumentParser, models: Path) -> None:
    parser.add_argument("folder", nargs="?", type=Path, default=models, metavar="DIR", help=_MODELS)


def _add_input(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE", help="file of texts, or - for standard input")
    _add_reading(parser.add_argument_group("input"))


def _add_reading(group: Any) -> None:
    group.add_argument(
        "--format",
        choices=_FORMATS,
        metavar="|".join(_FORMATS),
        help="format of the file; by default what its suffix says, and text for standard input. "
        "Text has one text a line",
    )
    group.add_argument(
        "--column",
        metavar="NAME",
        help='column of the texts; by default "text", or the only one',
    )
    group.add_argument(
        "--no-header",
        dest="header",
        action="store_false",
        help="the first line of CSV or TSV is a row; columns are called 1, 2 and so on",
    )


def _add_model(parser: argparse.ArgumentParser, models: Path) -> Any:
    group = parser.add_argument_group("model")
    group.add_argument("--models", type=Path, default=models, metavar="DIR", help=_MODELS)
    group.add_argument(
        "--model", metavar="NAME", help="name of the model; by default the one the service asks"
    )
    group.add_argument(
        "--version",
        dest="model_version",
        type=positive,
        metavar="N",
        help="version of the model (default: the newest)",
    )
    _add_threads(group)
    return group


def _add_threads(group: Any) -> None:
    group.add_argument(
        "--threads",
        type=positive,
        metavar="N",
        help="threads of the inference (default: GATEHOUSE_THREADS, or all cores)",
    )


def _add_beam_size(group: Any) -> None:
    group.add_argument(
        "--beam-size",
        type=positive,
        default=5,
        metavar="N",
        help="hypotheses kept by the search for a translation; 1 is greedy (default: 5)",
    )


def _add_glossary(group: Any) -> None:
    group.add_argument(
        "--glossary",
        type=Path,
        metavar="FILE",
        help="CSV or TSV with terms and what each is to become, a column a language (default: "
        "GATEHOUSE_GLOSSARY_FILE, where the model takes one)",
    )


def _add_output(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("output")
    group.add_argument(
        "--output", type=Path, metavar="FILE", help="file to write (default: standard output)"
    )
    group.add_argument(
        "--output-format",
        choices=_FORMATS,
        metavar="|".join(_FORMATS),
        help="format of the output; by default what its suffix says, else that of the input. "
        "Text has the answers alone",
    )
    group.add_argument(
        "--prefix", default="", metavar="TEXT", help="what the added columns' names begin with"
    )
    group.add_argument(
        "--on-error",
        choices=("stop", "skip", "blank"),
        default="stop",
        metavar="stop|skip|blank",
        help="a row that cannot be answered: stop there with status 1, leave it out, or keep it "
        "without an answer (default: stop)",
    )
    existing = group.add_mutually_exclusive_group()
    existing.add_argument(
        "--resume", action="store_true", help="go on where an earlier run with this output stopped"
    )
    existing.add_argument(
        "--overwrite", action="store_true", help="begin again, whatever the output holds"
    )
    group.add_argument("--quiet", action="store_true", help="show no progress")
