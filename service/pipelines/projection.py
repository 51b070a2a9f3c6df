"""Puts the inline tags of a text into its translation: each once, and nested as they were.

Pure: offsets and weights in, text out. A tag's element gets the stretch of words that gains most
where every word counts for the share of its attention that lies on the element's own words, less a
half: the maximum subarray (Bentley 1984, "Algorithm design techniques"). So one stray word neither
joins nor tears it.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Span = tuple[int, int]  # characters, the end excluded

_UNIT = re.compile(r"\w+|[^\w\s]")  # a word, a part of one with a hyphen, a punctuation mark
_HALF = 0.5
_NEVER = -1e6  # of a word that another element has
_LEAST = 0.1  # share of attention with which an element gets one word rather than none
_TINY = 1e-9


class Alignment(NamedTuple):
    """How much each token of a translation has to do with each token of its sentence."""

    source: Sequence[Span]  # of each token in the sentence
    target: Sequence[Span]  # of each token in the translation
    weights: Floats  # target tokens x source tokens, not negative


@dataclass(frozen=True, slots=True)
class Sentence:
    """Where a sentence stands in the text, and its translation in the translated text."""

    source: Span
    target: Span
    alignment: Alignment | None  # None: words are taken to keep their order


@dataclass(slots=True)
class Inline:
    """An element inside a text; one without text, such as an image, ends where it starts.

    closing: None where all of it stands in `opening`, which takes the place of its words.
    """

    opening: str
    closing: str | None
    start: int
    end: int
    parent: int  # its number in the list, smaller than this one's; -1 for none
    free: bool = False  # without text, and between two spaces

    def crosses(self, start: int, end: int) -> bool:
        """Whether a tag of it stands within a stretch of the text, and not at an edge."""
        return start < self.start < end or start < self.end < end


def project(
    inlines: Sequence[Inline],
    source: str,
    target: str,
    sentences: Sequence[Sentence],
    escape: Callable[[str], str],
) -> str:
    """The translated text, escaped, with every inline element in it.

    inlines: a parent before its children, siblings in order.
    """
    if not inlines:
        return escape(target)
    return _written(inlines, _Projection(source, target, sentences).places(inlines), target, escape)


class _Projection:
    """The words of a translated text, and which element has them."""

    def __init__(self, source: str, target: str, sentences: Sequence[Sentence]) -> None:
        self._source = source
        self._target = target
        self._sentences = sentences
        self._units: list[Span] = []
        self._first: list[int] = []  # the number of each sentence's first unit, and of the end
        for sentence in sentences:
            self._first.append(len(self._units))
            start, end = sentence.target
            self._units += [match.span() for match in _UNIT.finditer(target, start, end)]
        self._first.append(len(self._units))
        self._shares = [
            _Shares(source, sentence, self._units[self._first[i] : self._first[i + 1]])
            for i, sentence in enumerate(sentences)
        ]

    def places(self, inlines: Sequence[Inline]) -> list[Span]:
        """Where each element stands in the translated text."""
        # units: the innermost element that has it
        owner = np.full(len(self._units), -1, dtype=np.intp)
        places: list[Span] = []
        for number, inline in enumerate(inlines):
            taken = self._words(inline, owner)
            inside = None if taken is None else self._inside(inline, taken)
            if taken is None:
                place = (self._position(inline.start),) * 2
            elif inside is not None:
                place = inside
            else:
                owner[taken[0] : taken[1]] = number
                place = (self._units[taken[0]][0], self._units[taken[1] - 1][1])
            if inline.parent >= 0:
                low, high = places[inline.parent]
                place = (min(max(place[0], low), high), min(max(place[1], low), high))
            places.append(place)
        return places

    def _words(self, inline: Inline, owner: npt.NDArray[np.intp]) -> Span | None:
        """The units, first and end, that an element gets; None where it gets none."""
        start, end = _stripped(self._source, inline.start, inline.end)
        if start == end or not self._units:
            return None
        # Outside the sentences that it reaches into, an element gets nothing.
        reached = [
            i
            for i, sentence in enumerate(self._sentences)
            if start < sentence.source[1] and sentence.source[0] < end
        ]
        if not reached:
            return None
        low, high = self._first[reached[0]], self._first[reached[-1] + 1]
        shares = np.concatenate([self._shares[i].of(start, end) for i in reached])
        gains = np.where(owner[low:high] == inline.parent, shares - _HALF, _NEVER)
        if not len(gains):
            return None
        best = _maximum_subarray(gains.tolist())
        if best is not None:
            return low + best[0], low + best[1]
        likeliest = int(gains.argmax())
        if gains[likeliest] < _LEAST - _HALF:
            return None
        return low + likeliest, low + likeliest + 1

    def _inside(self, inline: Inline, taken: Span) -> Span | None:
        """The place of an element that is a part of a word, such as the 2 of H2O.

        None where it is not. In a word that is not the same in both, what is to stay as it is
        follows it, so that none of it is lost.
        """
        own = start, end = _stripped(self._source, inline.start, inline.end)
        while start and _is_inner(self._source, start):
            start -= 1
        while end < len(self._source) and _is_inner(self._source, end):
            end += 1
        if (start, end) == own or not self._source[start:end].isalnum():
            return None
        first, last = self._units[taken[0]][0], self._units[taken[1] - 1][1]
        if self._target[first:last] == self._source[start:end]:
            return first + own[0] - start, first + own[1] - start
        return (last, last) if inline.closing is None else None

    def _position(self, position: int) -> int:
        """Where something without text belongs."""
        before = 0  # the end of what stands before it in the translation
        for i, sentence in enumerate(self._sentences):
            start, end = sentence.source
            if position <= start:
                return sentence.target[0] - (start - position)  # the gaps are the same in both
            if position < end:
                unit = self._shares[i].first_after(position)
                if unit is None:
                    return sentence.target[1]
                return self._units[self._first[i] + unit][0]
            before = sentence.target[1] + position - end
        return min(before, len(self._target))


class _Shares:
    """What the units of one sentence's translation have to do with stretches of the sentence.

    Without an alignment, words are taken to keep their order. A sentence that has none may be as
    long as a text, so that nothing here is of the size of its words times those of its translation.
    """

    def __init__(self, source: str, sentence: Sentence, units: Sequence[Span]) -> None:
        self._sentence = sentence
        self._count = len(units)
        low, high = sentence.source
        alignment = sentence.alignment
        self._weights: Floats | None = None  # units x source tokens
        if alignment is None:
            spans = [match.span() for match in _UNIT.finditer(source, low, high)] or [(low, high)]
            # units: the nearest word by place
            self._nearest = np.arange(self._count) * len(spans) // max(1, self._count)
        else:
            spans = [(low + start, low + end) for start, end in alignment.source]
        # The space before a word belongs to its token, and to no element.
        tokens = [_stripped(source, start, end) for start, end in spans]
        self._starts, self._ends = np.array(tokens, dtype=np.intp).reshape(len(tokens), 2).T
        if alignment is not None:
            self._weights = self._of_units(alignment, units)
            self._nearest = (
                self._weights.argmax(axis=1) if tokens else np.zeros(self._count, dtype=np.intp)
            )

    def of(self, start: int, end: int) -> Floats:
        """The share of each unit's attention that lies on a stretch of the text."""
        low, high = self._sentence.source
        if start <= low and high <= end:
            return np.ones(self._count, dtype=np.float32)
        common = np.minimum(self._ends, end) - np.maximum(self._starts, start)
        covered = common.clip(min=0) / np.maximum(self._ends - self._starts, 1)
        share: Floats = (
            covered[self._nearest] if self._weights is None else self._weights @ covered
        ).astype(np.float32)
        return share

    def first_after(self, position: int) -> int | None:
        """The first unit that translates something behind a position of the text."""
        if not len(self._starts):
            return None
        behind = np.flatnonzero(self._starts[self._nearest] >= position)
        return int(behind[0]) if len(behind) else None

    def _of_units(self, alignment: Alignment, units: Sequence[Span]) -> Floats:
        """What each unit attends to: the mean of the target tokens that make it up."""
        words = (self._starts < self._ends).astype(np.float32)
        weights = alignment.weights * words  # target tokens x source tokens
        weights = weights / (weights.sum(axis=1, keepdims=True) + _TINY)
        offset = self._sentence.target[0]
        starts = np.array([offset + start for start, _ in alignment.target], dtype=np.intp)
        ends = np.array([offset + end for _, end in alignment.target], dtype=np.intp)
        members = np.array(
            [(starts < end) & (start < ends) for start, end in units], dtype=np.float32
        ).reshape(len(units), len(starts))  # units x target tokens
        members /= members.sum(axis=1, keepdims=True) + _TINY
        means: Floats = members @ weights
        return means


def _maximum_subarray(gains: Sequence[float]) -> Span | None:
    """First and end of the contiguous stretch of the largest sum; None where no sum is above 0."""
    best, total, begin = 0.0, 0.0, 0
    found: Span | None = None
    for i, gain in enumerate(gains):
        if total <= 0:
            total, begin = 0.0, i
        total += gain
        if total > best:
            best, found = total, (begin, i + 1)
    return found


def _is_inner(text: str, position: int) -> bool:
    """Whether a word goes on from the character before to this one."""
    return text[position - 1].isalnum() and text[position].isalnum()


def _stripped(text: str, start: int, end: int) -> Span:
    """A stretch of a text without white space at its edges."""
    while start < end and text[start].isspace():
        start += 1
    while start < end and text[end - 1].isspace():
        end -= 1
    return start, end


def _written(
    inlines: Sequence[Inline], places: Sequence[Span], target: str, escape: Callable[[str], str]
) -> str:
    children: dict[int, list[int]] = {}
    for number, inline in enumerate(inlines):
        children.setdefault(inline.parent, []).append(number)
    for siblings in children.values():
        siblings.sort(key=lambda number: (places[number][0], number), reverse=True)
    written: list[str] = []
    position = 0
    # Without recursion, because tags may be nested a thousand deep: ~n is the end of element n.
    todo = list(children.get(-1, ()))
    while todo:
        number = todo.pop()
        ends = number < 0
        inline, place = inlines[~number if ends else number], places[~number if ends else number]
        until = max(position, place[1] if ends else place[0])
        written.append(escape(target[position:until]))
        position = until
        if ends:
            written.append(inline.closing or "")
            continue
        written.append(inline.opening)
        if inline.closing is None:
            position = max(position, place[1])
        if inline.free and position < len(target) and not target[position].isspace():
            written.append(" ")
        todo.append(~number)
        todo += children.get(number, ())
    written.append(escape(target[position:]))
    return "".join(written)
