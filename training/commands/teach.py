"""The command `teach`: its options, and what it prints."""

import argparse
from pathlib import Path
from typing import Any

from training.commands.options import BASELINE_NAMES, add_root


def add_teach(actions: Any) -> None:
    """Its parser, among the other commands'."""
    parser = actions.add_parser(
        "teach",
        help="write what trained classifiers say of texts, to train another on",
        description="Average the probabilities that the classifiers of some runs give texts, and "
        "write them to a file that a recipe can name as data.taught. An interrupted command goes "
        "on where it stopped.",
    )
    parser.add_argument("runs", type=Path, nargs="+", metavar="RUN", help="a classifier's run")
    parser.add_argument(
        "--texts",
        action="append",
        required=True,
        metavar="SOURCE",
        help="NAME or NAME:SPLIT, for example imdb:unlabelled; labels are not read (repeatable)",
    )
    parser.add_argument(
        "--baseline",
        action="append",
        default=[],
        choices=BASELINE_NAMES,
        help="another teacher, trained on the labelled data of the first run (repeatable)",
    )
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="a .jsonl file")
    add_root(parser)
    parser.add_argument("--quiet", action="store_true", help="no progress bar")
    parser.set_defaults(command=teach)


def teach(options: argparse.Namespace) -> int:
    from training.corpora import load_texts
    from training.run_folder import RunFolder
    from training.teaching import BaselineTeacher, NetworkTeacher, Teacher, require_new_file
    from training.teaching import teach as write

    require_new_file(options.out)  # before anything is read
    runs = [RunFolder(run) for run in options.runs]
    teachers: list[Teacher] = [NetworkTeacher(run) for run in runs]
    texts = load_texts(options.root, options.texts)
    teachers += [BaselineTeacher(name, runs[0]) for name in options.baseline]
    rows = write(teachers, texts, options.out, options.quiet)
    print(f"{options.out}: {rows:,} texts with the mean probabilities of {len(teachers)} teachers")
    print(f"""train on them: --set 'data.taught=[{{file="{options.out}"}}]'""")
    return 0
