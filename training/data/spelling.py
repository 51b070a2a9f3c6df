"""How the words of a language are written, for a translator that is to know a mistyped one."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping

from service.pipelines.placeholders import (
    Spelling,
    composed,
    is_respelt,
    respellings,
    slip_likelihood,
)

_LETTERS = re.compile(r"[^\W\d_]+")
# Of the times that people write a word, those that they mistype it as a certain other one, at most:
# what is written more often is a word of its own. Most short ones are ("thx"), few long ones
# ("suprise"). A slip that knows many other letters makes each as much rarer as it is less likely,
# but not one vowel for another, because that is how people misspell ("definately").
_MISTYPED = {3: 0.0002, 4: 0.003, 5: 0.01}
_MISTYPED_LONGER = 0.03
# And that they write it on a keyboard that lacks letters of it ("fuer"), at most.
_RESPELT = 0.01
_VOWELS = frozenset("aeiouäöü")


def written_forms(texts: Iterable[str]) -> dict[str, int]:
    """The words that texts hold, as they are mostly written, and how often.

    Those too that come once: what is written there is rare, but no mistake of who asks.
    What a text begins with counts only where the word never stands elsewhere, because its capital
    is the text's.
    """
    within: dict[str, Counter[str]] = {}
    beginning: dict[str, Counter[str]] = {}
    for text in texts:
        for i, match in enumerate(_LETTERS.finditer(composed(text))):
            word = match.group()
            forms = beginning if i == 0 else within
            forms.setdefault(word.casefold(), Counter())[word] += 1
    found: dict[str, int] = {}
    for folded in sorted(within.keys() | beginning.keys()):
        inner, first = within.get(folded, Counter()), beginning.get(folded, Counter())
        found[(inner or first).most_common(1)[0][0]] = inner.total() + first.total()
    return found


def merged_forms(one: Mapping[str, int], other: Mapping[str, int]) -> dict[str, int]:
    """The forms of both; of a word that both know, those of where it was read more often.

    Not their sums, because a run goes on with the texts of the one that it began with.
    """
    by_word: dict[str, tuple[int, str]] = {}
    for form, count in [*one.items(), *other.items()]:
        folded = form.casefold()
        by_word[folded] = max(by_word.get(folded, (0, "")), (count, form))
    return {form: count for count, form in by_word.values()}


def respelt(forms: Mapping[str, int], frequencies: Mapping[str, float]) -> set[str]:
    """Of the forms that were read, those that are only others from a keyboard that lacks letters,
    by how rarely they were read beside those and by how rarely people write them."""
    by_word = {form.casefold(): form for form in forms}
    return {
        other
        for form, count in forms.items()
        for word in respellings(form.casefold())
        if (other := by_word.get(word)) is not None
        and forms[other] <= _RESPELT * count
        and _is_only_respelt(other, form, frequencies)
    }


def mistakable(
    words: Iterable[str], spelling: Spelling, frequencies: Mapping[str, float]
) -> set[str]:
    """The words that would be taken for mistyped others; of several forms the small one.

    frequencies: of words in lower case. A word that people seldom write, but for another one on a
    keyboard that lacks letters, is not among them: lists of words hold such ones too.
    """
    found: dict[str, str] = {}
    for word in words:
        folded = word.casefold()
        meant = spelling.correction(folded, begins=False)
        if meant is None or (
            is_respelt(folded, meant.casefold()) and _is_only_respelt(word, meant, frequencies)
        ):
            continue
        found[folded] = max(found.get(folded, word), word)  # capitals sort first
    return set(found.values())


def in_use(frequencies: Mapping[str, float], spelling: Spelling) -> set[str]:
    """The words that would be taken for mistyped others, and are written too often to be that:
    abbreviations, names in lower case, words of chats, of other languages.

    frequencies: of words in lower case. What is spelt for a keyboard that lacks letters is not
    among them, however often it is.
    """
    found = set()
    for word, frequency in frequencies.items():
        correction = spelling.correction(word, begins=False)
        if correction is None:
            continue
        meant = correction.casefold()
        share = _MISTYPED.get(len(word), _MISTYPED_LONGER)
        if not _other_vowel(word, meant):
            share *= slip_likelihood(word, meant)
        if frequency > share * frequencies.get(meant, 0.0) and not is_respelt(word, meant):
            found.add(word)
    return found


def _other_vowel(word: str, meant: str) -> bool:
    """Whether two words that are a slip apart differ in a vowel alone."""
    return len(word) == len(meant) and all(
        one == other or {one, other} <= _VOWELS for one, other in zip(word, meant, strict=True)
    )


def _is_only_respelt(word: str, other: str, frequencies: Mapping[str, float]) -> bool:
    """Of a word that another is on a keyboard that lacks letters: that it is nothing else."""
    share = _RESPELT * frequencies.get(other.lower(), 0.0)
    return share > 0 and frequencies.get(word.lower(), 0.0) <= share
