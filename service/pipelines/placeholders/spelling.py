"""What a mistyped word must be, and how a word is written that has lost its capitals. Pure.

A word that is not known is read as the known one that is a single slip away: a letter left out,
put in, changed, or exchanged with its neighbour (Damerau 1964, "A technique for computer detection
and correction of spelling errors"), of several the most frequent. What may be right stays: a short
word, one that differs by an inflection, a name, and a word with a capital whose place says that it
may be a name, unless the known word is a common one.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache

from service.pipelines.placeholders.known_words import KnownWords

_LETTERS = re.compile(r"[^\W\d_]+")
_SHORTEST, _LONGEST = 3, 30  # letters of a word that is looked at
# Times that training has read what a word is taken for, at least: the fewer letters, the more other
# words are a slip away, and what has a capital may be a name.
_LEAST = {3: 200, 4: 20}
_LEAST_OF_LONGER = 5
_LEAST_WITH_CAPITAL = {3: 200, 4: 200}
_LEAST_OF_LONGER_WITH_CAPITAL = 20
_RARE_LETTER = 20  # words that a letter is in at least, to be one that people mean
_INFLECTIONS = frozenset("demnrst")  # with which words of German and English end, or do not
_DIGRAPHS = (("ae", "ä"), ("oe", "ö"), ("ue", "ü"))  # of keyboards without umlauts
_ANY_LETTER = 0.1  # how likely one wrong letter of all is, beside a slip that knows no other
_KEPT_IN_MIND = 20_000  # words


def forms_content(forms: Mapping[str, int]) -> str:
    """A file of forms and how often each was read, one a line."""
    return "".join(f"{form}\t{forms[form]}\n" for form in sorted(forms))


def forms_in(content: str) -> dict[str, int]:
    """The forms of such a file. Raises ValueError for another."""
    lines = [line.split("\t") for line in content.splitlines()]
    return {form: int(count) for form, count in lines}


class Spelling:
    """The words that a translator was trained on, as they are mostly written. Thread-safe."""

    def __init__(self, forms: Mapping[str, int], known: KnownWords) -> None:
        """forms: words as they are mostly written, and how often each was read, names too.

        known: the words that are not to be corrected, without names.
        """
        self._known = known
        self._forms = {form.casefold(): form for form in forms}
        self._counts = {
            folded: forms[form] for folded, form in self._forms.items() if folded in known
        }
        letters = Counter(letter for word in self._counts for letter in set(word))
        self._letters = [letter for letter, words in letters.items() if words >= _RARE_LETTER]
        self._of_folded = lru_cache(_KEPT_IN_MIND)(self._best)

    def correction(self, word: str, begins: bool) -> str | None:
        """What a word is to be read as; None where it stays.

        begins: whether it begins the sentence, so that its capital says nothing.
        """
        if not (_SHORTEST <= len(word) <= _LONGEST and _LETTERS.fullmatch(word)):
            return None
        if not word[1:].islower():
            return None
        folded = word.casefold()
        if folded in self._forms or folded in self._known:
            return None
        best = self._of_folded(folded)
        if best is None:
            return None
        form, count = self._forms[best], self._counts[best]
        if not word[0].isupper():
            return form if count >= _LEAST.get(len(word), _LEAST_OF_LONGER) else None
        if count < _LEAST_WITH_CAPITAL.get(len(word), _LEAST_OF_LONGER_WITH_CAPITAL):
            return None
        return form[:1].upper() + form[1:] if begins or form[0].isupper() else None

    def cased(self, word: str) -> str:
        """A word whose own case says nothing as it is mostly written, each part of it."""
        return _LETTERS.sub(self._form, word.lower())

    def _form(self, match: re.Match[str]) -> str:
        return self._forms.get(match.group().casefold(), match.group())

    def _best(self, word: str) -> str | None:
        """The known word that a folded one was most likely meant as (a noisy channel)."""
        found: dict[str, float] = {}
        for other, likely in _slips(word, self._letters):
            if other in self._counts and not _inflected(word, other):
                found[other] = max(found.get(other, 0.0), likely * self._counts[other])
        return max(found, key=lambda other: (found[other], other), default=None)


def _slips(word: str, letters: Sequence[str]) -> Iterator[tuple[str, float]]:
    """What is one slip away from a word, its first letter untouched, and how likely that slip is.

    Of what was meant. Some come more than once.
    """
    for there, meant in _DIGRAPHS:
        if there in word:
            yield word.replace(there, meant), 1.0
    for i in range(1, len(word) + 1):
        before, letter, after = word[:i], word[i : i + 1], word[i + 1 :]
        for other in letters:
            yield before + other + letter + after, 1.0  # was left out
            if letter:
                yield before + other + after, _ANY_LETTER
        if letter:
            yield before + after, 1.0 if letter in (before[-1], after[:1]) else _ANY_LETTER
        if after:
            yield before + after[0] + letter + after[1:], 1.0


def _inflected(word: str, other: str) -> bool:
    """Whether one may be a form of the other: their last letters differ, and words end so."""
    shorter, longer = sorted((word, other), key=len)
    if len(shorter) == len(longer):
        return word[:-1] == other[:-1] and word[-1] in _INFLECTIONS and other[-1] in _INFLECTIONS
    doubled = longer[-1] == longer[-2]
    return longer[:-1] == shorter and longer[-1] in _INFLECTIONS and not doubled
