"""The command `study gates`: its options, and what it prints."""

import argparse
from pathlib import Path
from typing import Any

from training.commands.options import add_root
from training.numbers import count, seed

DESCRIPTION = (
    "Look inside a published LSTM classifier while it reads reviews of the IMDb test: do its gates "
    "write and keep words of sentiment, and forget stop words? Results, every frequent word and "
    "plots lie in the folder. With --text, a table of one text instead."
)
MODEL = Path("models") / "sentiment" / "1"


def add_gates(kinds: Any) -> None:
    """Its parser, among the other studies'."""
    parser = kinds.add_parser(
        "gates",
        help="what the gates of a sentiment model do with stop words and words of sentiment",
        description=DESCRIPTION,
    )
    parser.add_argument(
        "--model",
        type=Path,
        default=MODEL,
        metavar="models/NAME/VERSION",
        help=f"a classifier of LSTM layers ({MODEL})",
    )
    what = parser.add_mutually_exclusive_group()
    what.add_argument(
        "--limit", type=count, metavar="N", help="so many reviews, drawn at random (all of them)"
    )
    what.add_argument("--text", metavar="TEXT", help="show the gates at every word of this text")
    parser.add_argument(
        "--seed", type=seed, default=1, metavar="N", help="of the draw and the bootstrap (1)"
    )
    parser.add_argument(
        "--samples", type=count, default=1000, metavar="N", help="of the bootstrap (1000)"
    )
    parser.add_argument(
        "--out", type=Path, metavar="DIR", help="where the results lie (runs/gates-NAME-VERSION)"
    )
    add_root(parser)
    parser.add_argument("--quiet", action="store_true", help="no progress on standard error")
    parser.set_defaults(command=study_gates)


def study_gates(options: argparse.Namespace) -> int:
    """Raises UsageError for a model or a text that has no gates to show."""
    from training.studies.gates.readings import GatesError
    from training.usage import UsageError

    try:
        return _show_text(options) if options.text is not None else _study_reviews(options)
    except GatesError as error:
        raise UsageError(str(error)) from None


def _show_text(options: argparse.Namespace) -> int:
    from training.studies.gates.one_text import text_tables
    from training.studies.gates.readings import GatedClassifier

    print(text_tables(GatedClassifier(options.model), options.text))
    return 0


def _study_reviews(options: argparse.Namespace) -> int:
    from training.studies.gates.plots import plot_study
    from training.studies.gates.report import report
    from training.studies.gates.run import Choice, run_and_write

    model = options.model.resolve()
    out = options.out or Path("runs") / f"gates-{model.parent.name}-{model.name}"
    choice = Choice(options.model, options.root, options.limit, options.seed, options.samples)
    print(report(run_and_write(choice, out, options.quiet)))
    for path in plot_study(out):
        print(path)
    return 0
