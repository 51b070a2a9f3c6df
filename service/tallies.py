"""Counts that are noted at once and written down later, many together.

With several workers every count that prometheus_client writes down is a lock, a question to the
system for the process's number and a write into a shared file: ten of them took an eighth of the
time that a request costs the event loop. To note one is to append to a list, from any thread.
"""

import threading
from bisect import bisect_left
from collections.abc import Iterable
from typing import Protocol

from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

_MOST = 512  # noted for one metric, before they are written down


class Counted(Protocol):
    """What a sum goes to: a counter, or a part of a histogram."""

    def inc(self, amount: float) -> None:
        """Add an amount."""


class Tally:
    """What was noted for one metric without labels, or with all of its labels."""

    def __init__(self, metric: Counted) -> None:
        self._metric = metric
        self._noted: list[float] = []
        self._writing = threading.Lock()

    def note(self, amount: float = 1.0) -> None:
        """Keep an amount until it is written down."""
        noted = self._noted
        noted.append(amount)
        if len(noted) >= _MOST:
            self.write_down()

    def write_down(self) -> None:
        """Give the metric what was noted."""
        if not self._noted:
            return
        with self._writing:
            # Others may append meanwhile: what stands before the end stays where it is.
            taken = self._noted[:]
            del self._noted[: len(taken)]
            if taken:
                self._write(taken)

    def _write(self, amounts: list[float]) -> None:
        self._metric.inc(sum(amounts))


class HistogramTally(Tally):
    """The same for a histogram, which prometheus_client lets nobody give several values."""

    def __init__(self, metric: Histogram) -> None:
        super().__init__(metric._sum)
        self._bounds = metric._upper_bounds
        self._buckets = metric._buckets

    def _write(self, amounts: list[float]) -> None:
        super()._write(amounts)
        counts = [0] * len(self._bounds)
        for amount in amounts:
            counts[bisect_left(self._bounds, amount)] += 1  # the first bound that is not less
        for bucket, count in zip(self._buckets, counts, strict=True):
            if count:
                bucket.inc(count)


class Tallies(Collector):
    """The tallies of a registry, in which all is written down before anybody reads it.

    To be made before the metrics, as a registry asks in the order in which it came to know. What
    several workers share is another matter: they read each other's files, so that each has to
    call `write_down` now and then.
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        self._tallies: dict[object, Tally] = {}
        registry.register(self)

    def counter(self, metric: Counter) -> Tally:
        """The tally of a counter."""
        return self._tallies.setdefault(metric, Tally(metric))

    def histogram(self, metric: Histogram) -> Tally:
        """The tally of a histogram."""
        return self._tallies.setdefault(metric, HistogramTally(metric))

    def write_down(self) -> None:
        """Give all metrics what was noted for them."""
        for tally in list(self._tallies.values()):
            tally.write_down()

    def collect(self) -> Iterable[Metric]:
        """Nothing of its own, but the metrics behind it are complete."""
        self.write_down()
        return ()
