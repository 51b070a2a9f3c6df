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
_PART = 2000  # sentences
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
    tables = _Tables(source, target)
    forward = _model_one(tables, tables.left, explained=0)  # t(target|source)
    backward = _model_one(tables, tables.right, explained=1)  # t(source|target)
    return [
        _agreeing(source.spans[i], target.spans[i], kinds, forward[kinds], backward[kinds])
        for i, kinds in enumerate(tables.kinds)
    ]


class _Tables:
    """Each sentence's words beside those of its translation.

    A kind is a word of one side beside a word of the other, wherever it occurs.
    """

    def __init__(self, source: _Side, target: _Side) -> None:
        codes = [
            f[:, None] * target.words + e[None, :]
            for f, e in zip(source.numbers, target.numbers, strict=True)
        ]
        # In parts, because all codes sorted at once are several times as large as the result.
        found = np.empty(0, dtype=np.int64)
        for start in range(0, len(codes), _PART):
            part = [code.ravel() for code in codes[start : start + _PART]]
            found = np.union1d(found, np.concatenate(part))
        # Of each sentence: source words x target words.
        self.kinds = [np.searchsorted(found, code).astype(np.int32) for code in codes]
        self.left, self.right = np.divmod(found, max(target.words, 1))  # the words of each kind


def _model_one(tables: _Tables, given: np.ndarray, explained: int) -> np.ndarray:
    """t of each kind.

    given: kinds, the word that explains; explained: the axis of a table along which the shares of
    a word that is explained add up to 1.
    """
    t = np.ones(len(given))
    for _ in range(ITERATIONS):
        count = np.zeros(len(given))
        for kinds in tables.kinds:
            if kinds.size:
                share = t[kinds]
                share /= share.sum(axis=explained, keepdims=True)
                # A sentence may have a kind more than once.
                np.add.at(count, kinds, share)
        t = count / np.bincount(given, count)[given]
    return t


def _agreeing(
    left: Sequence[tuple[int, int]],
    right: Sequence[tuple[int, int]],
    kinds: np.ndarray,
    there: np.ndarray,
    back: np.ndarray,
) -> list[Link]:
    """The links of a sentence; there, back: t in both directions, source words x target words."""
    links: list[Link] = []
    for row in range(len(left) if kinds.size else 0):
        column = int(back[row].argmax())
        if (
            int(there[:, column].argmax()) == row
            and min(there[row, column], back[row, column]) >= LEAST
            and (kinds[:, column] == kinds[row, column]).sum() == 1
            and (kinds[row] == kinds[row, column]).sum() == 1
        ):
            links.append(Link(left[row], right[column]))
    return links
