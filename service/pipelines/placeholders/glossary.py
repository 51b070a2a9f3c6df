"""A glossary: terms of the source language, and what each is to become. Pure.

A term is found where it stands as whole words. One in lower case is found in any case ("house" in
"House"); one with a capital only as it is written, because "Polish" is not "polish".

Glossaries can lie over each other, as a request's own does over that of its key, and none is made
anew for that.
"""

import copy
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from service.pipelines.placeholders.spans import Span, composed

_WORD = re.compile(r"\w+|[^\w\s]")

Entry = tuple[str, bool, str]  # a term, whether it is found in any case, and its translation


class Found(NamedTuple):
    """A term in a sentence."""

    span: Span
    translation: str


class Glossary:
    """Terms and their translations. Immutable; may be shared by threads."""

    def __init__(self, terms: Mapping[str, str]) -> None:
        """terms: neither they nor their translations are empty."""
        self._terms = tuple(sorted(terms.items()))
        # Answers are looked for by the glossary that they were found with, text by text.
        self._own_hash = self._hash = hash(self._terms)
        self._below: Glossary | None = None
        self._by_first: dict[str, list[Entry]] = {}
        for term, translation in terms.items():
            plain = " ".join(composed(term).split())
            any_case = plain == plain.lower()
            first = _WORD.match(plain)
            if first is None:
                continue  # white space alone
            entry = (plain, any_case, translation)
            self._by_first.setdefault(first.group().casefold(), []).append(entry)
        for entries in self._by_first.values():
            # Of "Polish" and "polish", the first where it stands so.
            entries.sort(key=lambda entry: (-len(entry[0]), entry[1]))

    def over(self, below: "Glossary") -> "Glossary":
        """The terms of both; where two equally long ones begin together, this one's counts."""
        both = copy.copy(self)
        both._below = below if self._below is None else self._below.over(below)
        both._hash = hash((self._own_hash, both._below._hash))
        return both

    def __len__(self) -> int:
        return len(self._terms) + (0 if self._below is None else len(self._below))

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        return (
            isinstance(other, Glossary)
            and self._hash == other._hash
            and self._terms == other._terms
            and self._below == other._below
        )

    def __hash__(self) -> int:
        return self._hash

    def find(self, sentence: str) -> list[Found]:
        """The terms in a sentence, in order; the longer of two that begin together, none within."""
        return list(self._find(sentence))

    def _find(self, sentence: str) -> Iterator[Found]:
        end = 0
        for word in _WORD.finditer(sentence):
            start = word.start()
            if start < end:
                continue
            for term, any_case, translation in self._entries(word.group().casefold()):
                stop = _stop(sentence, start, term, any_case)
                if stop is not None:
                    yield Found(Span(start, stop), translation)
                    end = stop
                    break

    def _entries(self, first: str) -> Sequence[Entry]:
        """The terms whose first word that is, case folded; the longest first."""
        own = self._by_first.get(first, ())
        if self._below is None:
            return own
        below = self._below._entries(first)
        if not own or not below:
            return own or below
        return sorted([*own, *below], key=lambda entry: -len(entry[0]))


def _stop(sentence: str, start: int, term: str, any_case: bool) -> int | None:
    """Where a term ends that begins at a place of the sentence; None where it does not.

    Any white space of the sentence fits a space of the term.
    """
    place = start
    for i, part in enumerate(term.split(" ")):
        if i:
            after = place
            while after < len(sentence) and sentence[after].isspace():
                after += 1
            if after == place:
                return None
            place = after
        stands = sentence[place : place + len(part)]
        if not (stands == part or (any_case and stands.lower() == part)):
            return None
        place += len(part)
    within = place < len(sentence) and _joins(sentence[place - 1], sentence[place])
    return None if within or (start and _joins(sentence[start - 1], sentence[start])) else place


def _joins(left: str, right: str) -> bool:
    """Whether two neighbouring characters are of one word."""
    return (left.isalnum() or left == "_") and (right.isalnum() or right == "_")
