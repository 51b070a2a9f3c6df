"""The words and characters that a tagger knows, and the vectors that some of them have.

Made of the training sentences and, where a recipe names some, of texts without tags: their words
come behind those that were trained on, with a vector and without an embedding of their own.
"""

import io
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from service.artifact.vocabulary import SPECIAL, Vocabulary, spelled, word_form
from service.artifact.word_splitting import split_words
from training.data.examples import TaggedSentence
from training.recipe import TaggingRecipe, VocabularySettings
from training.vectors import frequent_words, word_vectors


class WordVocabulary(NamedTuple):
    """A vocabulary, and how many of its words (padding and unknown included) are trained."""

    known: Vocabulary
    trained: int


def vocabulary_and_vectors(
    recipe: TaggingRecipe,
    sentences: Sequence[TaggedSentence],
    texts: Mapping[str, Sequence[str]],
) -> tuple[WordVocabulary, np.ndarray]:
    """The vocabulary of a recipe's data, and its vectors: words x features, float32.

    texts: those without tags, by their source. Without any there are no features.
    """
    trained = _counted(sentences, recipe.vocabulary)
    settings = recipe.vectors
    if settings is None or not texts:
        known = Vocabulary(trained, _characters(sentences, recipe.vocabulary))
        return WordVocabulary(known, known.word_count), np.zeros((known.word_count, 0), np.float32)
    rows = [list(map(word_form, sentence.tokens)) for sentence in sentences]
    rows += _words_of(texts)
    frequent = frequent_words(rows, settings.words, settings.minimum_count)
    own = set(trained)
    known = Vocabulary(
        [*trained, *(word for word in frequent if word not in own)],
        _characters(sentences, recipe.vocabulary),
    )
    vectors = np.zeros((known.word_count, settings.size), dtype=np.float32)
    index = {word: i for i, word in enumerate(known.words, SPECIAL)}
    vectors[[index[word] for word in frequent]] = word_vectors(rows, frequent, settings.size)
    return WordVocabulary(known, len(trained) + SPECIAL), vectors


def to_bytes(vectors: np.ndarray) -> bytes:
    """The bytes of an array's file."""
    file = io.BytesIO()
    np.save(file, vectors)
    return file.getvalue()


def _words_of(texts: Mapping[str, Sequence[str]]) -> Iterator[list[str]]:
    form = lru_cache(maxsize=1 << 18)(word_form)  # of a million words a few thousand are different
    for part in texts.values():
        for text in part:
            yield [form(word.text) for word in split_words(text)]


def _counted(sentences: Sequence[TaggedSentence], settings: VocabularySettings) -> list[str]:
    counts = Counter(word_form(token) for sentence in sentences for token in sentence.tokens)
    return _frequent(counts, settings.minimum_count)


def _characters(sentences: Sequence[TaggedSentence], settings: VocabularySettings) -> list[str]:
    counts = Counter(
        one for sentence in sentences for token in sentence.tokens for one in spelled(token)
    )
    return _frequent(counts, settings.minimum_character_count)


def _frequent(counts: Counter[str], minimum: int) -> list[str]:
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return [one for one, count in ranked if count >= minimum]
