"""What a dataset is made of: texts, sentence pairs, tagged tokens, and the account of loading them.

This module knows nothing about where examples come from or what is trained on them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple


class LabelledText(NamedTuple):
    """A text and the name of its class."""

    text: str
    label: str


class TaggedSentence(NamedTuple):
    """The tokens of a sentence and the tag of each, as many."""

    tokens: tuple[str, ...]
    tags: tuple[str, ...]
    text: str = ""  # as it was written, where the data has it: tokens are then parts of it


class SentencePair(NamedTuple):
    """A sentence and its translation."""

    source: str
    target: str


@dataclass(frozen=True, slots=True)
class LoadReport:
    """How many rows of one split were kept, and how many were dropped for which reason."""

    source: str
    split: str
    kept: int
    dropped: Mapping[str, int]

    def __str__(self) -> str:
        reasons = ", ".join(
            f"{count:,} {reason}" for reason, count in self.dropped.items() if count
        )
        return f"{self.source} {self.split}: {self.kept:,} kept; dropped: {reasons or 'none'}"
