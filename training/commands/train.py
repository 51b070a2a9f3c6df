"""The command `train`: its options, and what it prints."""

import argparse
import itertools
from pathlib import Path
from typing import TYPE_CHECKING, Any

from training.commands.options import add_own, add_root, add_set, own_data
from training.commands.publication import (
    add_publication,
    gate_of,
    publish_run,
    published_recipe,
    require_publishable,
    require_temperature,
)
from training.own_recipe import own_recipe
from training.recipe import LanguageModelRecipe, Recipe, parse_override, read_recipe, recipe_names
from training.usage import UsageError

if TYPE_CHECKING:
    from training.corpora import OwnData


def add_train(actions: Any) -> None:
    """Its parser, among the other commands'."""
    parser = actions.add_parser(
        "train",
        help="train a recipe",
        description="Train a recipe, on the public data it names or on a file of your own.",
    )
    parser.add_argument(
        "recipe",
        nargs="?",
        metavar="RECIPE",
        help=f"{', '.join(recipe_names())}, or the path of a .toml file",
    )
    parser.add_argument(
        "--run",
        type=Path,
        metavar="DIR",
        help="where the run lies (runs/RECIPE; own data: runs/NAME-1 …)",
    )
    parser.add_argument("--resume", action="store_true", help="go on at the last checkpoint")
    add_set(parser)
    add_root(parser)
    kinds = (
        "train on this file: .csv, .tsv, .jsonl, .parquet; to generate, .txt too; to tag, .conll "
        "or .conllu"
    )
    add_own(parser, "--data", kinds)
    parser.add_argument("--license", help="the licence of the data in --data, and of the weights")
    parser.add_argument("--quiet", action="store_true", help="no progress on standard error")
    add_publication(parser)
    parser.set_defaults(command=train)


def train(options: argparse.Namespace) -> int:
    from training.origin import Origin
    from training.run_folder import RunFolder
    from training.run_settings import RunSettings
    from training.runs import load_run, resume_run, run_recipe, start_run

    gate = gate_of(options)
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
        settings = RunSettings.read(run)
        require_publishable(options.publish, gate, settings.recipe, settings.origin)
        require_temperature(options, settings.recipe)
        position = resume_run(run, options.quiet)
    else:
        if options.recipe is None:
            raise UsageError(f"name a recipe: {', '.join(recipe_names())}, or a .toml file")
        recipe, own = _recipe(options)
        origin = Origin(options.root, own)
        require_publishable(options.publish, gate, recipe, origin)
        require_temperature(options, recipe)
        default = _default_run(options.recipe) if own is None else _own_run(recipe)
        run = RunFolder(options.run or default)
        options.run = run.path
        position = start_run(run, recipe, origin, options.quiet)
    print(f"{run.path}: best validation score {position.best:.4f} after {position.step} steps")
    if options.publish is None:
        if isinstance(run_recipe(run), LanguageModelRecipe):
            print(f"begin a classifier with it: --set initial_run={run.path}")
            return 0
        print(f"publish it with: python -m training export {run.path} --publish models/NAME")
        return 0
    return publish_run(load_run(run), options.publish, options, gate)


def _recipe(options: argparse.Namespace) -> "tuple[Recipe, OwnData | None]":
    """The recipe with its overrides; on a user's own data with the user's labels and terms."""
    recipe = read_recipe(options.recipe, dict(parse_override(text) for text in options.set))
    if options.data is None:
        return recipe, None
    return own_recipe(published_recipe(recipe), options), own_data(options, options.data)


def _default_run(recipe: str | None) -> Path:
    if recipe is None:
        raise UsageError("name the run to go on with: --run DIR, or the recipe it began with")
    return Path("runs") / Path(recipe).stem


def _own_run(recipe: Recipe) -> Path:
    """The next free folder for a run on a user's own data, which is trained on again and again."""
    name = published_recipe(recipe).publication.name
    taken = (Path("runs") / f"{name}-{number}" for number in itertools.count(1))
    return next(path for path in taken if not path.exists())
