"""The command `ngrams`: its options, and what it prints."""

import argparse
from pathlib import Path
from typing import Any

from training.numbers import count

BUCKETS = 1 << 19  # twice as many are worth nothing more (training/LOG.md)


def add_ngrams(actions: Any) -> None:
    """Its parser, among the other commands'."""
    parser = actions.add_parser(
        "ngrams",
        help="put a table of n-grams beside the network of a classifier's run",
        description="Fit a table of words and pairs of words to the texts that a classifier was "
        "trained on, weight it beside the network on the validation sets, and write both as a run "
        "to be exported. Prints what the validation data say of the network, of the table and of "
        "both.",
    )
    parser.add_argument(
        "trained", type=Path, metavar="RUN", help="a run's folder, as runs/sentiment-taught"
    )
    parser.add_argument(
        "--run", type=Path, metavar="DIR", required=True, help="where to write the new run"
    )
    parser.add_argument(
        "--buckets", type=count, default=BUCKETS, metavar="N",
        help=f"places of the table that pairs share, a byte each in int8 ({BUCKETS})",
    )  # fmt: skip
    parser.add_argument(
        "--leave-out", action="append", default=[], metavar="SOURCE",
        help="count no texts of this source of the recipe, such as generated ones (repeatable)",
    )  # fmt: skip
    parser.set_defaults(command=ngrams)


def ngrams(options: argparse.Namespace) -> int:
    """Raises RunError, RecipeError, DataError."""
    from training.ngram_runs import add_ngrams as add_table
    from training.run_folder import RunFolder

    folders = RunFolder(options.trained), RunFolder(options.run)
    found = add_table(*folders, options.buckets, options.leave_out)
    for name, said in (("network", found.alone), ("table", found.table), ("both", found.both)):
        print(f"{name}: validation accuracy {said.score:.4f}, loss {said.details['loss']:.4f}")
    print(f"the table counts {found.share:.2f} of the network")
    print(f"publish it: python -m training export {options.run}")
    return 0
