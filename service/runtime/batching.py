"""Dynamic batching for a model that answers in one run.

While a batch is computed the queue fills, so batches grow with the load, and a row that comes
alone waits for nothing. Owned by one thread; knows nothing about what is computed.
"""

import time
from collections.abc import Callable, Sequence
from typing import Any

from service.runtime.batches import BatchBounds
from service.runtime.job import Event, Item, Job
from service.runtime.measures import Measures, Unmeasured
from service.runtime.waiting import WaitingQueue

Compute = Callable[[Sequence[Sequence[int]]], Any]  # rows of tokens to something of their length
Finish = Callable[[Sequence[Item], Any], Sequence[Any]]  # that, for these items, to results


class BatchEngine:
    """Takes batches of similar lengths from its queue."""

    def __init__(
        self,
        compute: Compute,
        max_batch_size: int,
        max_batch_tokens: int,
        max_queue_delay: float = 0.0,
        measures: Measures | None = None,
        finish: Finish | None = None,
    ) -> None:
        """max_queue_delay: seconds that rows may wait for others, where they fill no batch.

        finish: makes the results, where what was computed is not what each job wants.
        """
        self._compute = compute
        self._finish = finish
        self._max_batch_size = max_batch_size
        self._max_batch_tokens = max_batch_tokens
        self._max_queue_delay = max_queue_delay
        self._measures = measures or Unmeasured()
        self._queue = WaitingQueue()
        self._oldest = 0.0  # when the queue was last empty and got something

    def push(self, job: Job, items: Sequence[Item]) -> None:
        """Take in the rows of a job."""
        if not self._queue:
            self._oldest = job.submitted
        self._queue.push(items, job.bulk)

    def delay(self, now: float) -> float | None:
        """Seconds until there is something to do; None for never, unless a job comes."""
        if not self._queue:
            return None
        if len(self._queue) >= self._max_batch_size:
            return 0.0
        return max(0.0, self._oldest + self._max_queue_delay - now)

    def step(self) -> list[Event]:
        """Compute one batch, if the delay is over."""
        now = time.perf_counter()
        if self.delay(now) != 0.0:
            return []
        bounds = BatchBounds(self._max_batch_size, self._max_batch_tokens, choices=len(self._queue))
        batch = self._queue.take(lambda item: bounds.accept(len(item.tokens)), self._max_batch_size)
        self._measures.load(len(self._queue), 0)
        if not batch:
            return []
        for item in batch:
            item.job.started = item.job.started or now
        try:
            results = self._compute([item.tokens for item in batch])
            if self._finish is not None:
                results = self._finish(batch, results)
            if len(results) != len(batch):
                raise RuntimeError(f"{len(results)} results for {len(batch)} rows")
        except Exception as error:
            return [event for item in batch for event in item.job.fail(error)]
        ended = time.perf_counter()
        self._measures.batch(len(batch), bounds.rows * bounds.longest, ended - now)
        events: list[Event] = []
        for item, result in zip(batch, results, strict=True):
            events += item.job.complete(item.index, result, ended)
        return events

    def clear(self) -> list[Job]:
        """Forget all work, and return the jobs that it was of."""
        jobs = {item.job: None for item in self._queue.clear()}
        self._measures.load(0, 0)
        return list(jobs)
