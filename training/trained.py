"""Trained networks with everything that their export needs."""

from dataclasses import dataclass

from service.artifact.tokenizer import Tokenizer
from training.corpora import Corpora
from training.data.examples import LabelledText, SentencePair
from training.networks.classifier import TextClassifier
from training.networks.translator import Translator
from training.recipe import ClassificationRecipe, TranslationRecipe


@dataclass(frozen=True)
class ClassificationRun:
    """A trained classifier."""

    recipe: ClassificationRecipe
    labels: tuple[str, ...]
    corpora: Corpora[LabelledText]
    tokenizer: Tokenizer
    network: TextClassifier


@dataclass(frozen=True)
class TranslationRun:
    """A trained translator."""

    recipe: TranslationRecipe
    corpora: Corpora[SentencePair]
    tokenizer: Tokenizer
    network: Translator


TrainedRun = ClassificationRun | TranslationRun
