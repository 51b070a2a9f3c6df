"""What `train` and `export` share: from a run to a published version, if it may be published."""

import argparse
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from service.artifact.manifest import PLAIN_NAME
from training.commands.options import add_own, own_data
from training.commands.scores import print_scores
from training.numbers import positive
from training.recipe import ClassificationRecipe, LanguageModelRecipe, PublishedRecipe, Recipe
from training.usage import UsageError

if TYPE_CHECKING:
    from training.origin import Origin
    from training.publishing import Gate, Published


def add_publication(parser: argparse.ArgumentParser) -> None:
    """Where to publish, in which form, and on which condition."""
    parser.add_argument(
        "--publish",
        type=Path,
        metavar="models/NAME",
        help="publish the next version of this model (export: models/ and the recipe's name)",
    )
    parser.add_argument(
        "--precision",
        choices=("auto", "int8", "fp32"),
        default="auto",
        help="auto: int8 unless it costs 0.3 points or more of the validation score",
    )
    parser.add_argument(
        "--temperature",
        type=positive,
        metavar="T",
        help="divide a classifier's logits by this (by default fitted on validation; 1: leave)",
    )
    parser.add_argument(
        "--promote-if",
        metavar="CONDITION",
        help='publish only if it holds: "accuracy >= 0.9", "BLEU > current"',
    )
    if parser.prog.endswith("export"):
        add_own(parser, "--on", "the labelled file that --promote-if is measured on")
    else:
        parser.add_argument(
            "--on", type=Path, metavar="FILE", help="the labelled file for --promote-if"
        )


def gate_of(options: argparse.Namespace) -> "Gate | None":
    """The condition of --promote-if, where there is one. Raises UsageError, PromotionError."""
    from training.promotion import Condition
    from training.publishing import Gate

    if options.promote_if is None:
        if options.on is not None:
            raise UsageError("--on says what --promote-if is measured on: give both")
        return None
    if options.on is None:
        raise UsageError("--promote-if needs --on FILE, the labelled data that it is measured on")
    return Gate(Condition.parse(options.promote_if), own_data(options, options.on))


def published_recipe(recipe: Recipe) -> PublishedRecipe:
    """Raises UsageError for a recipe whose network is only a beginning for others."""
    if isinstance(recipe, LanguageModelRecipe):
        raise UsageError(
            f"{recipe.name} trains a language model, which is not served: leave out --publish, and "
            "train a classifier that begins with its run (--set initial_run=DIR)"
        )
    return recipe


def require_publishable(
    target: Path | None, gate: "Gate | None", recipe: Recipe, origin: "Origin"
) -> None:
    """Raises UsageError, ArtifactError, PromotionError, DataError or RunError."""
    from training.publishing import require_measurable, require_same_task

    if target is None:
        return
    recipe = published_recipe(recipe)
    if not re.fullmatch(PLAIN_NAME, target.name):
        raise UsageError(
            f"--publish {target}: {target.name!r} is no name for a model; write it models/NAME, of "
            "letters, digits, dots, dashes and underscores"
        )
    require_same_task(target, recipe)  # refuses a folder that holds something else, too
    if gate is not None:
        require_measurable(gate, recipe, origin)


def require_temperature(options: argparse.Namespace, recipe: Recipe) -> None:
    """Raises UsageError for a temperature that nothing would be divided by."""
    if options.temperature is None:
        return
    if not isinstance(recipe, ClassificationRecipe):
        raise UsageError(
            f"--temperature is a classifier's; {recipe.name} is a {recipe.task} recipe"
        )
    if getattr(options, "resume", None) is not None and options.publish is None:
        raise UsageError("--temperature is for what is published: say with --publish where to")


def publish_run(
    run: Any,
    target: Path,
    options: argparse.Namespace,
    gate: "Gate | None",
    history: Sequence[str] = (),
) -> int:
    """Publish a run, print its scores; returns the exit status. Raises what `publish` does."""
    from training.publishing import publish, with_temperature

    if options.temperature is not None:
        run = with_temperature(run, options.temperature)
    published: Published = publish(
        run, target.parent, target.name, options.precision, gate, options.quiet, history
    )
    for note in published.notes:
        print(note)
    print_scores(published.scores)
    print(f"published {published.path} ({published.precision})")
    return 0
