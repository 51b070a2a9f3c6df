"""The command line of training: data, train, evaluate, export, plot, baseline.

Reads arguments, prints results and turns known errors into one line on standard error. The work
is done elsewhere; heavy imports wait until a command needs them, so ``--help`` answers at once.
"""

import argparse
import itertools
import logging
import os
import re
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from service.artifact import ArtifactError, list_versions
from service.artifact.manifest import PLAIN_NAME
from training.data.errors import DataError
from training.recipe import (
    ClassificationRecipe,
    Data,
    Recipe,
    RecipeError,
    Source,
    parse_override,
    read_recipe,
    recipe_names,
)

if TYPE_CHECKING:
    from training.corpora import OwnData
    from training.evaluation import Measured
    from training.publishing import Gate, Published

ROOT_VARIABLE = "TRAINING_DATA"
OWN_LICENSE = "the user's own"
OWN_NOTE = "Trained on data of the user's own; its terms are the user's to state."


class UsageError(ValueError):
    """Arguments that do not fit together."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command. Returns the exit status: 0, 1 for an error, 130 for a run that stopped."""
    options = _parser().parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    from training.export.checks import ExportError
    from training.promotion import PromotionError
    from training.run_folder import RunError
    from training.trainer import Stopped

    command: Callable[[argparse.Namespace], int] = options.command
    try:
        return command(options)
    except Stopped:
        again = "" if options.publish is None else " and the same options of --publish"
        print(
            f"stopped; continue with: python -m training train --resume --run {options.run}{again}",
            file=sys.stderr,
        )
        return 130
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
        return 130
    except (
        ArtifactError, DataError, ExportError, PromotionError, RecipeError, RunError, UsageError,
        OSError,
    ) as error:  # fmt: skip
        print(f"error: {error}", file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m training",
        description="Train recurrent networks, export them to ONNX and publish versions.",
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    _add_data(commands)
    _add_train(commands)
    _add_evaluate(commands)
    _add_export(commands)
    _add_plot(commands)
    _add_baseline(commands)
    return parser


def _add_data(commands: Any) -> None:
    data = commands.add_parser("data", help="list or fetch the public datasets")
    actions = data.add_subparsers(required=True, metavar="ACTION")
    listing = actions.add_parser("list", help="what there is, from where and under which licence")
    listing.set_defaults(command=_data_list)
    fetch = actions.add_parser(
        "fetch", help="bring datasets into the data folder, with progress and checksums"
    )
    fetch.add_argument("names", nargs="*", metavar="NAME", help="datasets; all of them by default")
    _add_root(fetch)
    fetch.add_argument(
        "--mirror",
        type=Path,
        metavar="DIR",
        help="copy from a folder of the same layout instead of the official addresses",
    )
    fetch.add_argument("--quiet", action="store_true", help="no progress bar")
    fetch.set_defaults(command=_data_fetch)


def _add_train(commands: Any) -> None:
    train = commands.add_parser(
        "train",
        help="train a recipe",
        description="Train a recipe, on the public data it names or on a file of your own.",
    )
    train.add_argument(
        "recipe",
        nargs="?",
        metavar="RECIPE",
        help=f"{', '.join(recipe_names())}, or the path of a .toml file",
    )
    train.add_argument(
        "--run",
        type=Path,
        metavar="DIR",
        help="where the run lies (runs/RECIPE; own data: runs/NAME-1 …)",
    )
    train.add_argument("--resume", action="store_true", help="go on at the last checkpoint")
    _add_set(train)
    _add_root(train)
    _add_own(train, "--data", "train on this file: .csv, .tsv, .jsonl or .parquet")
    train.add_argument("--license", default=OWN_LICENSE, help="the licence of the data in --data")
    train.add_argument("--quiet", action="store_true", help="no progress on standard error")
    _add_publication(train)
    train.set_defaults(command=_train)


def _add_evaluate(commands: Any) -> None:
    evaluate = commands.add_parser(
        "evaluate",
        help="score a published version as it is served",
        description="Score a published version through onnxruntime, on the test sets of its "
        "recipe or on a labelled file.",
    )
    evaluate.add_argument("model", type=Path, metavar="models/NAME/VERSION")
    _add_root(evaluate)
    _add_own(evaluate, "--on", "score on this file instead of the recipe's test sets")
    evaluate.add_argument(
        "--beam-size", type=int, action="append", metavar="N", help="of translations (5 and 1)"
    )
    evaluate.add_argument("--quiet", action="store_true", help="no progress bar")
    evaluate.set_defaults(command=_evaluate)


def _add_export(commands: Any) -> None:
    export = commands.add_parser(
        "export",
        help="publish a finished run",
        description="Export a run's best weights, check the graphs, measure and publish them.",
    )
    export.add_argument("run", type=Path, metavar="RUN", help="a run's folder, as runs/reverse")
    _add_publication(export)
    export.add_argument("--quiet", action="store_true", help="no progress bar")
    export.set_defaults(command=_export)


def _add_plot(commands: Any) -> None:
    plot = commands.add_parser("plot", help="draw a run's loss, scores and attention")
    plot.add_argument("run", type=Path, metavar="RUN", help="a run's folder, as runs/reverse")
    plot.set_defaults(command=_plot)


def _add_baseline(commands: Any) -> None:
    baseline = commands.add_parser(
        "baseline",
        help="score TF-IDF with logistic regression on a recipe's data",
        description="Train the line to beat, TF-IDF of words and pairs of words with logistic "
        "regression, on the data of a classification recipe, and score it on its test sets.",
    )
    baseline.add_argument("recipe", metavar="RECIPE", help="a classification recipe")
    _add_root(baseline)
    _add_set(baseline)
    baseline.set_defaults(command=_baseline)


def _add_set(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="change a setting of the recipe, for example training.epochs=3 (repeatable)",
    )


def _add_root(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--root",
        type=Path,
        default=Path(os.environ.get(ROOT_VARIABLE, "data")),
        metavar="DIR",
        help=f"folder of the public datasets (${ROOT_VARIABLE}, or data)",
    )


def _add_own(parser: argparse.ArgumentParser, flag: str, text: str) -> None:
    parser.add_argument(flag, type=Path, metavar="FILE", help=text)
    parser.add_argument("--text-column", default="text", help="column of the texts (text)")
    parser.add_argument("--label-column", default="label", help="column of the labels (label)")
    parser.add_argument("--source-column", help="column of the source sentences (the first)")
    parser.add_argument("--target-column", help="column of the translations (the second)")


def _add_publication(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--publish",
        type=Path,
        metavar="models/NAME",
        help="publish the next version of this model (export: models/ and the recipe's name)",
    )
    parser.add_argument(
        "--precision",
        choices=("auto", "int8", "fp32"),
        default="auto",
        help="auto: int8 unless it costs 0.3 points or more of the validation score",
    )
    parser.add_argument(
        "--promote-if",
        metavar="CONDITION",
        help='publish only if it holds: "accuracy >= 0.9", "BLEU > current"',
    )
    if parser.prog.endswith("export"):
        _add_own(parser, "--on", "the labelled file that --promote-if is measured on")
    else:
        parser.add_argument(
            "--on", type=Path, metavar="FILE", help="the labelled file for --promote-if"
        )


def _data_list(options: argparse.Namespace) -> int:
    from training.data.registry import DATASETS

    for one in DATASETS.values():
        rows = ", ".join(f"{part} {count:,}" for part, count in one.rows.items())
        print(f"{one.name} ({one.task}): {one.description}\n    rows: {rows}")
        print(f"    from: {one.address}\n    licence: {one.license}\n    cite: {one.citation}")
    return 0


def _data_fetch(options: argparse.Namespace) -> int:
    from training.data.fetch import Fetched, fetch
    from training.data.registry import DATASETS

    def report(one: Fetched) -> None:
        rows = ", ".join(f"{part} {count:,}" for part, count in one.rows.items())
        print(f"{one.name}: {len(one.brought)} fetched, {len(one.present)} already there; {rows}")
        if one.note:
            print(f"    {one.note}")

    names = options.names or list(DATASETS)
    fetch(names, options.root, options.mirror, progress=not options.quiet, report=report)
    return 0


def _train(options: argparse.Namespace) -> int:
    from training.run_folder import RunFolder
    from training.runs import Origin, load_run, resume_run, run_recipe, start_run

    gate = _gate(options)
    if options.publish is None and gate is not None:
        raise UsageError("--promote-if holds a version back: say with --publish which one")
    if options.resume:
        if options.set or options.data is not None:
            raise UsageError(
                "--resume goes on with the run's own settings: leave out --set, --data"
            )
        run = RunFolder(options.run or _default_run(options.recipe))
        options.run = run.path
        # What cannot be published, or measured for the condition, must not cost a training run.
        _require_publishable(options.publish, gate, run_recipe(run))
        position = resume_run(run, options.quiet)
    else:
        if options.recipe is None:
            raise UsageError(f"name a recipe: {', '.join(recipe_names())}, or a .toml file")
        recipe, own = _recipe(options)
        _require_publishable(options.publish, gate, recipe)
        default = _default_run(options.recipe) if own is None else _own_run(recipe)
        run = RunFolder(options.run or default)
        options.run = run.path
        position = start_run(run, recipe, Origin(options.root, own), options.quiet)
    print(f"{run.path}: best validation score {position.best:.4f} after {position.step} steps")
    if options.publish is None:
        print(f"publish it with: python -m training export {run.path} --publish models/NAME")
        return 0
    return _publish(load_run(run), options.publish, options, gate)


def _export(options: argparse.Namespace) -> int:
    from training.run_folder import RunFolder
    from training.runs import load_run, run_recipe

    gate = _gate(options)
    folder = RunFolder(options.run)
    recipe = run_recipe(folder)
    target = options.publish or Path("models") / recipe.publication.name
    _require_publishable(target, gate, recipe)
    return _publish(load_run(folder), target, options, gate)


def _require_publishable(target: Path | None, gate: "Gate | None", recipe: Recipe) -> None:
    """Raises UsageError, ArtifactError, PromotionError or DataError."""
    from training.publishing import require_measurable

    if target is None:
        return
    if not re.fullmatch(PLAIN_NAME, target.name):
        raise UsageError(
            f"--publish {target}: {target.name!r} is no name for a model; write it models/NAME, of "
            "letters, digits, dots, dashes and underscores"
        )
    if target.is_dir():
        list_versions(target)  # refuses a folder that holds something else
    if gate is not None:
        require_measurable(gate, recipe)


def _publish(run: Any, target: Path, options: argparse.Namespace, gate: "Gate | None") -> int:
    from training.publishing import publish

    published: Published = publish(
        run, target.parent, target.name, options.precision, gate, options.quiet
    )
    for note in published.notes:
        print(note)
    for score in published.scores:
        print(f"{score.dataset} {score.metric}: {score.value} ({score.rows:,} rows)")
    print(f"published {published.path} ({published.precision})")
    return 0


def _evaluate(options: argparse.Namespace) -> int:
    from service.artifact import read_artifact
    from service.pipelines.loading import load_pipeline
    from training.publishing import measure, measure_recipe

    pipeline = load_pipeline(read_artifact(options.model))
    beams = tuple(options.beam_size or (5, 1))
    if options.on is not None:
        measured = measure(pipeline, _own(options, options.on), beams)
    else:
        measured = measure_recipe(pipeline, options.root, beams, options.quiet)
    _print_scores(measured)
    return 0


def _baseline(options: argparse.Namespace) -> int:
    from training.baselines import score_tfidf
    from training.corpora import labelled_corpora

    recipe = read_recipe(options.recipe, dict(parse_override(text) for text in options.set))
    if not isinstance(recipe, ClassificationRecipe):
        raise UsageError(f"{recipe.name} is a {recipe.task} recipe; the baseline classifies")
    _print_scores(score_tfidf(labelled_corpora(options.root, recipe.data)))
    return 0


def _print_scores(measured: "Sequence[Measured]") -> None:
    for one in measured:
        print(f"{one.dataset} {one.metric}: {one.value} ({one.rows:,} rows)")
        if one.signature:
            print(f"    {one.signature}")


def _plot(options: argparse.Namespace) -> int:
    from training.plots import plot_run
    from training.run_folder import RunFolder

    for path in plot_run(RunFolder(options.run)):
        print(path)
    return 0


def _default_run(recipe: str | None) -> Path:
    if recipe is None:
        raise UsageError("name the run to go on with: --run DIR, or the recipe it began with")
    return Path("runs") / Path(recipe).stem


def _own_run(recipe: Recipe) -> Path:
    """The next free folder for a run on a user's own data, which is trained on again and again."""
    name = recipe.publication.name
    taken = (Path("runs") / f"{name}-{number}" for number in itertools.count(1))
    return next(path for path in taken if not path.exists())


def _recipe(options: argparse.Namespace) -> "tuple[Recipe, OwnData | None]":
    """The recipe with its overrides; on a user's own data with the user's labels and terms."""
    recipe = read_recipe(options.recipe, dict(parse_override(text) for text in options.set))
    if options.data is None:
        return recipe, None
    own = _own(options, options.data)
    name = options.publish.name if options.publish is not None else options.data.stem
    changes: dict[str, Any] = {
        "publication": recipe.publication.model_copy(
            update={
                "name": name,
                "license": options.license,
                "license_note": OWN_NOTE,
                "examples": (),
            }
        ),
        "data": Data(
            train=(Source(source=options.data.name),),
            validation=(Source(source=options.data.name, split="validation"),),
        ),
    }
    if isinstance(recipe, ClassificationRecipe):
        changes["labels"] = None
    return recipe.model_copy(update=changes), own


def _own(options: argparse.Namespace, file: Path) -> "OwnData":
    from training.corpora import OwnData

    return OwnData(
        file,
        options.text_column,
        options.label_column,
        options.source_column,
        options.target_column,
        getattr(options, "license", OWN_LICENSE),
    )


def _gate(options: argparse.Namespace) -> "Gate | None":
    from training.promotion import Condition
    from training.publishing import Gate

    if options.promote_if is None:
        if options.on is not None:
            raise UsageError("--on says what --promote-if is measured on: give both")
        return None
    if options.on is None:
        raise UsageError("--promote-if needs --on FILE, the labelled data that it is measured on")
    return Gate(Condition.parse(options.promote_if), _own(options, options.on))
