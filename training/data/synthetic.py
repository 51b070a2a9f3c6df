"""A synthetic sentiment task for trying a classifier from end to end without any dataset.

Sentences are built from words that praise or blame. Order matters: "not good" blames, "not bad"
praises, and after "but" the second half decides. This module knows nothing about networks.
"""

from collections.abc import Mapping
from itertools import islice

import numpy as np

from training.data.examples import LabelledText

_THINGS = (
    ("the", "film"),
    ("the", "service"),
    ("the", "food"),
    ("this", "phone"),
    ("this", "book"),
    ("the", "hotel"),
    ("my", "order"),
    ("the", "staff"),
)
_PRAISE = ("good", "great", "lovely", "excellent", "perfect", "helpful", "superb", "charming")
_BLAME = ("bad", "awful", "dull", "terrible", "broken", "useless", "poor", "dreadful")
_PLAIN = ("was", "was really", "seemed", "felt quite")
_NEGATED = ("was not", "was never", "did not seem", "was hardly")


def _clause(generator: np.random.Generator) -> tuple[str, bool]:
    """A clause and whether it praises."""
    thing = " ".join(_THINGS[generator.integers(len(_THINGS))])
    praising, negated = generator.integers(2, size=2).astype(bool)
    verbs = _NEGATED if negated else _PLAIN
    words = _PRAISE if praising else _BLAME
    verb = verbs[generator.integers(len(verbs))]
    return f"{thing} {verb} {words[generator.integers(len(words))]}", bool(praising != negated)


def _sentence(generator: np.random.Generator) -> LabelledText:
    text, positive = _clause(generator)
    if generator.integers(2):
        second, positive = _clause(generator)
        text = f"{text}, but {second}"
    return LabelledText(f"{text}.", "positive" if positive else "negative")


def sentiment_splits(sizes: Mapping[str, int], seed: int) -> dict[str, list[LabelledText]]:
    """Splits of the given sizes, such as {"train": 2000, "validation": 200, "test": 200}.

    Half of the sentences, about, are "positive" and half "negative". No sentence occurs twice,
    within a split or across splits. The same arguments give the same sentences.

    Raises ValueError for more than 100,000 sentences in all: there are not many more.
    """
    wanted = sum(sizes.values())
    if wanted > 100_000:
        raise ValueError(f"{wanted:,} sentences are asked for; expected 100,000 at most")
    generator = np.random.default_rng((seed, 0x746F79))
    examples: dict[LabelledText, None] = {}
    while len(examples) < wanted:
        examples[_sentence(generator)] = None
    remaining = iter(examples)
    return {split: list(islice(remaining, size)) for split, size in sizes.items()}
