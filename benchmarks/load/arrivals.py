"""When the requests of an open loop are due. Pure; seconds from the start."""

import random
from collections.abc import Sequence
from typing import NamedTuple


class Arrival(NamedTuple):
    """A request that is due."""

    due: float  # seconds
    stream: int
    number: int  # within its stream


def poisson(rates: Sequence[float], seconds: float, seed: int) -> list[Arrival]:
    """Arrivals of independent Poisson processes, one a stream, in the order in which they are due.

    rates: requests a second of each stream.
    """
    found = []
    for stream, rate in enumerate(rates):
        # One generator a stream: a stream keeps its times when another is added.
        chance = random.Random(f"{seed} {stream}")
        due = chance.expovariate(rate)
        number = 0
        while due < seconds:
            found.append(Arrival(due, stream, number))
            due += chance.expovariate(rate)
            number += 1
    return sorted(found)
