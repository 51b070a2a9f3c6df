"""Makes the network that a recipe describes. Knows nothing about data or training."""

from torch import Tensor

from training.networks.classifier import TextClassifier
from training.networks.generator import Generator
from training.networks.language_model import LanguageModel
from training.networks.tagger import Tagger
from training.networks.translator import Translator
from training.recipe import (
    ClassifierNetwork,
    GeneratorNetwork,
    LanguageModelNetwork,
    TaggerNetwork,
    TranslatorNetwork,
)
from training.word_vocabulary import WordVocabulary


def build_classifier(settings: ClassifierNetwork, vocabulary: int, classes: int) -> TextClassifier:
    """Random weights drawn from torch's generator: seed it first."""
    return TextClassifier(vocabulary, classes, **settings.model_dump())


def build_generator(settings: GeneratorNetwork, vocabulary: int) -> Generator:
    """Random weights drawn from torch's generator: seed it first."""
    return Generator(vocabulary, **settings.model_dump())


def build_language_model(settings: LanguageModelNetwork, vocabulary: int) -> LanguageModel:
    """Random weights drawn from torch's generator: seed it first."""
    return LanguageModel(vocabulary, **settings.model_dump())


def build_tagger(
    settings: TaggerNetwork, vocabulary: WordVocabulary, tags: int, vectors: Tensor
) -> Tagger:
    """Random weights drawn from torch's generator: seed it first. vectors: words x features."""
    return Tagger(
        vocabulary.known.word_count,
        vocabulary.known.character_count,
        tags,
        vocabulary.trained,
        vectors,
        **settings.model_dump(),
    )


def build_translator(settings: TranslatorNetwork, vocabulary: int) -> Translator:
    """Random weights drawn from torch's generator: seed it first."""
    return Translator(vocabulary, **settings.model_dump())
