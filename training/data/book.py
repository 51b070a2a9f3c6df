"""The children's book: a language of five words, in which a sentence is "X saw Y." with X ≠ Y.

A model that knows only the last word makes three kinds of mistakes in it, which `Mistakes` counts:
whoever remembers what the sentence began with makes none. This module knows nothing about
networks.
"""

import re
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

NAMES = ("Doug", "Jane", "Spot")
VERB, END = "saw", "."
WORDS = (*NAMES, VERB, END)
SENTENCES = 6  # of a story, the mean

_TOKENS = re.compile(r"\w+|[^\w\s]")


class Mistakes(NamedTuple):
    """How many sentences have each kind of mistake, of those that have ended."""

    sentences: int
    words: int  # those of the sentences, the full stop among them
    himself: int  # "Doug saw Doug."
    endless: int  # "Jane saw Spot saw Doug.": more than one verb
    unfinished: int  # "Spot.": none
    other: int  # anything else that is no sentence

    @property
    def wrong(self) -> int:
        """Mistakes of all kinds; a sentence can have several."""
        return self.himself + self.endless + self.unfinished + self.other


def book_splits(sizes: Mapping[str, int], seed: int) -> dict[str, list[str]]:
    """Splits of the given sizes, such as {"train": 2000, "validation": 200, "test": 200}.

    Behind each sentence a story ends with the same probability, `SENTENCES` being their mean
    number, and each sentence is drawn by itself, so short stories occur again. The same arguments
    give the same stories.
    """
    generator = np.random.default_rng((seed, 0x626F6F6B))
    return {split: [_story(generator) for _ in range(size)] for split, size in sizes.items()}


def _story(generator: np.random.Generator) -> str:
    sentences = []
    for _ in range(int(generator.geometric(1 / SENTENCES))):
        first, second = generator.choice(len(NAMES), size=2, replace=False)
        sentences.append(f"{NAMES[first]} {VERB} {NAMES[second]}{END}")
    return " ".join(sentences)


def words_of(text: str) -> list[str]:
    """The words of a text in order, full stops among them."""
    return _TOKENS.findall(text)


def count_mistakes(words: list[str]) -> Mistakes:
    """The mistakes of running text. What stands behind the last full stop is not looked at."""
    sentences: list[list[str]] = []
    sentence: list[str] = []
    for word in words:
        sentence.append(word)
        if word == END:
            sentences.append(sentence)
            sentence = []
    himself = endless = unfinished = other = 0
    for one in sentences:
        verbs = one.count(VERB)
        same = any(
            one[i] == VERB and one[i - 1] == one[i + 1] and one[i - 1] in NAMES
            for i in range(1, len(one) - 1)
        )
        himself += same
        endless += verbs > 1
        unfinished += verbs == 0
        other += not (same or verbs != 1 or _is_sentence(one))
    return Mistakes(len(sentences), sum(map(len, sentences)), himself, endless, unfinished, other)


def _is_sentence(words: list[str]) -> bool:
    if len(words) != 4:
        return False
    first, verb, second, end = words
    return first in NAMES and second in NAMES and first != second and (verb, end) == (VERB, END)
