"""Summaries of samples. Pure; knows nothing about what was measured."""

import math
from collections.abc import Sequence


def percentile(values: Sequence[float], percent: float) -> float:
    """The value below which `percent` (0 to 100) of the sample lies, interpolated linearly.

    Raises ValueError for an empty sample or a percent out of range.
    """
    if not values:
        raise ValueError("a percentile needs at least one value")
    if not 0 <= percent <= 100:
        raise ValueError(f"percent is {percent}; it must be from 0 to 100")
    ordered = sorted(values)
    place = (len(ordered) - 1) * percent / 100
    low = math.floor(place)
    high = math.ceil(place)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


def median(values: Sequence[float]) -> float:
    """The middle of a sample. Raises ValueError for an empty one."""
    return percentile(values, 50)


def mean(values: Sequence[float]) -> float:
    """The arithmetic mean. Raises ValueError for an empty sample."""
    if not values:
        raise ValueError("a mean needs at least one value")
    return math.fsum(values) / len(values)


def latencies(prefix: str, seconds: Sequence[float]) -> dict[str, float]:
    """Count, p50, p90, p99 and maximum of a sample of seconds, in milliseconds.

    The names begin with `prefix`; an empty sample has a count and nothing else.
    """
    found = {f"{prefix}_count": float(len(seconds))}
    if seconds:
        for percent in (50, 90, 99):
            found[f"{prefix}_p{percent}"] = 1000 * percentile(seconds, percent)
        found[f"{prefix}_max"] = 1000 * max(seconds)
    return found


def outer_quarters(values: Sequence[float]) -> tuple[float, float]:
    """The means of the first and of the last quarter. Raises ValueError below four values."""
    size = len(values) // 4
    if size == 0:
        raise ValueError(f"{len(values)} values have no quarters; four are needed")
    return mean(values[:size]), mean(values[-size:])


def spread(values: Sequence[float]) -> float:
    """Largest over smallest. Raises ValueError for an empty sample."""
    if not values:
        raise ValueError("a spread needs at least one value")
    return max(values) / min(values) if min(values) else math.inf
