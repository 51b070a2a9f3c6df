"""Recipes: TOML files that name the data, the network, the schedule and what to publish.

Knows nothing about how any of it is carried out. A recipe is validated whole before any work
starts; an unknown key is an error that names it. A module a task, beside what they share.
"""

from training.recipe.any import PublishedRecipe, Recipe
from training.recipe.classification import (
    ClassificationData,
    ClassificationRecipe,
    ClassifierNetwork,
    ClassifierPublication,
    Objectives,
    TaughtSource,
)
from training.recipe.generation import GenerationRecipe, GeneratorNetwork, WordTokenizer
from training.recipe.language_model import LanguageModelNetwork, LanguageModelRecipe
from training.recipe.reading import (
    RECIPES,
    parse_override,
    parse_recipe,
    read_recipe,
    recipe_names,
)
from training.recipe.sections import (
    HELD_OUT_SPLITS,
    Data,
    Publication,
    RecipeError,
    Section,
    Source,
    TokenizerSettings,
    Training,
)
from training.recipe.sequence import (
    CategoryInput,
    ForecastTarget,
    LabelTarget,
    NumberInput,
    SequenceNetwork,
    SequenceRecipe,
)
from training.recipe.tagging import (
    TaggerNetwork,
    TaggingRecipe,
    VocabularySettings,
    WordVectors,
)
from training.recipe.translation import (
    Augmentation,
    Languages,
    PlaceholderSettings,
    TaughtPairs,
    TranslationData,
    TranslationRecipe,
    TranslatorNetwork,
)

__all__ = [
    "HELD_OUT_SPLITS",
    "RECIPES",
    "Augmentation",
    "CategoryInput",
    "ClassificationData",
    "ClassificationRecipe",
    "ClassifierNetwork",
    "ClassifierPublication",
    "Data",
    "ForecastTarget",
    "GenerationRecipe",
    "GeneratorNetwork",
    "LabelTarget",
    "LanguageModelNetwork",
    "LanguageModelRecipe",
    "Languages",
    "NumberInput",
    "Objectives",
    "PlaceholderSettings",
    "Publication",
    "PublishedRecipe",
    "Recipe",
    "RecipeError",
    "Section",
    "SequenceNetwork",
    "SequenceRecipe",
    "Source",
    "TaggerNetwork",
    "TaggingRecipe",
    "TaughtPairs",
    "TaughtSource",
    "TokenizerSettings",
    "Training",
    "TranslationData",
    "TranslationRecipe",
    "TranslatorNetwork",
    "VocabularySettings",
    "WordTokenizer",
    "WordVectors",
    "parse_override",
    "parse_recipe",
    "read_recipe",
    "recipe_names",
]
