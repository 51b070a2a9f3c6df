"""The command `study long-memory`: its options, and what it prints."""

import argparse
from pathlib import Path
from typing import Any

DESCRIPTION = (
    "Train every cell to answer what lies k steps back, and to add two numbers that do, for k up "
    "to 100; measure how much of the gradient reaches the states up to 500 steps before. Results, "
    "tables and plots lie in the folder, and an interrupted study goes on there."
)
FOLDER = Path("runs") / "long-memory"
QUICK_FOLDER = Path("runs") / "long-memory-quick"


def add_long_memory(kinds: Any) -> None:
    """Its parser, among the other studies'."""
    parser = kinds.add_parser(
        "long-memory",
        help="how far back each cell remembers, and what its gradient tells it",
        description=DESCRIPTION,
    )
    parser.add_argument("--quick", action="store_true", help="a small one, in a minute")
    parser.add_argument(
        "--out",
        type=Path,
        metavar="DIR",
        help=f"where the results lie ({FOLDER}; quick: {QUICK_FOLDER})",
    )
    parser.add_argument(
        "--jobs", type=_jobs, default=1, metavar="N", help="networks at a time, a core each (1)"
    )
    parser.add_argument("--quiet", action="store_true", help="no progress on standard error")
    parser.set_defaults(command=study_long_memory)


def study_long_memory(options: argparse.Namespace) -> int:
    """Raises RunError for a folder with another study."""
    from training.studies.long_memory.report import report_text, write_report
    from training.studies.long_memory.settings import FULL, QUICK
    from training.studies.long_memory.study import run_study

    settings = QUICK if options.quick else FULL
    folder = options.out or (QUICK_FOLDER if options.quick else FOLDER)
    results = run_study(settings, folder, options.jobs, quiet=options.quiet)
    paths = write_report(results, folder)
    print(report_text(results))
    for path in paths:
        print(path)
    return 0


def _jobs(text: str) -> int:
    """A count of processes, as a type of an argument. Raises ValueError."""
    number = int(text)
    if number < 1:
        raise ValueError(text)
    return number
