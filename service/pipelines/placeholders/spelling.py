"""What a mistyped word must be, and how a word is written that has lost its capitals. Pure.

A word that is not known is read as the known one that is a single slip away: a letter left out,
put in, changed, or exchanged with its neighbour (Damerau 1964, "A technique for computer detection
and correction of spelling errors"), or the accents that a keyboard lacks, of several the most
frequent. What may be right stays: a short word, one that differs by an inflection, a name, and a
word with a capital whose place says that it may be a name, unless the known word is a common one.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache

from service.pipelines.placeholders.accents import (
    has_umlauts,
    is_bare,
    is_spelt_out,
    respellings,
)
from service.pipelines.placeholders.known_words import KnownWords

_LETTERS = re.compile(r"[^\W\d_]+")
_SHORTEST, _LONGEST = 3, 30  # letters of a word that is looked at
# Times that training has read what a word is taken for, at least: the fewer letters, the more other
# words are a slip away, and what has a capital may be a name (there the times count by how likely
# the slip is).
_LEAST = {3: 200, 4: 20}
_LEAST_OF_LONGER = 5
_LEAST_WITH_CAPITAL = {3: 200, 4: 200}
_LEAST_OF_LONGER_WITH_CAPITAL = 20
_INFLECTIONS = frozenset("demnrst")  # with which words of German and English end, or do not
_CLITICS = ("n", "t"), ("", "ve"), ("", "re"), ("", "ll")  # behind what, where not behind anything
_ANY_LETTER = 0.1  # how likely one wrong letter of all is, beside a slip that knows no other
_SPELT_OUT = 100.0  # and "ae" for "ä": nothing else is written so, and who does it does it always
_RESPELT = 10.0  # and a letter without its accent, but a name may be written so
_SURELY = 3  # times that a word was read more often with its accents than without them
_FEWEST_CAPITALS = 0.01  # of the forms: fewer are strays in texts of lower case
_KEPT_IN_MIND = 20_000  # words


def forms_content(forms: Mapping[str, int]) -> str:
    """A file of forms and how often each was read, one a line."""
    return "".join(f"{form}\t{forms[form]}\n" for form in sorted(forms))


def forms_in(content: str) -> dict[str, int]:
    """The forms of such a file. Raises ValueError for another."""
    lines = [line.split("\t") for line in content.split("\n") if line]
    return {form: int(count) for form, count in lines}


class Spelling:
    """The words that a translator was trained on, as they are mostly written. Thread-safe.

    capitals: whether its texts had any. One that has read lower case alone must be given that.
    """

    def __init__(self, forms: Mapping[str, int], known: KnownWords) -> None:
        """forms: words as they are mostly written, and how often each was read, names too. What is
        right although it was never read counts 0.

        known: the words that are not to be corrected, without names.
        """
        self._known = known
        read = [form for form in forms if forms[form]]
        with_capital = sum(not form.islower() for form in read)
        self.capitals = with_capital > _FEWEST_CAPITALS * len(read)
        self._forms = {form.casefold(): form for form in forms}
        self._counts = {
            folded: forms[form]
            for folded, form in self._forms.items()
            if forms[form] >= _LEAST_OF_LONGER and known.lists(folded)
        }
        # Two words that are a slip apart are one with a letter less on either side or on both, so
        # that few have to be compared (Garbe 2012, "SymSpell").
        self._lacking = _index(self._counts, _lacking)
        self._respelt = _index(self._counts, respellings)
        self._times_right = {
            word: forms[self._forms[word]] for word in self._respelt if word in self._forms
        }
        self._of_folded = lru_cache(_KEPT_IN_MIND)(self._best)

    def correction(self, word: str, begins: bool, may_be_name: bool = False) -> str | None:
        """What a word is to be read as; None where it stays.

        begins: whether it begins the sentence, so that its capital says nothing. may_be_name:
        although it has none, because nothing in its sentence has.
        """
        if not (_SHORTEST <= len(word) <= _LONGEST and _LETTERS.fullmatch(word)):
            return None
        if not word[1:].islower():
            return None
        folded = word.casefold()
        if folded in self._forms or self._known.lists(folded):
            return None
        best = self._of_folded(folded)
        if best is None:
            return None
        form, count = self._forms[best], self._counts[best]
        raised = word[0].isupper()
        if not raised and not may_be_name:
            return form if count >= _LEAST.get(len(word), _LEAST_OF_LONGER) else None
        least = _LEAST_WITH_CAPITAL.get(len(word), _LEAST_OF_LONGER_WITH_CAPITAL)
        if slip_likelihood(folded, best) * count < least:
            return None
        if not raised:
            return form
        return _with_capital(form, begins)

    def accented(self, word: str, begins: bool) -> str | None:
        """What a word that was read is to be read as in a sentence that was written without
        accents; None where it stays: it was read nearly as often as the other, or both are names.

        begins: whether it begins the sentence.
        """
        folded = word.casefold()
        if folded not in self._times_right or not word[1:].islower():
            return None
        best = max(self._respelt[folded], key=lambda other: (self._counts[other], other))
        if is_spelt_out(folded, best) or self._counts[best] <= _SURELY * self._times_right[folded]:
            return None
        if word[0].islower():
            return self._forms[best]
        return _with_capital(self._forms[best], begins) if has_umlauts(best) else None

    def cased(self, word: str) -> str:
        """A word whose own case says nothing as it is mostly written, each part of it."""
        return _LETTERS.sub(self._form, word.lower())

    def _form(self, match: re.Match[str]) -> str:
        return self._forms.get(match.group().casefold(), match.group())

    def _contracted(self, word: str) -> bool:
        """Whether it lacks an apostrophe alone, as "wasnt" does, of whose two parts both are read
        apart where it stands."""
        return any(
            word.endswith(before + clitic)
            and self._known.lists(clitic)
            and self._known.lists(word.removesuffix(clitic))
            for before, clitic in _CLITICS
        )

    def _best(self, word: str) -> str | None:
        """The known word that a folded one was most likely meant as (a noisy channel).

        None where that is another form of it: "nich" is "nicht", which it may stand for as it is,
        and nothing that is less likely. A word that is made of known ones is right, unless letters
        are missing on its keyboard: "wahrend" is not made of "wahr" and "end".
        """
        made = word in self._known or self._contracted(word)
        respelt = self._respelt.get(word, ())
        near = respelt if made else self._near(word)
        weights = {other: slip_likelihood(word, other) for other in near}
        for other in respelt:
            weights[other] = max(weights[other], _RESPELT)
        found = {other: weight * self._counts[other] for other, weight in weights.items()}
        best = max(found, key=lambda other: (found[other], other), default=None)
        if best is None or not found[best] or _inflected(word, best):
            return None
        return best

    def _near(self, word: str) -> set[str]:
        """Known words, among them all that are a slip away."""
        near = {*self._lacking.get(word, ()), *self._respelt.get(word, ())}
        for lacking in _lacking(word):
            near.update(self._lacking.get(lacking, ()))
            if lacking in self._counts:
                near.add(lacking)
        near.discard(word)
        return near


def _with_capital(form: str, begins: bool) -> str | None:
    """What a word with a capital is read as; one that has none there is no such word."""
    return form[:1].upper() + form[1:] if begins or form[0].isupper() else None


def _index(
    words: Iterable[str], keys: Callable[[str], Iterable[str]]
) -> dict[str, tuple[str, ...]]:
    """The words that have each key."""
    found: dict[str, tuple[str, ...]] = {}
    for word in words:
        for key in keys(word):
            found[key] = (*found.get(key, ()), word)
    return found


def _lacking(word: str) -> set[str]:
    """The word without one of its letters, but not without its first."""
    return {word[:i] + word[i + 1 :] for i in range(1, len(word))}


def slip_likelihood(word: str, other: str) -> float:
    """How likely the slip is that makes a word of another one, beside one that leaves a letter out;
    0 where it takes more than one. Both case folded."""
    if is_spelt_out(word, other):
        return _SPELT_OUT
    if is_bare(word, other):
        return 1.0
    i = 0
    while i < min(len(word), len(other)) and word[i] == other[i]:
        i += 1
    if i == 0:
        return 0.0
    rest, meant = word[i:], other[i:]
    if rest == meant[1:]:
        return 1.0
    if rest[1:] == meant:
        # Doubled letters are typed more easily than strange ones.
        return 1.0 if rest[0] == word[i - 1] else _ANY_LETTER
    if rest[1:] == meant[1:]:
        return _ANY_LETTER
    exchanged = len(rest) > 1 and rest[1] + rest[0] + rest[2:] == meant
    return 1.0 if exchanged else 0.0


def _inflected(word: str, other: str) -> bool:
    """Whether one may be a form of the other: their last letters differ, and words end so."""
    shorter, longer = sorted((word, other), key=len)
    if len(shorter) == len(longer):
        return word[:-1] == other[:-1] and word[-1] in _INFLECTIONS and other[-1] in _INFLECTIONS
    doubled = longer[-1] == longer[-2]
    return longer[:-1] == shorter and longer[-1] in _INFLECTIONS and not doubled
