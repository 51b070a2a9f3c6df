"""Decides whether a request may wait, or is refused at once. Pure: the clock is passed in.

A queue has two bounds: a number of rows, and for small requests the time that one would wait, which
is estimated from the rate at which the model has lately worked off its tokens. The second bound is
what keeps the latency of accepted requests flat while more come than can be served.
"""

import math
from typing import Literal, NamedTuple

_WINDOW = 0.05  # seconds of uninterrupted work that give one sample of the rate
_WEIGHT = 0.3  # of the newest sample
_UNMEASURED = 4  # times the free rows are taken as long as nothing is known of the rate


class Load(NamedTuple):
    """What a request asks of a model."""

    rows: int
    tokens: int
    bulk: bool


class Refusal(NamedTuple):
    """Why a request is not taken, when it may come again, and which bound it would have passed."""

    reason: str
    retry_seconds: int
    bound: Literal["rows", "wait"]


class Admission:
    """The requests of one model that are taken and not yet answered."""

    def __init__(self, free_rows: int, max_rows: int, max_wait: float) -> None:
        """free_rows: taken whatever the estimate says, as they are computed at once.

        max_rows: rows that may wait and be computed; max_wait: seconds.
        """
        self._free_rows = free_rows
        self._max_rows = max_rows
        self._max_wait = max_wait
        self.rows = 0
        self._tokens = 0
        self._small_rows = 0
        self._small_tokens = 0
        self._rate: float | None = None  # tokens a second
        self._window_began = 0.0
        self._window_tokens = 0

    def enter(self, load: Load, now: float) -> Refusal | None:
        """Take a request, or say why not. One that finds nobody waiting is always taken."""
        if self.rows and self.rows + load.rows > self._max_rows:
            return Refusal(
                f"{self.rows:,} texts or sentences wait already, of {self._max_rows:,} that may",
                self._retry(self._tokens),
                "rows",
            )
        if not load.bulk:
            refusal = self.refusal(load.rows)
            if refusal is not None:
                return refusal
        if not self.rows:
            self._window_began, self._window_tokens = now, 0
        self.rows += load.rows
        self._tokens += load.tokens
        if not load.bulk:
            self._small_rows += load.rows
            self._small_tokens += load.tokens
        return None

    def refusal(self, rows: int = 1) -> Refusal | None:
        """Why so many rows of a small request would not be taken now, because of the wait."""
        rows += self._small_rows
        if not self._small_rows or rows <= self._free_rows:
            return None
        if not self._rate:
            if rows <= _UNMEASURED * self._free_rows:
                return None
            return Refusal(
                f"{self._small_rows:,} texts or sentences wait already, before the first is "
                "answered",
                1,
                "wait",
            )
        wait = self._small_tokens / self._rate
        if wait <= self._max_wait:
            return None
        return Refusal(
            f"it would wait for about {wait * 1000:,.0f} ms, longer than the "
            f"{self._max_wait * 1000:,.0f} ms that this service lets a text wait",
            self._retry(self._small_tokens),
            "wait",
        )

    def leave(self, load: Load, now: float, answered: bool) -> None:
        """A request is answered, or given up."""
        self.rows -= load.rows
        self._tokens -= load.tokens
        if not load.bulk:
            self._small_rows -= load.rows
            self._small_tokens -= load.tokens
        if answered:
            self._window_tokens += load.tokens
        seconds = now - self._window_began
        if seconds >= _WINDOW:
            sample = self._window_tokens / seconds
            if sample:
                old = self._rate
                self._rate = sample if old is None else old + _WEIGHT * (sample - old)
            self._window_began, self._window_tokens = now, 0

    def _retry(self, tokens: int) -> int:
        """Seconds until so many tokens are worked off."""
        return max(1, math.ceil(tokens / self._rate)) if self._rate else 1
