"""What a translator does with odd texts: it answers, with something, and comes to an end."""

import logging
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from training.probes.translation import OddText
from training.robustness.served import Served

MOST_WORDS = (3, 10)  # a factor of the source's and what is added; more is endless
MOST_CHARACTERS = (3, 100)  # likewise, because a loop can write one long word
GRAM = 4  # words that follow one another
MOST_GRAMS = 3  # times that the same ones may stand in a translation

# A character of a script that is written without spaces is a word.
_WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]|[^\s\u3040-\u30ff\u3400-\u9fff]+")


@dataclass(frozen=True)
class OddAnswer:
    """A text and what became of it; ``error`` where there is no translation."""

    kind: str
    text: str
    translation: str
    error: str | None
    empty: bool
    invented: bool  # words for a text that has none
    endless: bool

    @property
    def bad(self) -> bool:
        """Whether there is something amiss."""
        return self.error is not None or self.empty or self.invented or self.endless


@dataclass(frozen=True)
class Odd:
    """Shares of the texts in percent, and all answers."""

    failed: float
    empty: float
    invented: float
    endless: float
    answers: list[OddAnswer]


def measure_odd(served: Served, texts: Sequence[OddText]) -> Odd:
    """The answers to all of them; each is sent by itself where one fails, so that it is known."""
    try:
        served.translate([one.text for one in texts], "odd")
    except Exception:
        logging.getLogger(__name__).info("an odd text failed; each is sent by itself")
    answers = [_answer(served, one) for one in texts]

    def share(count: int) -> float:
        return round(100 * count / len(answers), 1)

    return Odd(
        share(sum(one.error is not None for one in answers)),
        share(sum(one.empty for one in answers)),
        share(sum(one.invented for one in answers)),
        share(sum(one.endless for one in answers)),
        answers,
    )


def _answer(served: Served, odd: OddText) -> OddAnswer:
    try:
        (translation,) = served.translate([odd.text], odd.kind)
    except Exception as error:  # whatever it is, it is what is looked for
        said = f"{type(error).__name__}: {error}"
        return OddAnswer(odd.kind, odd.text, "", said, False, False, False)
    return OddAnswer(
        odd.kind,
        odd.text,
        translation,
        None,
        empty=not translation.strip(),
        invented=_has_letters(translation) and not _has_letters(odd.text),
        endless=is_endless(odd.text, translation),
    )


def is_endless(source: str, translation: str) -> bool:
    """Whether a translation is far longer than its source, or repeats itself where that does not.

    Repeats: the same four words more than three times, and more often than any stand in the source.
    """
    there, here = _WORD.findall(source), _WORD.findall(translation)
    return (
        len(here) > MOST_WORDS[0] * len(there) + MOST_WORDS[1]
        or len(translation) > MOST_CHARACTERS[0] * len(source) + MOST_CHARACTERS[1]
        or _repeats(here) > max(MOST_GRAMS, _repeats(there))
    )


def _has_letters(text: str) -> bool:
    return any(character.isalpha() for character in text)


def _repeats(words: Sequence[str]) -> int:
    """How often the same four words stand one after the other, at most."""
    grams = Counter(tuple(words[i : i + GRAM]) for i in range(len(words) - GRAM + 1))
    return max(grams.values(), default=0)
