"""Continuous batching for a decoder: sequences join and leave the running batch between steps.

Iteration-level scheduling (Yu et al. 2022, "Orca", section 3.1). A sequence that waits is encoded
together with others and joins at the next step; one that has ended leaves at once. The state of a
recurrent network has a fixed size, so nothing is ever paged or preempted. Owned by one thread.
"""

import time
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from service.runtime.batches import batches_by_length
from service.runtime.decoder import DecodingBatch
from service.runtime.job import Event, Item, Job, Token
from service.runtime.measures import Measures, Unmeasured
from service.runtime.rows import Rearrangement, Rows
from service.runtime.search import SequenceSearch, Step
from service.runtime.waiting import WaitingQueue

# An encoder run for one sentence costs three times its share of a run for eight. While others are
# decoded, few new ones wait a few steps for company.
JOIN_PATIENCE = 8  # steps
_JOIN_SHARE = 4  # no wait where the new ones are a fourth of the running ones

# A larger encoder run costs no less a token, as four rows are enough for that. It costs more: there
# is more padding in it, and where its tensors take megabytes, malloc gives them back to the system
# after every run, and the page faults of taking them again cost up to a third of it.
ENCODED_TOKENS = 256  # with padding, in one run

_LEAVE = Step((), ())

Begin = Callable[[Item], SequenceSearch]


class Decoder(Protocol):
    """What takes in sequences that join: `service.runtime.decoder`, `service.runtime.generator`."""

    def encode(self, sources: Sequence[Sequence[int]], /) -> Any:
        """What the running batch needs of some sequences to join."""


class Batch(Protocol):
    """The rows that are decoded together."""

    def join(self, encoded: Any, /) -> None:
        """Append a row for each sequence that was encoded."""

    def step(self, k: int) -> tuple[list[list[float]], list[list[int]]]:
        """The k best continuations of each row: log-probabilities and tokens, best first."""

    def rearrange(self, change: Rearrangement) -> None:
        """Carry out what the searches decided."""


Finish = Callable[[Item], Any]  # turns an item's search into its result


class DecodingEngine:
    """Runs the searches of all its sequences, a step at a time."""

    def __init__(
        self,
        decoder: Decoder,
        begin: Begin,
        finish: Finish,
        max_rows: int,
        max_tokens: int,
        reserved_rows: int = 0,
        measures: Measures | None = None,
        batch: Callable[[Any], Batch] = DecodingBatch,
    ) -> None:
        """max_rows: hypotheses decoded together; max_tokens: source tokens encoded together.

        More than ENCODED_TOKENS are not, whatever max_tokens allows, but for a single sentence.
        reserved_rows: those of max_rows that bulk may not take; batch: makes the decoder's batch.
        """
        self._decoder = decoder
        self._new_batch = batch
        self._begin = begin
        self._finish = finish
        self._max_rows = max_rows
        self._max_tokens = min(max_tokens, ENCODED_TOKENS)
        self._reserved_rows = reserved_rows
        self._measures = measures or Unmeasured()
        self._queue = WaitingQueue()
        self._patience = JOIN_PATIENCE
        self._running: list[Item] = []
        self._rows: Rows[Item] = Rows()
        self._batch = batch(decoder)

    def push(self, job: Job, items: Sequence[Item]) -> None:
        """Take in the rows of a job."""
        self._queue.push(items, job.bulk)

    def delay(self, now: float) -> float | None:
        """0 where there is something to do, else None."""
        return 0.0 if self._queue or self._running else None

    def step(self) -> list[Event]:
        """Let sequences join and leave, and take those that run on by one token."""
        started = time.perf_counter()
        if self._running and all(item.job.over for item in self._running):
            self._forget_running()
        events = self._join(started)
        rows = len(self._rows)
        if self._running:
            events += self._advance()
        ended = time.perf_counter()
        if rows:
            self._measures.step(rows, ended - started)
        self._measures.load(len(self._queue), len(self._running))
        return events

    def clear(self) -> list[Job]:
        """Forget all work, and return the jobs that it was of."""
        jobs = {item.job: None for item in (*self._queue.clear(), *self._running)}
        self._forget_running()
        self._measures.load(0, 0)
        return list(jobs)

    def _forget_running(self) -> None:
        self._running = []
        self._rows = Rows()
        self._batch = self._new_batch(self._decoder)

    # --- joining

    def _join(self, now: float) -> list[Event]:
        items = self._joining()
        events: list[Event] = []
        batches = batches_by_length(
            [len(item.tokens) for item in items], self._max_rows, self._max_tokens
        )
        for indices in batches:
            batch = [items[i] for i in indices]
            begun = time.perf_counter()
            try:
                encoded = self._decoder.encode([item.tokens for item in batch])
            except Exception as error:
                events += _failed(batch, error)
                continue
            ended = time.perf_counter()
            try:
                self._batch.join(encoded)
            except Exception as error:
                # Some of its tensors may have the new rows, and others not.
                events += _failed([*self._running, *batch], error)
                self._forget_running()
                continue
            for item in batch:
                item.job.started = item.job.started or now
                item.job.encoded = item.job.encoded or ended
                self._rows.join(item)
                self._running.append(item)
            longest = len(batch[0].tokens)
            self._measures.batch(len(batch), longest * len(batch), ended - begun)
        return events

    def _joining(self) -> list[Item]:
        """The sequences that join now; their searches have begun."""
        waiting = len(self._queue)
        if not waiting:
            self._patience = JOIN_PATIENCE
            return []
        if self._patience and waiting * _JOIN_SHARE < len(self._running):
            self._patience -= 1
            return []
        # A search may come to as many rows as its beam is wide.
        used = sum(_width(item) for item in self._running)
        bulk = sum(_width(item) for item in self._running if item.job.bulk)
        full = False

        def accept(item: Item) -> bool:
            nonlocal used, bulk, full
            if full:
                return False
            item.search = item.search or self._begin(item)
            width = _width(item)
            if used and used + width > self._max_rows:
                # Nor does anything narrower join, or it would pass this one by for ever.
                full = True
                return False
            if item.job.bulk:
                if bulk and bulk + width > self._max_rows - self._reserved_rows:
                    return False
                bulk += width
            used += width
            return True

        items = self._queue.take(accept, self._max_rows, in_order=True)
        if items:
            self._patience = JOIN_PATIENCE
        return items

    # --- a step

    def _advance(self) -> list[Event]:
        running = self._running
        try:
            k = max(_search(item).candidates for item in running)
            log_probs, tokens = self._batch.step(k)
            steps: list[tuple[Item, Step]] = []
            for item in running:
                rows = item.rows
                if item.job.over:
                    step = _LEAVE  # nobody waits for it any more
                elif len(rows) == 1:
                    row = rows[0]
                    step = _search(item).advance((log_probs[row],), (tokens[row],))
                else:
                    step = _search(item).advance(
                        [log_probs[row] for row in rows], [tokens[row] for row in rows]
                    )
                steps.append((item, step))
            self._keep(steps)
        except Exception as error:
            self._forget_running()
            return _failed(running, error)
        now = time.perf_counter()
        events: list[Event] = []
        for item, step in steps:
            job = item.job
            if step.tokens and job.first_token and not job.stream:
                continue  # it goes on, and nobody is to hear of it
            if job.over or _search(item).silent:
                continue
            if not job.first_token:
                job.first_token = now
            if job.stream:
                events += _said(item, step)
            if not step.tokens:
                events += self._end(item, now)
        return events

    def _end(self, item: Item, now: float) -> list[Event]:
        try:
            result = self._finish(item)
        except Exception as error:
            return item.job.fail(error)
        item.search = None
        return item.job.complete(item.index, result, now)

    def _keep(self, steps: Sequence[tuple[Item, Step]]) -> None:
        self._batch.rearrange(self._rows.advance(steps))
        self._running = [item for item, step in steps if step.tokens]


def _search(item: Item) -> SequenceSearch:
    assert item.search is not None
    return item.search


def _width(item: Item) -> int:
    return _search(item).beam_size


def _said(item: Item, step: Step) -> list[Event]:
    """What a step tells of a row that is streamed."""
    if step.tokens:
        return [Token(item.job, item.index, step.tokens[0])]
    said = [Token(item.job, item.index, token) for token in _search(item).unsaid()]
    return [*said, Token(item.job, item.index, None)]


def _failed(items: Sequence[Item], error: Exception) -> list[Event]:
    return [event for item in items for event in item.job.fail(error)]
