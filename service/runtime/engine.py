"""The thread in which one model computes, and what such a thread needs of an engine.

Requests come in through a queue that never blocks the submitter, and results go out through each
job's `deliver`, once a batch or step, so that a batch costs one wake-up of the event loop and not
one a request. All of an engine's state belongs to its thread.
"""

import logging
import os
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import Protocol

from service.runtime.job import Event, Item, Job
from service.runtime.slices import LONG, ask_for_slice

logger = logging.getLogger(__name__)

_NICEST = 19

Submission = tuple[Job, Sequence[Item]]


class Engine(Protocol):
    """Schedules rows and computes them, a batch or a step at a time. Owns no thread."""

    def push(self, job: Job, items: Sequence[Item]) -> None:
        """Take in the rows of a job."""

    def delay(self, now: float) -> float | None:
        """Seconds until there is something to do; None for never, unless a job comes."""

    def step(self) -> list[Event]:
        """Compute once. Fails the jobs of a batch that cannot be computed, and only those."""

    def clear(self) -> list[Job]:
        """Forget all work, and return the jobs that it was of."""


class EngineThread:
    """Runs an engine in a thread of its own, from its first job to `close`."""

    def __init__(self, engine: Engine, name: str, niceness: int = 0) -> None:
        """niceness: by how much the thread yields the processor to the others here (Linux only).

        An engine that computes without a pause would otherwise make the event loop wait for its
        turn at every request. In return it is interrupted less often.
        """
        self._engine = engine
        self._niceness = niceness
        self._inbox: SimpleQueue[Submission | None] = SimpleQueue()
        # A daemon, because a process that is told to stop must not wait for a computation.
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._starting = threading.Lock()
        self._started = False

    def submit(self, job: Job, items: Sequence[Item]) -> None:
        """Hand in a job with its items. Returns at once; may be called from any thread."""
        job.submitted = time.perf_counter()
        self._inbox.put((job, items))
        if not self._started:
            with self._starting:
                if not self._started:
                    self._thread.start()
                    self._started = True

    def close(self) -> None:
        """End the thread after its current step. What is still waiting is not answered."""
        self._inbox.put(None)

    def join(self) -> None:
        """Wait until the thread has ended, if it ever started."""
        if self._started:
            self._thread.join()

    def _run(self) -> None:
        if self._niceness and sys.platform == "linux":
            # Of this thread alone, which POSIX does not have and Linux does.
            thread = threading.get_native_id()
            niceness = os.getpriority(os.PRIO_PROCESS, thread) + self._niceness
            with suppress(OSError):  # a sandbox forbids it
                os.setpriority(os.PRIO_PROCESS, thread, min(niceness, _NICEST))
            ask_for_slice(LONG)
        while self._receive():
            try:
                events = self._engine.step()
            except BaseException as error:
                # None that an engine knows, perhaps a panic in a library written in Rust, which is
                # no Exception: whatever it held must still be answered.
                logger.error("the engine failed", exc_info=error)
                events = [event for job in self._engine.clear() for event in job.fail(error)]
            deliver(events)

    def _receive(self) -> bool:
        """Take in what has come, waiting where there is nothing to do. False at the end."""
        delay = self._engine.delay(time.perf_counter())
        submission: Submission | None
        try:
            if delay is None:
                submission = self._inbox.get()
            elif delay > 0:
                submission = self._inbox.get(timeout=delay)
            else:
                submission = self._inbox.get_nowait()
            while submission is not None:
                self._engine.push(*submission)
                submission = self._inbox.get_nowait()
        except Empty:
            return True
        return False


def deliver(events: Sequence[Event]) -> None:
    """Hand each event to its job's own `deliver`, together with the others of the same one."""
    by_receiver: dict[object, list[Event]] = {}
    for event in events:
        if not event.job.cancelled:
            by_receiver.setdefault(event.job.deliver, []).append(event)
    for group in by_receiver.values():
        try:
            group[0].job.deliver(group)
        except Exception as error:
            # A receiver that is gone must not take the thread from the others.
            logger.error("results could not be delivered", exc_info=error)
