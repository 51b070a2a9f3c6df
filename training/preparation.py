"""From a recipe and its examples to a tokenizer and a task that the training loop can run.

Knows nothing about checkpoints or the command line.
"""

import logging
from collections.abc import Iterable, Sequence
from random import Random

import numpy as np
import torch

from service.artifact.tokenizer import Tokenizer
from service.pipelines.placeholders import SYMBOLS
from training.corpora import Corpora, FurtherTexts
from training.data.examples import LabelledText, SentencePair
from training.data.masking import MaskedPairs, keeper_of
from training.data.noise import Noise
from training.networks.build import build_classifier, build_language_model, build_translator
from training.recipe import (
    Augmentation,
    ClassificationRecipe,
    LanguageModelRecipe,
    TranslationRecipe,
)
from training.tasks.classification import ClassificationTask, EncodedTexts, UnlabelledTexts
from training.tasks.epoch_pairs import (
    DrawnPairs,
    EncodedPairs,
    FixedPairs,
    PairRows,
    Reading,
)
from training.tasks.language_modelling import LanguageModellingTask, windows
from training.tasks.targets import TaughtTexts
from training.tasks.translation import TranslationTask
from training.tokenization import train_tokenizer

NOTHING_FURTHER = FurtherTexts()

_log = logging.getLogger(__name__)


def tokenizer_for_texts(recipe: ClassificationRecipe, corpora: Corpora[LabelledText]) -> Tokenizer:
    """A tokenizer trained on the training texts."""
    texts = (example.text for part in corpora.train for example in part)
    return Tokenizer.from_bytes(train_tokenizer(texts, recipe.tokenizer), add_eos=False)


def tokenizer_for_plain_texts(recipe: LanguageModelRecipe, corpora: Corpora[str]) -> Tokenizer:
    """A tokenizer trained on the training texts."""
    texts = (text for part in corpora.train for text in part)
    return Tokenizer.from_bytes(train_tokenizer(texts, recipe.tokenizer), add_eos=False)


def language_modelling_task(
    recipe: LanguageModelRecipe, corpora: Corpora[str], tokenizer: Tokenizer
) -> LanguageModellingTask:
    """The task with a freshly initialised network; the same seed gives the same weights."""
    torch.manual_seed(recipe.training.seed)
    network = build_language_model(recipe.network, tokenizer.vocabulary_size)

    def cut(texts: Sequence[str]) -> list[np.ndarray]:
        rows = [np.array(tokenizer.encode(text), dtype=np.int32) for text in texts]
        return windows(rows, recipe.training.max_tokens)

    return LanguageModellingTask(
        network,
        [cut(part) for part in corpora.train],
        corpora.takes,
        {name: cut(part) for name, part in corpora.validation.items()},
        recipe.negatives,
        recipe.training,
    )


def tokenizer_for_pairs(recipe: TranslationRecipe, corpora: Corpora[SentencePair]) -> Tokenizer:
    """A joint tokenizer of both languages; source and target end with EOS."""
    texts = (text for part in corpora.train for pair in part for text in (pair.source, pair.target))
    symbols = symbols_of(recipe)
    return Tokenizer.from_bytes(train_tokenizer(texts, recipe.tokenizer, symbols), add_eos=True)


def classification_task(
    recipe: ClassificationRecipe,
    labels: Sequence[str],
    corpora: Corpora[LabelledText],
    tokenizer: Tokenizer,
    further: FurtherTexts = NOTHING_FURTHER,
) -> ClassificationTask:
    """The task with a freshly initialised network; the same seed gives the same weights."""
    torch.manual_seed(recipe.training.seed)
    network = build_classifier(recipe.network, tokenizer.vocabulary_size, len(labels))
    train = [encode_texts(part, labels, tokenizer) for part in corpora.train]
    limit = recipe.training.max_tokens
    long = sum(len(row) > limit for texts in train for row in texts.tokens)
    if long:
        _log.info(
            "%s texts are longer than %s tokens (training.max_tokens): training reads their "
            "beginning and end",
            f"{long:,}",
            limit,
        )
    return ClassificationTask(
        network,
        train,
        corpora.takes,
        {name: encode_texts(part, labels, tokenizer) for name, part in corpora.validation.items()},
        recipe.training,
        recipe.objectives,
        [
            TaughtTexts(token_rows(texts, tokenizer), shares, how.take, how.weight, how.temperature)
            for how, texts, shares in zip(
                recipe.data.taught, further.taught, further.probabilities, strict=True
            )
        ],
        [
            UnlabelledTexts(token_rows(texts, tokenizer), source.take)
            for source, texts in zip(recipe.data.unlabelled, further.unlabelled, strict=False)
        ],
    )


def translation_task(
    recipe: TranslationRecipe,
    corpora: Corpora[SentencePair],
    tokenizer: Tokenizer,
    words: Sequence[str],
) -> TranslationTask:
    """The task with a freshly initialised network; the same seed gives the same weights.

    words: those that the network will know, where the recipe wants placeholders.
    """
    torch.manual_seed(recipe.training.seed)
    network = build_translator(recipe.network, tokenizer.vocabulary_size)
    return TranslationTask(
        network,
        tokenizer,
        pair_rows(recipe, corpora, tokenizer),
        corpora.takes,
        [pair for part in corpora.validation.values() for pair in part],
        recipe.training,
        None if recipe.placeholders is None else keeper_of(words, recipe.languages.source),
    )


def symbols_of(recipe: TranslationRecipe) -> Sequence[str]:
    """What the tokenizer keeps apart."""
    return () if recipe.placeholders is None else SYMBOLS


def pair_rows(
    recipe: TranslationRecipe, corpora: Corpora[SentencePair], tokenizer: Tokenizer
) -> PairRows:
    """The training pairs in tokens, varied from epoch to epoch where the recipe says so."""
    limit = recipe.training.max_tokens
    if recipe.placeholders is None and recipe.augmentation == Augmentation():
        encoded = [encode_pairs(part, tokenizer, limit) for part in corpora.train]
        _say_what_is_cut(
            sum(
                limit in (len(source), len(target))
                for part in encoded
                for source, target in zip(part.sources, part.targets, strict=True)
            ),
            limit,
        )
        return FixedPairs(encoded)
    pairs = [pair for part in corpora.train for pair in part]
    _say_what_is_cut(sum(_is_full(pair, tokenizer, limit) for pair in pairs), limit)
    masked = None
    if recipe.placeholders is not None:
        _log.info("looking for names and aligned words in %s pairs", f"{len(pairs):,}")
        masked = MaskedPairs(pairs, recipe.placeholders.names, recipe.placeholders.terms)
    noise = Noise(**recipe.augmentation.model_dump(exclude={"subword_dropout"}))

    def drawn(index: int, random: Random) -> SentencePair:
        pair = pairs[index] if masked is None else masked.pair(index, random)
        return noise.changed(pair, random)

    dropout = recipe.augmentation.subword_dropout
    symbols = symbols_of(recipe)
    reading = Reading(tokenizer, limit, dropout, recipe.training.seed, symbols)
    return DrawnPairs(corpora.train, drawn, reading)


def _is_full(pair: SentencePair, tokenizer: Tokenizer, limit: int) -> bool:
    """Whether a side has ``limit`` tokens or more, read as it stands."""
    # A token holds a character at least, but for the end and a space before the first.
    return any(
        len(text) + 2 >= limit and len(tokenizer.encode(text)) >= limit
        for text in (pair.source, pair.target)
    )


def _say_what_is_cut(full: int, limit: int) -> None:
    if full:
        _log.info(
            "%s pairs have %s tokens or more (training.max_tokens) and are cut there",
            f"{full:,}",
            limit,
        )


def encode_texts(
    examples: Sequence[LabelledText], labels: Sequence[str], tokenizer: Tokenizer
) -> EncodedTexts:
    """Token ids and class indices. A text of no tokens is read as one unknown token."""
    index = {label: i for i, label in enumerate(labels)}
    return EncodedTexts(
        token_rows((example.text for example in examples), tokenizer),
        np.array([index[example.label] for example in examples], dtype=np.int64),
    )


def token_rows(texts: Iterable[str], tokenizer: Tokenizer) -> list[np.ndarray]:
    """Token ids (int32). A text of no tokens is read as one unknown token."""
    return [
        np.array(tokenizer.encode(text) or [tokenizer.unk_id], dtype=np.int32) for text in texts
    ]


def encode_pairs(
    pairs: Sequence[SentencePair], tokenizer: Tokenizer, max_tokens: int
) -> EncodedPairs:
    """Token ids of both sides, each ending with EOS; longer rows are cut at ``max_tokens``."""
    return EncodedPairs(
        [_row(pair.source, tokenizer, max_tokens) for pair in pairs],
        [_row(pair.target, tokenizer, max_tokens) for pair in pairs],
    )


def _row(text: str, tokenizer: Tokenizer, max_tokens: int) -> np.ndarray:
    ids = tokenizer.encode(text)
    if len(ids) > max_tokens:
        ids = [*ids[: max_tokens - 1], tokenizer.eos_id]
    return np.array(ids, dtype=np.int32)
