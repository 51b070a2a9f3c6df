"""The synthetic task "reverse": letters to the same letters backwards, learnt in seconds.

It needs no data and exercises everything that translation does. After JoeyNMT's task of the same
name (Kreutzer et al. 2019). This module knows nothing about networks.
"""

from collections.abc import Mapping
from itertools import islice

import numpy as np

from training.data.examples import SentencePair

LETTERS = "abcdefgh"


def reverse_splits(
    sizes: Mapping[str, int],
    seed: int,
    letters: str = LETTERS,
    shortest: int = 2,
    longest: int = 8,
) -> dict[str, list[SentencePair]]:
    """Splits of the given sizes, such as {"train": 20000, "validation": 500, "test": 500}.

    A source is `shortest` to `longest` random letters with spaces between them, the target the
    same letters backwards. No source occurs twice, within a split or across splits. The same
    arguments give the same pairs.

    Raises ValueError when there are not twice as many different sentences as are asked for.
    """
    wanted = sum(sizes.values())
    possible = sum(len(set(letters)) ** length for length in range(shortest, longest + 1))
    if 2 * wanted > possible:
        raise ValueError(
            f"{wanted:,} sentences are asked for, and only {possible:,} are possible; expected "
            f"at most half of them: make `longest` greater or the splits smaller"
        )
    generator = np.random.default_rng((seed, 0x72657665727365))
    sources: dict[str, None] = {}
    while len(sources) < wanted:
        length = int(generator.integers(shortest, longest + 1))
        drawn = generator.integers(0, len(letters), length)  # length
        sources[" ".join(letters[index] for index in drawn)] = None
    remaining = iter(sources)
    return {
        split: [SentencePair(source, source[::-1]) for source in islice(remaining, size)]
        for split, size in sizes.items()
    }
