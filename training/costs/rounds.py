"""Contenders measured in turns, because a shared machine is never as fast twice.

The clock is that of the processor time of this process. Knows nothing about models.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from statistics import median

ENOUGH = 0.2  # seconds of processor time that a turn takes at least
Turn = Callable[[], object]


def seconds_by_round(
    turns: Mapping[str, Turn], rounds: int, enough: float = ENOUGH
) -> dict[str, list[float]]:
    """Processor seconds of one call, of each turn in each round.

    Each is called once before the first round. Every other round goes through them backwards.
    """
    for call in turns.values():
        call()
    found: dict[str, list[float]] = {name: [] for name in turns}
    for number in range(rounds):
        for name in sorted(turns, key=list(turns).index, reverse=number % 2 == 1):
            found[name].append(seconds_of(turns[name], enough))
    return found


def seconds_of(call: Turn, enough: float = ENOUGH) -> float:
    """Mean processor seconds of one call, over as many as take ``enough`` seconds together."""
    calls = 0
    begin = time.process_time()
    while (spent := time.process_time() - begin) < enough or not calls:
        call()
        calls += 1
    return spent / calls


def median_ratio(of: Sequence[float], to: Sequence[float]) -> float:
    """The median of the ratios of each round: what two turns beside each other say."""
    return median(a / b for a, b in zip(of, to, strict=True))
