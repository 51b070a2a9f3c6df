"""A recipe of any task: the one list of them."""

from typing import Annotated

from pydantic import Field

from training.recipe.classification import ClassificationRecipe
from training.recipe.language_model import LanguageModelRecipe
from training.recipe.translation import TranslationRecipe

PublishedRecipe = ClassificationRecipe | TranslationRecipe  # those whose networks are served
Recipe = Annotated[PublishedRecipe | LanguageModelRecipe, Field(discriminator="task")]
