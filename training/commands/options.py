"""Options that several commands share, and what they stand for."""

import argparse
import os
from pathlib import Path
from typing import TYPE_CHECKING

from training.own_recipe import OWN_LICENSE
from training.usage import UsageError

if TYPE_CHECKING:
    from training.corpora import OwnData

ROOT_VARIABLE = "TRAINING_DATA"
BASELINE_NAMES = ("tfidf", "nbsvm", "fasttext")
CHOICES = ("closest", "consensus", "best")  # of training.teaching.choice, which imports much


def add_set(parser: argparse.ArgumentParser) -> None:
    """Changes of a recipe's settings."""
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="change a setting of the recipe, for example training.epochs=3 (repeatable)",
    )


def add_root(parser: argparse.ArgumentParser) -> None:
    """Where the public datasets lie."""
    parser.add_argument(
        "--root",
        type=Path,
        default=Path(os.environ.get(ROOT_VARIABLE, "data")),
        metavar="DIR",
        help=f"folder of the public datasets (${ROOT_VARIABLE}, or data)",
    )


def add_own(parser: argparse.ArgumentParser, flag: str, text: str) -> None:
    """A user's file, by this flag, and its columns."""
    parser.add_argument(flag, type=Path, metavar="FILE", help=text)
    parser.add_argument("--text-column", default="text", help="column of the texts (text)")
    parser.add_argument("--label-column", default="label", help="column of the labels (label)")
    parser.add_argument("--source-column", help="column of the sources (of a .tsv the first)")
    parser.add_argument("--target-column", help="column of the targets (of a .tsv the second)")
    steps = parser.add_argument_group("columns of a file whose rows are steps of a sequence")
    steps.add_argument(
        "--value-column",
        action="append",
        default=[],
        metavar="NAME",
        help="column to forecast, which is read as well (repeatable)",
    )
    steps.add_argument(
        "--input-column",
        action="append",
        default=[],
        metavar="NAME",
        help="further column to read, of numbers or categories (repeatable)",
    )
    steps.add_argument(
        "--time-column", metavar="NAME", help="regular times, which say how long a season is"
    )
    steps.add_argument(
        "--sequence-column", metavar="NAME", help="tells apart the sequences that have labels"
    )


def own_data(options: argparse.Namespace, file: Path) -> "OwnData":
    """A user's file with the columns of the options. Raises UsageError."""
    from training.corpora import OwnData

    for flag, names in (
        ("--value-column", options.value_column),
        ("--input-column", options.input_column),
    ):
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise UsageError(f"{flag} {twice} is there twice: name each column once")
    return OwnData(
        file,
        options.text_column,
        options.label_column,
        options.source_column,
        options.target_column,
        getattr(options, "license", None) or OWN_LICENSE,
        tuple(options.value_column),
        tuple(options.input_column),
        options.time_column,
        options.sequence_column,
    )
