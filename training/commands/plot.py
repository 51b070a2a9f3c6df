"""The command `plot`."""

import argparse
from pathlib import Path
from typing import Any


def add_plot(actions: Any) -> None:
    """Its parser, among the other commands'."""
    parser = actions.add_parser("plot", help="draw a run's loss, scores and attention")
    parser.add_argument("run", type=Path, metavar="RUN", help="a run's folder, as runs/reverse")
    parser.set_defaults(command=plot)


def plot(options: argparse.Namespace) -> int:
    from training.plots import plot_run
    from training.run_folder import RunFolder

    for path in plot_run(RunFolder(options.run)):
        print(path)
    return 0
