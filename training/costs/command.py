"""The command `cost`: its options, and what it prints."""

import argparse
from pathlib import Path
from typing import Any

from training.numbers import count

DESCRIPTION = (
    "Measure what the network of a classifier's or translator's run costs: exported in int8 and in "
    "fp32, through the pipelines of the service, and in PyTorch; beside published versions, the "
    "first of which is what the ratios are to. Everything on one thread and in turns; processor "
    "time, medians over rounds. Nothing is published."
)


def add_cost(actions: Any) -> None:
    """Its parser, among the other commands'."""
    parser = actions.add_parser(
        "cost", help="what a run's network costs, in PyTorch and exported", description=DESCRIPTION
    )
    parser.add_argument("run", type=Path, metavar="RUN", help="a run's folder")
    parser.add_argument(
        "versions", type=Path, nargs="*", metavar="models/NAME/VERSION", help="to compare it with"
    )
    parser.add_argument(
        "--rounds", type=count, default=7, metavar="N", help="that each is measured in (7)"
    )
    parser.add_argument("--quiet", action="store_true", help="no progress on standard error")
    parser.set_defaults(command=cost)


def cost(options: argparse.Namespace) -> int:
    """Raises RunError, DataError, ArtifactError, ExportError."""
    from training.costs.study import cost_table, measure_costs
    from training.run_folder import RunFolder

    run = RunFolder(options.run)
    print(cost_table(measure_costs(run, options.versions, options.rounds, options.quiet)))
    return 0
