"""What the words of a text say of its label, by naive Bayes over a set of labelled texts.

This module knows nothing about datasets.
"""

import math
import re
from collections import Counter
from collections.abc import Sequence

from training.data.examples import LabelledText

_WORD = re.compile(r"[a-z']+")


class Evidence:
    """Counts of the texts of each label that have a word; a word counts once in a text."""

    def __init__(self, rows: Sequence[LabelledText]) -> None:
        self._counts: dict[str, Counter[str]] = {"negative": Counter(), "positive": Counter()}
        self._totals = Counter(row.label for row in rows)
        for row in rows:
            self._counts[row.label].update(_words(row.text))

    def of_word(self, word: str) -> float:
        """log P(word | positive) - log P(word | negative), add-one smoothing."""
        return self._log_share(word, "positive") - self._log_share(word, "negative")

    def of_text(self, text: str) -> float:
        """The sum of its words'; positive for a text that speaks well of something."""
        return sum(map(self.of_word, _words(text)))

    def strongest(self, text: str, texts: int) -> float:
        """That of the word that says most, in either direction, as a positive number.

        texts: that must have a word, in all, for it to be asked; rare ones say much by chance.
        """
        common = [word for word in _words(text) if self._texts_with(word) >= texts]
        return max((abs(self.of_word(word)) for word in common), default=0.0)

    def _texts_with(self, word: str) -> int:
        return sum(counts[word] for counts in self._counts.values())

    def _log_share(self, word: str, label: str) -> float:
        return math.log((self._counts[label][word] + 1) / (self._totals[label] + 2))


def _words(text: str) -> set[str]:
    return set(_WORD.findall(text.lower()))
