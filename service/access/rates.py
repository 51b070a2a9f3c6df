"""Decides whether a client may ask once more, by the `limits` library's sliding window.

A limit such as 100/minute counts the requests of the last minute: those of the current window, and
of the window before by the share of it that still lies within the minute. What is refused does not
count. The only module that imports the library, and it is imported only where there are limits.
"""

from pathlib import Path
from typing import NamedTuple

from limits import RateLimitItem, parse
from limits.strategies import SlidingWindowCounterRateLimiter

from service.access.counts import Counts

_LEAST_WAIT = 1e-3  # seconds: at the very moment at which one weighs less, it is one too many yet


class Standing(NamedTuple):
    """How a client stands to its limit after a request."""

    allowed: bool
    limit: int  # requests
    window: int  # seconds
    remaining: int  # requests that would be answered now
    wait: float  # seconds until one more would be


class Rates:
    """The rates of all clients of a server. Belongs to the event loop."""

    def __init__(self, counts: Counts) -> None:
        self._counts = counts
        self._strategy = SlidingWindowCounterRateLimiter(counts)
        self._limits: dict[str, RateLimitItem] = {}  # by how the operator writes them

    @classmethod
    def of(cls, shared: Path | None) -> "Rates":
        """shared: the file of `create_counts`, where there are other workers."""
        return cls(Counts(shared))

    def hit(self, client: str, rate: str) -> Standing:
        """Counts a request of a client whose limit is `rate`, such as 100/minute."""
        limit = self._limits.get(rate)
        if limit is None:
            limit = self._limits[rate] = parse(rate)
        allowed = self._strategy.hit(limit, client)
        window = limit.get_expiry()
        key = limit.key_for(client)
        before, _, current, left = self._counts.get_sliding_window(key, window)
        left -= window  # the library adds the window in which these will be those before
        used = int(before * left / window + current)
        wait = 0.0
        if used >= limit.amount:
            wait = max(_LEAST_WAIT, _wait(limit.amount, window, before, current, left))
        return Standing(allowed, limit.amount, window, max(0, limit.amount - used), wait)

    def close(self) -> None:
        """Gives the memory back."""
        self._counts.close()


def _wait(limit: int, window: int, before: int, current: int, left: float) -> float:
    """Seconds until the weighted requests are fewer than the limit.

    before, current: requests of the window before and of this one; left: seconds of this one.
    """
    if current < limit:
        # They were too many with those before, which count less with every second.
        return left - (limit - current) * window / before
    # In the next window, these are those before.
    return left + window * (1 - limit / current)
