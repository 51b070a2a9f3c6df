"""The command `export`: its options, and what it does with a run."""

import argparse
from pathlib import Path
from typing import Any

from training.commands.publication import (
    add_publication,
    gate_of,
    publish_run,
    published_recipe,
    require_publishable,
    require_temperature,
)


def add_export(actions: Any) -> None:
    """Its parser, among the other commands'."""
    parser = actions.add_parser(
        "export",
        help="publish a finished run",
        description="Export a run's best weights, check the graphs, measure and publish them.",
    )
    parser.add_argument("run", type=Path, metavar="RUN", help="a run's folder, as runs/reverse")
    add_publication(parser)
    parser.add_argument("--quiet", action="store_true", help="no progress bar")
    parser.set_defaults(command=export)


def export(options: argparse.Namespace) -> int:
    from training.run_folder import RunFolder
    from training.run_settings import RunSettings
    from training.runs import load_run

    gate = gate_of(options)
    folder = RunFolder(options.run)
    settings = RunSettings.read(folder)
    recipe = published_recipe(settings.recipe)
    target = options.publish or Path("models") / recipe.publication.name
    require_publishable(target, gate, recipe, settings.origin)
    require_temperature(options, recipe)
    return publish_run(load_run(folder), target, options, gate, settings.history)
