"""A run from its beginning to a trained network: start, resume, load.

Knows nothing about tasks (`training.kinds` does) and nothing about exports.
"""

import torch

from training.device import choose_device, require_precision
from training.kinds.registry import kind_of, published_kind_of
from training.origin import Origin
from training.recipe import LanguageModelRecipe, Recipe
from training.run_folder import RunError, RunFolder
from training.run_settings import RunSettings
from training.task import Task
from training.trained import TrainedRun
from training.trainer import Position, Trainer


def start_run(run: RunFolder, recipe: Recipe, origin: Origin, quiet: bool = False) -> Position:
    """Train from the beginning. Raises RunError, DataError, Stopped."""
    run.require_new()
    require_precision(choose_device(), recipe.training.precision)
    # The data is read before anything is written, so that a bad row leaves no half-made run.
    beginning = kind_of(recipe.task).begin(recipe, origin)
    run.create()
    for name, content in beginning.files.items():
        run.write_bytes(run.path / name, content)
    RunSettings.beginning(recipe, origin, beginning.facts, beginning.sources).write(run)
    return _train(beginning.task, recipe, run, quiet, resume=False)


def resume_run(run: RunFolder, quiet: bool = False) -> Position:
    """Go on where the last checkpoint stands. Raises RunError, DataError, Stopped."""
    settings = RunSettings.read(run)
    if settings.made_as is not None:
        raise RunError(
            f"{run.path} {settings.made_as} and cannot go on; begin another run with it "
            f"(--set initial_run={run.path})"
        )
    require_precision(choose_device(), settings.recipe.training.precision)
    task = kind_of(settings.recipe.task).resume(run, settings)
    # A run that was stopped before its first checkpoint begins again: the same weights come out.
    return _train(task, settings.recipe, run, quiet, resume=run.checkpoint.exists())


def finish_run(
    run: RunFolder, recipe: Recipe, origin: Origin, quiet: bool, elsewhere: str
) -> Position:
    """Train, or go on with what was begun; a run that has ended is left as it is.

    elsewhere: how to name another folder, for the error where this one holds another recipe's run.
    Raises RunError, DataError, Stopped.
    """
    if not run.recipe.exists():
        return start_run(run, recipe, origin, quiet)
    if run_recipe(run) != recipe:
        raise RunError(f"{run.path} holds a run with other settings; name another ({elsewhere})")
    return resume_run(run, quiet)


def run_recipe(run: RunFolder) -> Recipe:
    """The resolved recipe of a run. Raises RunError."""
    return RunSettings.read(run).recipe


def load_run(run: RunFolder) -> TrainedRun:
    """The network with its best weights, in evaluation mode. Raises RunError, DataError."""
    settings = RunSettings.read(run)
    if isinstance(settings.recipe, LanguageModelRecipe):
        raise RunError(
            f"{run.path} is a language model's, which is not served; train a classifier that "
            f"begins with it (--set initial_run={run.path})"
        )
    trained: TrainedRun = published_kind_of(settings.recipe.task).load(run, settings)
    return trained


def _train(task: Task, recipe: Recipe, run: RunFolder, quiet: bool, resume: bool) -> Position:
    device = choose_device()
    torch.manual_seed(recipe.training.seed + 1)  # dropout; the weights have been drawn
    rates = kind_of(recipe.task).rates(recipe)
    return Trainer(task, recipe.training, run, device, quiet, rates).train(resume)
