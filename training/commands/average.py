"""The command `average`: its options, and what it prints."""

import argparse
from pathlib import Path
from typing import Any

from training.numbers import share


def add_average(actions: Any) -> None:
    """Its parser, among the other commands'."""
    parser = actions.add_parser(
        "average",
        help="make one run of several that began alike, with the mean of their weights",
        description="Average the weights of runs that began with the same weights (initial_run) "
        "and differ by their seed alone, into a run to be exported: better than any of them, for "
        "the price of one (a uniform model soup). With --initial, a share of the weights that they "
        "began with as well: of one run too. Prints what the validation data say of it and of "
        "them.",
    )
    parser.add_argument(
        "runs", type=Path, nargs="+", metavar="RUN", help="a run's folder, as runs/taught-1"
    )
    parser.add_argument(
        "--run", type=Path, metavar="DIR", required=True, help="where to write the new run"
    )
    parser.add_argument(
        "--initial", type=share, default=0.0, metavar="SHARE",
        help="what the weights that the runs began with count, below 1 (0: nothing)",
    )  # fmt: skip
    parser.set_defaults(command=average)


def average(options: argparse.Namespace) -> int:
    """Raises RunError, RecipeError, DataError."""
    from training.averaged_runs import average_runs
    from training.run_folder import RunFolder

    folders = [RunFolder(path) for path in options.runs]
    averaged = average_runs(folders, RunFolder(options.run), options.initial)
    scores = ", ".join(f"{score:.4f}" for score in averaged.of_runs)
    print(f"validation {averaged.metric} {averaged.score:.4f}; of the runs {scores}")
    print(f"publish it: python -m training export {options.run}")
    return 0
