"""The words that a translator was trained on."""

import re
from collections.abc import Collection
from typing import Self


class KnownWords:
    """The words that a translator was trained on, in one case."""

    @classmethod
    def of(cls, words: Collection[str], language: str) -> Self:
        """Those of a language, by its code."""
        return cls(words, compounds=language.split("-")[0] == "de")

    def __init__(self, words: Collection[str], compounds: bool) -> None:
        """words: case folded. compounds: whether words are made of others without a space."""
        self._words = frozenset(words)
        self._compounds = compounds

    def lists(self, folded: str) -> bool:
        """Whether a word, case folded, is one of them as it stands."""
        return folded in self._words

    def __contains__(self, word: str) -> bool:
        """Whether it, each of its parts between hyphens, or what it is made of is known."""
        folded = word.casefold()
        return all(self._knows(part) for part in re.split("[-'’]", folded) if part)

    def _knows(self, word: str) -> bool:
        return word in self._words or (self._compounds and self._made_of_known(word))

    def _made_of_known(self, word: str) -> bool:
        """German: a known end, behind a known beginning and what may join the two."""
        for cut in range(3, len(word) - 2):
            if word[cut:] not in self._words:
                continue
            first = word[:cut]
            if first in self._words or any(
                first.endswith(joint) and first[: -len(joint)] in self._words
                for joint in ("s", "es", "n", "en", "er", "e")
            ):
                return True
        return False
