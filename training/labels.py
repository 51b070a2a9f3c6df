"""The class names of a classification recipe, checked against its data."""

import re
from collections.abc import Sequence

from service.artifact.manifest import LANGUAGE_CODE
from training.corpora import Corpora
from training.data.examples import LabelledText
from training.data.tables import class_names
from training.recipe import ClassificationRecipe
from training.run_folder import RunError


def labels_of(recipe: ClassificationRecipe, corpora: Corpora[LabelledText]) -> tuple[str, ...]:
    """The recipe's class names, or the data's. Raises RunError where the two do not fit."""
    held_out = (*corpora.validation.values(), *corpora.test.values())
    examples = [example for part in (*corpora.train, *held_out) for example in part]
    found = class_names(examples)
    if recipe.purpose == "language-identification":
        _require_codes(found)
    if recipe.labels is None:
        return tuple(found)
    strange = [name for name in found if name not in recipe.labels]
    if strange:
        raise RunError(
            f"the data has the labels {', '.join(strange)}, the recipe only "
            f"{', '.join(recipe.labels)}"
        )
    return recipe.labels


def _require_codes(labels: Sequence[str]) -> None:
    strange = [label for label in labels if not re.fullmatch(LANGUAGE_CODE, label)]
    if strange:
        raise RunError(
            f"the labels {', '.join(strange[:5])} are no codes of languages, such as en, and this "
            "recipe is for language identification; write codes, or train another recipe"
        )
