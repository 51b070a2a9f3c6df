"""A recipe of any task: the one list of them."""

from typing import Annotated

from pydantic import Field

from training.recipe.classification import ClassificationRecipe
from training.recipe.generation import GenerationRecipe
from training.recipe.language_model import LanguageModelRecipe
from training.recipe.sequence import SequenceRecipe
from training.recipe.tagging import TaggingRecipe
from training.recipe.translation import TranslationRecipe

# Those whose networks are served.
PublishedRecipe = (
    ClassificationRecipe | GenerationRecipe | SequenceRecipe | TaggingRecipe | TranslationRecipe
)
Recipe = Annotated[PublishedRecipe | LanguageModelRecipe, Field(discriminator="task")]
