"""Splits that depend on nothing but the text, so that equal texts never part.

A row's place is a hash of its normalised text: it stays where it is when rows are added, removed
or reordered, and duplicates fall on the same side. This module knows nothing about datasets.
"""

import hashlib
import re
import unicodedata
from collections.abc import Sequence
from typing import TypeVar

Row = TypeVar("Row")

_NOT_ALPHANUMERIC = re.compile(r"[\W_]+")


def normalise(text: str) -> str:
    """The form in which two texts count as the same: NFKC, case folded, letters and digits only.

    A text without any letter or digit (":-)") is compared as it stands, without white space.
    """
    folded = unicodedata.normalize("NFKC", text).casefold()
    return _NOT_ALPHANUMERIC.sub(" ", folded).strip() or "".join(folded.split())


def fraction_of(text: str, salt: str = "") -> float:
    """A number in [0, 1) that the normalised text alone decides; `salt` gives another drawing."""
    key = f"{salt}\0{normalise(text)}".encode("utf-8", "surrogatepass")
    digest = hashlib.blake2b(key, digest_size=8).digest()
    return int.from_bytes(digest, "big") / 2**64


def three_way(text: str, train: float, validation: float) -> str:
    """ "train", "validation" or "test", by the text's hash; test gets what the others leave."""
    place = fraction_of(text)
    if place < train:
        return "train"
    return "validation" if place < train + validation else "test"


def stratified_parts(
    texts: Sequence[str], strata: Sequence[str], fractions: Sequence[float], seed: int
) -> list[int]:
    """The part (0, 1, ...) of each text, so that parts have about `fractions` of every stratum.

    Texts that count as the same are kept together, in the stratum that sorts first. The
    drawing depends on the texts and `seed` alone, not on their order. Each stratum gives its
    first texts to part 0, which should be the one that is trained on.
    Raises ValueError for fractions that are not positive or do not add up to 1.
    """
    if any(fraction <= 0 for fraction in fractions) or abs(sum(fractions) - 1) > 1e-9:
        raise ValueError(f"fractions must be positive and add up to 1, not {list(fractions)}")
    groups: dict[str, list[int]] = {}
    for index, text in enumerate(texts):
        groups.setdefault(normalise(text), []).append(index)
    by_stratum: dict[str, list[tuple[float, str]]] = {}
    for key, members in groups.items():
        # Of equal texts with several labels the least decides: the order of rows must not.
        stratum = min(strata[index] for index in members)
        by_stratum.setdefault(stratum, []).append((fraction_of(key, f"split {seed}"), key))

    parts = [0] * len(texts)
    numbers = range(len(fractions))
    taken = [0] * len(fractions)
    for stratum in sorted(by_stratum):
        taken_here = [0] * len(fractions)
        for _, key in sorted(by_stratum[stratum]):
            members = groups[key]
            here, everywhere = sum(taken_here) + len(members), sum(taken) + len(members)
            # The part that lags most behind its share, in this stratum and over all.
            lag = [
                fractions[part] * (here + everywhere) - taken_here[part] - taken[part]
                for part in numbers
            ]
            part = max(numbers, key=lag.__getitem__) if sum(taken_here) else 0
            taken_here[part] += len(members)
            taken[part] += len(members)
            for index in members:
                parts[index] = part
    return parts


def spread(rows: Sequence[Row], take: int | None) -> list[Row]:
    """So many of them (None: all), evenly over their order, which is by length in some datasets."""
    if take is None or take >= len(rows):
        return list(rows)
    return [rows[i * len(rows) // take] for i in range(take)]
