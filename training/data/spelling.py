"""How the words of a language are written, for a translator that is to know a mistyped one."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping

from service.pipelines.placeholders import Spelling, composed

_LETTERS = re.compile(r"[^\W\d_]+")


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


def mistakable(words: Iterable[str], spelling: Spelling) -> set[str]:
    """The words that would be taken for mistyped others; of several forms the small one."""
    found: dict[str, str] = {}
    for word in words:
        folded = word.casefold()
        if spelling.correction(folded, begins=False) is not None:
            found[folded] = max(found.get(folded, word), word)  # capitals sort first
    return set(found.values())
