"""The recipe of a command that is for classifiers alone."""

import argparse

from training.recipe import ClassificationRecipe, parse_override, read_recipe
from training.usage import UsageError


def classification_recipe(options: argparse.Namespace, why: str) -> ClassificationRecipe:
    """The recipe with its overrides. Raises UsageError for one of another task."""
    recipe = read_recipe(options.recipe, dict(parse_override(text) for text in options.set))
    if not isinstance(recipe, ClassificationRecipe):
        raise UsageError(f"{recipe.name} is a {recipe.task} recipe; {why}")
    return recipe
