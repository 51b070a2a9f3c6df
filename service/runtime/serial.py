"""Runs what takes long and is rarely asked for, one piece after the other.

An engine like those that batch and decode (`service.runtime.engine`), for work that is no row of
tokens of one graph. Owned by one thread; knows nothing about what is computed.
"""

import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

from service.runtime.job import Event, Item, Job


class Work(Item):
    """A piece of work: a job's only item, whose result is what `compute` returns."""

    __slots__ = ("compute",)

    def __init__(self, job: Job, tokens: Sequence[int], compute: Callable[[], Any]) -> None:
        super().__init__(job, 0, tokens)
        self.compute = compute


class SerialEngine:
    """Computes one piece of work a step, in the order in which they came."""

    def __init__(self) -> None:
        self._waiting: deque[Work] = deque()

    def push(self, job: Job, items: Sequence[Item]) -> None:
        """Take in the work of a job."""
        for item in items:
            assert isinstance(item, Work)
            self._waiting.append(item)

    def delay(self, now: float) -> float | None:
        """0 where there is something to do, else None."""
        return 0.0 if self._waiting else None

    def step(self) -> list[Event]:
        """Compute the next piece, unless nobody wants it any more."""
        if not self._waiting:
            return []
        work = self._waiting.popleft()
        job = work.job
        if job.over:
            return []
        job.started = time.perf_counter()
        try:
            result = work.compute()
        except BaseException as error:  # a panic in a library written in Rust is no Exception
            return job.fail(error)
        return job.complete(work.index, result, time.perf_counter())

    def clear(self) -> list[Job]:
        """Forget all work, and return the jobs that it was of."""
        jobs = [work.job for work in self._waiting]
        self._waiting.clear()
        return jobs
