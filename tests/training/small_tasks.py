"""Tiny tasks on synthetic data: some ten batches an epoch, dropout and word dropout on."""

from functools import cache
from typing import Any

import numpy as np

from service.artifact import Source, Tokenizer
from training.corpora import Corpora, FurtherTexts
from training.data.examples import LabelledText, SentencePair
from training.data.reverse import reverse_splits
from training.data.synthetic import sentiment_splits
from training.preparation import (
    classification_task,
    language_modelling_task,
    tokenizer_for_pairs,
    tokenizer_for_texts,
    translation_task,
)
from training.recipe import (
    ClassificationRecipe,
    LanguageModelRecipe,
    TranslationRecipe,
    read_recipe,
)
from training.tasks.classification import ClassificationTask
from training.tasks.language_modelling import LanguageModellingTask
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


_LANGUAGE_MODEL = {
    "tokenizer.vocabulary": 340,
    "network.embedding_size": 6,
    "network.hidden_size": 5,
    "negatives": 20,
    "training.tokens_per_batch": 160,
}
OBJECTIVES = {
    "objectives.adversarial": 1.0,
    "objectives.virtual_adversarial": 1.0,
    "objectives.entropy": 0.5,
    "objectives.full_perturbation_tokens": 12,
    "objectives.unlabelled_tokens_per_batch": 120,
}
_BESIDE = {
    "data.taught": [
        {"file": "none.jsonl", "take": 20, "weight": 0.5, "temperature": 2.0},
    ],
    "data.unlabelled": [{"source": "synthetic"}],
}


def classification_recipe(**training: Any) -> ClassificationRecipe:
    recipe = read_recipe("sentiment-bilstm", _TRAINING | _CLASSIFIER | _named(training))
    assert isinstance(recipe, ClassificationRecipe)
    return recipe


def mixed_recipe(**training: Any) -> ClassificationRecipe:
    """All objectives, a teacher's texts and unlabelled ones."""
    settings = _TRAINING | _CLASSIFIER | OBJECTIVES | _BESIDE | _named(training)
    recipe = read_recipe("sentiment-bilstm", settings)
    assert isinstance(recipe, ClassificationRecipe)
    return recipe


def language_model_recipe(**training: Any) -> LanguageModelRecipe:
    return read_language_model(_named(training))


def read_language_model(settings: dict[str, Any]) -> LanguageModelRecipe:
    """With settings of any section."""
    recipe = read_recipe("reviews-lm", _TRAINING | _LANGUAGE_MODEL | settings)
    assert isinstance(recipe, LanguageModelRecipe)
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


def further(seed: int = 1) -> FurtherTexts:
    """Texts that a teacher is sure, unsure and wrong about, and texts without labels."""
    splits = sentiment_splits(_SIZES, seed + 100)
    taught = [example.text for example in splits["train"][:50]]
    positive = np.random.default_rng(seed).random(50).astype(np.float32)
    return FurtherTexts(
        unlabelled=[[example.text for example in splits["train"][50:]]],
        taught=[taught],
        probabilities=[np.stack([1 - positive, positive], axis=1)],
    )


def plain(seed: int = 1) -> Corpora[str]:
    corpora = labelled(seed)
    return Corpora(
        train=[[example.text for example in part] for part in corpora.train],
        takes=corpora.takes,
        validation={
            name: [example.text for example in part] for name, part in corpora.validation.items()
        },
        test={},
        sources=corpora.sources,
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


def mixed(data: int = 1, **training: Any) -> ClassificationTask:
    """The same with all objectives, a teacher's texts and unlabelled ones."""
    recipe = mixed_recipe(**training)
    return classification_task(recipe, LABELS, labelled(data), text_tokenizer(), further(data))


def language_modelling(data: int = 1, **training: Any) -> LanguageModellingTask:
    """The language model of the same texts."""
    recipe = language_model_recipe(**training)
    return language_modelling_task(recipe, plain(data), text_tokenizer())


def translation(data: int = 1, **training: Any) -> TranslationTask:
    """The same for the task that reverses letters."""
    return translation_task(translation_recipe(**training), parallel(data), pair_tokenizer(), ())


def _named(training: dict[str, Any]) -> dict[str, Any]:
    return {f"training.{name}": value for name, value in training.items()}
