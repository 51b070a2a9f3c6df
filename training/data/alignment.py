"""Which words of sentence pairs stand for each other: IBM Model 1, in both directions.

Brown et al. 1993, "The Mathematics of Statistical Machine Translation", section 4.1: t(e|f), the
probability that word f becomes e, by expectation maximisation over all pairs; then Och and Ney
2003: the links on which both directions agree. Knows nothing about tokenizers or networks.
"""

import re
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from training.data.examples import SentencePair

ITERATIONS = 4
LEAST = 0.3  # probability, in both directions, of a link that is kept
_WORD = re.compile(r"[^\W\d_]{3,}(?:-[^\W\d_]+)*")


class Link(NamedTuple):
    """A word of the source and the word of the target that it became: characters, end excluded."""

    source: tuple[int, int]
    target: tuple[int, int]


class _Side:
    """The words of one side: numbers (words), and where each sentence's begin."""

    def __init__(self, sentences: Sequence[str]) -> None:
        self.spans = [[match.span() for match in _WORD.finditer(text)] for text in sentences]
        index: dict[str, int] = {}
        self.numbers = [
            np.array(
                [index.setdefault(text[a:b].casefold(), len(index)) for a, b in spans],
                dtype=np.int64,
            )
            for text, spans in zip(sentences, self.spans, strict=True)
        ]
        self.words = len(index)


def word_links(pairs: Sequence[SentencePair]) -> list[list[Link]]:
    """The links of each pair, between words of three letters or more that stand there once."""
    source = _Side([pair.source for pair in pairs])
    target = _Side([pair.target for pair in pairs])
    if not any(len(f) * len(e) for f, e in zip(source.numbers, target.numbers, strict=True)):
        return [[] for _ in pairs]
    # Every word of one side beside every word of the other, sentence after sentence.
    both = list(zip(source.numbers, target.numbers, strict=True))
    left = np.concatenate([np.repeat(f, len(e)) for f, e in both])
    right = np.concatenate([np.tile(e, len(f)) for f, e in both])
    # The kinds of such neighbours, and which of them each one is.
    kinds, place = np.unique(left * target.words + right, return_inverse=True)
    kind_left, kind_right = np.divmod(kinds, target.words)
    rows = np.repeat(np.arange(len(both)), [len(f) * len(e) for f, e in both])
    offsets = np.concatenate([[0], np.cumsum([len(e) for _, e in both])])
    column = offsets[rows] + _within([(len(f), len(e)) for f, e in both], across=True)
    offsets = np.concatenate([[0], np.cumsum([len(f) for f, _ in both])])
    row = offsets[rows] + _within([(len(f), len(e)) for f, e in both], across=False)
    forward = _model_one(place, column, kind_left, len(kinds))[place]  # t(target|source)
    backward = _model_one(place, row, kind_right, len(kinds))[place]  # t(source|target)
    return _agreeing(source, target, forward, backward)


def _within(sizes: Sequence[tuple[int, int]], across: bool) -> np.ndarray:
    """For each cell of each sentence's table, its column (across) or its row."""
    parts = [np.tile(np.arange(e), f) if across else np.repeat(np.arange(f), e) for f, e in sizes]
    return np.concatenate(parts)


def _model_one(
    place: np.ndarray, explained: np.ndarray, given: np.ndarray, kinds: int
) -> np.ndarray:
    """t of each kind of neighbours.

    place: cells, their kind; explained: cells, the occurrence of the word that is explained;
    given: kinds, the word that explains it.
    """
    t = np.ones(kinds)
    for _ in range(ITERATIONS):
        share = t[place]
        share /= np.bincount(explained, share)[explained]
        count = np.bincount(place, share, minlength=kinds)
        t = count / np.bincount(given, count)[given]
    return t


def _agreeing(
    source: _Side, target: _Side, forward: np.ndarray, backward: np.ndarray
) -> list[list[Link]]:
    links: list[list[Link]] = []
    start = 0
    for i, (f, e) in enumerate(zip(source.numbers, target.numbers, strict=True)):
        size = len(f) * len(e)
        own: list[Link] = []
        if size:
            there = forward[start : start + size].reshape(len(f), len(e))
            back = backward[start : start + size].reshape(len(f), len(e))
            for row in range(len(f)):
                column = int(back[row].argmax())
                if (
                    int(there[:, column].argmax()) == row
                    and min(there[row, column], back[row, column]) >= LEAST
                    and (f == f[row]).sum() == 1
                    and (e == e[column]).sum() == 1
                ):
                    own.append(Link(source.spans[i][row], target.spans[i][column]))
        start += size
        links.append(own)
    return links
