"""Makes the network that a recipe describes. Knows nothing about data or training."""

from training.networks.classifier import TextClassifier
from training.networks.language_model import LanguageModel
from training.networks.translator import Translator
from training.recipe import ClassifierNetwork, LanguageModelNetwork, TranslatorNetwork


def build_classifier(settings: ClassifierNetwork, vocabulary: int, classes: int) -> TextClassifier:
    """Random weights drawn from torch's generator: seed it first."""
    return TextClassifier(vocabulary, classes, **settings.model_dump())


def build_language_model(settings: LanguageModelNetwork, vocabulary: int) -> LanguageModel:
    """Random weights drawn from torch's generator: seed it first."""
    return LanguageModel(vocabulary, **settings.model_dump())


def build_translator(settings: TranslatorNetwork, vocabulary: int) -> Translator:
    """Random weights drawn from torch's generator: seed it first."""
    return Translator(vocabulary, **settings.model_dump())
