"""Sentences as people type them: in lower case, without an end, with a typing error.

A translator learns from them what it will be sent. Knows nothing about tokenizers.
"""

import re
import string
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from training.data.examples import SentencePair

_END = re.compile(r"\s*[.!?…]+$")
_WORD = re.compile(r"[^\W\d_]{4,}")


@dataclass(frozen=True)
class Noise:
    """How often, as shares of the sentences, a pair is changed; the changes are independent."""

    lower_case: float = 0.0  # the source
    no_end: float = 0.0  # both sides: a translation ends as its sentence does
    typing_error: float = 0.0  # one letter of the source
    capitals: float = 0.0  # one word of the source

    def changed(self, pair: SentencePair, random: Random) -> SentencePair:
        """The pair as it may have been typed. Placeholders stay."""
        source, target = pair
        if random.random() < self.no_end:
            source, target = _END.sub("", source) or source, _END.sub("", target) or target
        if random.random() < self.typing_error:
            source = mistyped(source, random)
        if random.random() < self.capitals:
            source = _in_one_word(source, random, str.upper)
        if random.random() < self.lower_case:
            source = source.lower()
        return SentencePair(source, target)


def mistyped(text: str, random: Random) -> str:
    """The text with one letter left out, doubled, changed or exchanged with the next one.

    In a word of at least four letters, and not the first of them; a text without one stays.
    """

    def change(word: str) -> str:
        place = random.randrange(1, len(word))
        kind = random.randrange(4)
        if kind == 0:
            return word[:place] + word[place + 1 :]
        if kind == 1:
            return word[:place] + word[place] + word[place:]
        if kind == 2 or place + 1 == len(word):
            return word[:place] + random.choice(string.ascii_lowercase) + word[place + 1 :]
        return word[:place] + word[place + 1] + word[place] + word[place + 2 :]

    return _in_one_word(text, random, change)


def _in_one_word(text: str, random: Random, change: Callable[[str], str]) -> str:
    words = list(_WORD.finditer(text))
    if not words:
        return text
    word = random.choice(words)
    return text[: word.start()] + change(word.group()) + text[word.end() :]
