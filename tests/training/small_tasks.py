"""Tiny tasks on synthetic data: some ten batches an epoch, dropout and word dropout on."""

from functools import cache
from typing import Any

from service.artifact import Source, Tokenizer
from training.corpora import Corpora
from training.data.examples import LabelledText, SentencePair
from training.data.reverse import reverse_splits
from training.data.synthetic import sentiment_splits
from training.preparation import (
    classification_task,
    tokenizer_for_pairs,
    tokenizer_for_texts,
    translation_task,
)
from training.recipe import ClassificationRecipe, TranslationRecipe, read_recipe
from training.tasks.classification import ClassificationTask
from training.tasks.translation import TranslationTask

LABELS = ("negative", "positive")
_SIZES = {"train": 120, "validation": 12, "test": 12}
_TRAINING = {
    "training.epochs": 3,
    "training.minimum_steps": 0,
    "training.warmup_steps": 4,
    "training.learning_rate": 0.01,
    "training.ema": 0.9,
    "training.validate_per_epoch": 2,
    "training.patience": 100,
    "training.checkpoint_minutes": 1000.0,
}
_CLASSIFIER = {
    "tokenizer.vocabulary": 340,
    "network.embedding_size": 6,
    "network.hidden_size": 5,
    "network.dropout": 0.3,
    "network.word_dropout": 0.2,
    "training.tokens_per_batch": 200,
}
_TRANSLATOR = {
    "network.embedding_size": 8,
    "network.encoder_size": 5,
    "network.decoder_size": 6,
    "network.attention_size": 4,
    "network.dropout": 0.2,
    "network.word_dropout": 0.1,
    "training.tokens_per_batch": 90,
    "training.label_smoothing": 0.1,
}


def classification_recipe(**training: Any) -> ClassificationRecipe:
    recipe = read_recipe("sentiment-bilstm", _TRAINING | _CLASSIFIER | _named(training))
    assert isinstance(recipe, ClassificationRecipe)
    return recipe


def translation_recipe(**training: Any) -> TranslationRecipe:
    recipe = read_recipe("reverse", _TRAINING | _TRANSLATOR | _named(training))
    assert isinstance(recipe, TranslationRecipe)
    return recipe


def labelled(seed: int = 1) -> Corpora[LabelledText]:
    splits = sentiment_splits(_SIZES, seed)
    return Corpora(
        train=[splits["train"][:80], splits["train"][80:]],
        takes=[None, 30],
        validation={"synthetic": splits["validation"]},
        test={"synthetic": splits["test"]},
        sources=[Source(name="synthetic", url="", license="CC0-1.0", rows=120)],
    )


def parallel(seed: int = 1) -> Corpora[SentencePair]:
    splits = reverse_splits(_SIZES, seed)
    return Corpora(
        train=[splits["train"]],
        takes=[None],
        validation={"reverse": splits["validation"]},
        test={"reverse": splits["test"]},
        sources=[Source(name="reverse", url="", license="CC0-1.0", rows=120)],
    )


@cache
def text_tokenizer() -> Tokenizer:
    return tokenizer_for_texts(classification_recipe(), labelled())


@cache
def pair_tokenizer() -> Tokenizer:
    return tokenizer_for_pairs(translation_recipe(), parallel())


def classification(data: int = 1, **training: Any) -> ClassificationTask:
    """The task on the data that seed ``data`` draws, with settings of the section "training"."""
    recipe = classification_recipe(**training)
    return classification_task(recipe, LABELS, labelled(data), text_tokenizer())


def translation(data: int = 1, **training: Any) -> TranslationTask:
    """The same for the task that reverses letters."""
    return translation_task(translation_recipe(**training), parallel(data), pair_tokenizer())


def _named(training: dict[str, Any]) -> dict[str, Any]:
    return {f"training.{name}": value for name, value in training.items()}
