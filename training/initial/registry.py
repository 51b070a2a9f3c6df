"""The run that any recipe begins with."""

from collections.abc import Mapping

from training.initial.classifier import InitialClassifier
from training.initial.language_model import InitialLanguageModel
from training.initial.run import InitialRun
from training.initial.translator import InitialTranslator
from training.recipe import (
    ClassificationRecipe,
    LanguageModelRecipe,
    Recipe,
    TranslationRecipe,
)

_CLASSES: Mapping[type, type[InitialRun]] = {
    ClassificationRecipe: InitialClassifier,
    LanguageModelRecipe: InitialLanguageModel,
    TranslationRecipe: InitialTranslator,
}


def initial_run_of(recipe: Recipe) -> InitialRun | None:
    """None of a recipe that names none, or whose task has none. Raises RunError."""
    kind = _CLASSES.get(type(recipe))
    return None if kind is None else kind.named_by(recipe)
