"""Trained networks with everything that their export needs."""

from dataclasses import dataclass

from service.artifact.tokenizer import Tokenizer
from service.artifact.vocabulary import Vocabulary
from training.corpora import Corpora
from training.data.examples import LabelledText, SentencePair, TaggedSentence
from training.networks.classifier import TextClassifier
from training.networks.generator import Generator
from training.networks.sequence import SequencePredictor
from training.networks.tagger import Tagger
from training.networks.translator import Translator
from training.recipe import (
    ClassificationRecipe,
    GenerationRecipe,
    SequenceRecipe,
    TaggingRecipe,
    TranslationRecipe,
)
from training.sequence_data import SequenceData
from training.word_lists import WordLists


@dataclass(frozen=True)
class ClassificationRun:
    """A trained classifier."""

    recipe: ClassificationRecipe
    labels: tuple[str, ...]
    corpora: Corpora[LabelledText]
    tokenizer: Tokenizer
    network: TextClassifier


@dataclass(frozen=True)
class GenerationRun:
    """A trained generator."""

    recipe: GenerationRecipe
    corpora: Corpora[str]
    tokenizer: Tokenizer
    network: Generator


@dataclass(frozen=True)
class SequenceRun:
    """A trained predictor over steps of columns."""

    recipe: SequenceRecipe
    data: SequenceData
    network: SequencePredictor


@dataclass(frozen=True)
class TaggingRun:
    """A trained tagger."""

    recipe: TaggingRecipe
    tags: tuple[str, ...]
    corpora: Corpora[TaggedSentence]
    vocabulary: Vocabulary
    network: Tagger


@dataclass(frozen=True)
class TranslationRun:
    """A trained translator."""

    recipe: TranslationRecipe
    corpora: Corpora[SentencePair]
    tokenizer: Tokenizer
    network: Translator
    lists: WordLists  # of the words that it knows; empty where it has learnt no placeholders


TrainedRun = ClassificationRun | GenerationRun | SequenceRun | TaggingRun | TranslationRun
