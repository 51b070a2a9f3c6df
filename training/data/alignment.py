"""Which words of sentence pairs stand for each other: IBM Model 1, in both directions.

Brown et al. 1993, "The Mathematics of Statistical Machine Translation", section 4.1: t(e|f), the
probability that word f becomes e, by expectation maximisation over all pairs; then Och and Ney
2003: the links on which both directions agree. Knows nothing about tokenizers or networks.
"""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from training.data.examples import SentencePair

ITERATIONS = 4
_SENTENCES = 2000  # whose tables are looked at together
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
    forward = _model_one(tables, tables.left, explained="columns")  # t(target|source)
    backward = _model_one(tables, tables.right, explained="rows")  # t(source|target)
    return [
        _agreeing(left, right, kinds.reshape(len(left), len(right)), forward, backward)
        for left, right, kinds in zip(source.spans, target.spans, tables.sentences(), strict=True)
    ]


class _Part(NamedTuple):
    """The tables of some sentences, one behind the other: source words x target words each.

    rows, columns: the word of the source and of the target that a place belongs to, counted
    through all of these sentences. ends: of each table.
    """

    kinds: np.ndarray  # int32
    rows: np.ndarray  # int32
    columns: np.ndarray  # int32
    ends: np.ndarray


class _Tables:
    """Each sentence's words beside those of its translation.

    A kind is a word of one side beside a word of the other, wherever it occurs.
    """

    def __init__(self, source: _Side, target: _Side) -> None:
        starts = range(0, len(source.numbers), _SENTENCES)
        parts = [
            (source.numbers[start : start + _SENTENCES], target.numbers[start : start + _SENTENCES])
            for start in starts
        ]
        # Each part's first, because all codes sorted at once are several times as large.
        kinds = [np.unique(_codes(left, right, target.words)) for left, right in parts]
        found = np.unique(np.concatenate(kinds))
        self.parts = [_part(left, right, target.words, found) for left, right in parts]
        self.left, self.right = np.divmod(found, max(target.words, 1))  # the words of each kind

    def sentences(self) -> Iterator[np.ndarray]:
        """The kinds of each sentence, all its source words beside all its target words."""
        for part in self.parts:
            yield from np.split(part.kinds, part.ends[:-1])


def _codes(left: Sequence[np.ndarray], right: Sequence[np.ndarray], words: int) -> np.ndarray:
    """A number for each pair of words in some sentences' tables. words: how many the right has."""
    return np.concatenate(
        [(f[:, None] * words + e[None, :]).ravel() for f, e in zip(left, right, strict=True)]
    )


def _part(
    left: Sequence[np.ndarray], right: Sequence[np.ndarray], words: int, found: np.ndarray
) -> _Part:
    rows = np.array([len(f) for f in left])
    columns = np.array([len(e) for e in right])
    sizes = rows * columns
    ends = np.cumsum(sizes)
    places = np.arange(sizes.sum()) - np.repeat(ends - sizes, sizes)  # inside a table
    width = np.repeat(columns, sizes)
    row = np.repeat(np.cumsum(rows) - rows, sizes) + places // width
    column = np.repeat(np.cumsum(columns) - columns, sizes) + places % width
    kinds = np.searchsorted(found, _codes(left, right, words))
    return _Part(kinds.astype(np.int32), row.astype(np.int32), column.astype(np.int32), ends)


def _model_one(tables: _Tables, given: np.ndarray, explained: str) -> np.ndarray:
    """t of each kind.

    given: kinds, the word that explains; explained: "columns" or "rows", of which each has shares
    that add up to 1.
    """
    t = np.ones(len(given))
    for _ in range(ITERATIONS):
        count = np.zeros(len(given))
        for part in tables.parts:
            words: np.ndarray = getattr(part, explained)
            share = t[part.kinds]
            # A sentence may have a kind more than once.
            np.add.at(count, part.kinds, share / np.bincount(words, share)[words])
        t = count / np.bincount(given, count)[given]
    return t


def _agreeing(
    left: Sequence[tuple[int, int]],
    right: Sequence[tuple[int, int]],
    kinds: np.ndarray,
    forward: np.ndarray,
    backward: np.ndarray,
) -> list[Link]:
    """The links of a sentence. kinds: source words x target words; forward, backward: t of each."""
    links: list[Link] = []
    if not kinds.size:
        return links
    there, back = forward[kinds], backward[kinds]
    for row in range(len(left)):
        column = int(back[row].argmax())
        if (
            int(there[:, column].argmax()) == row
            and min(there[row, column], back[row, column]) >= LEAST
            and (kinds[:, column] == kinds[row, column]).sum() == 1
            and (kinds[row] == kinds[row, column]).sum() == 1
        ):
            links.append(Link(left[row], right[column]))
    return links
