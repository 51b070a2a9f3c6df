"""The thread of an engine: every job is answered once, whatever the engine does."""

import logging
import os
import sys
import threading
from collections.abc import Sequence
from queue import Queue
from typing import Any

import pytest

from service.runtime.batching import BatchEngine
from service.runtime.engine import EngineThread, deliver
from service.runtime.job import Event, Failed, Finished, Job, Token
from tests.service.panic import Panic

TIMEOUT = 60  # seconds, after which something hangs


class Inbox:
    """Where a test waits for events."""

    def __init__(self) -> None:
        self.groups: Queue[list[Event]] = Queue()

    def job(self, **facts: Any) -> Job:
        return Job(self.groups.put, **facts)

    def take(self, count: int) -> list[Event]:
        """The next events, at least so many."""
        events: list[Event] = []
        while len(events) < count:
            events += self.groups.get(timeout=TIMEOUT)
        return events


def sums(rows: Sequence[Sequence[int]]) -> list[int]:
    if any(-1 in row for row in rows):
        raise ValueError("for a test")
    return [sum(row) for row in rows]


def thread_of(engine: BatchEngine) -> EngineThread:
    return EngineThread(engine, "engine-of-a-test")


def submit(thread: EngineThread, job: Job, *rows: Sequence[int]) -> Job:
    thread.submit(job, job.items(rows))
    return job


def names() -> list[str]:
    return [thread.name for thread in threading.enumerate()]


def test_the_thread_begins_with_the_first_job_and_ends_at_close() -> None:
    inbox, thread = Inbox(), thread_of(BatchEngine(sums, 8, 100))
    assert "engine-of-a-test" not in names()
    job = submit(thread, inbox.job(), [1, 2])
    assert inbox.take(1) == [Finished(job)]
    assert 0 < job.submitted <= job.started <= job.finished
    assert "engine-of-a-test" in names()
    thread.close()
    thread.join()
    assert "engine-of-a-test" not in names()


def test_a_thread_that_never_began_is_closed_too() -> None:
    thread = thread_of(BatchEngine(sums, 8, 100))
    thread.close()
    thread.join()


def test_jobs_of_many_threads_are_all_answered_once() -> None:
    inbox, thread = Inbox(), thread_of(BatchEngine(sums, 4, 100))
    jobs: list[tuple[Job, int]] = []

    def submit_many(first: int) -> None:
        for n in range(first, first + 200):
            rows = [[n], [n, n]] if n % 3 == 0 else [[n]]
            jobs.append((submit(thread, inbox.job(bulk=n % 5 == 0), *rows), n))

    submitters = [threading.Thread(target=submit_many, args=(i * 1000,)) for i in range(6)]
    for submitter in submitters:
        submitter.start()
    for submitter in submitters:
        submitter.join()
    events = inbox.take(1200)
    thread.close()
    thread.join()
    assert inbox.groups.empty()
    assert len(events) == len({event.job for event in events}) == 1200
    assert all(isinstance(event, Finished) for event in events)
    for job, n in jobs:
        assert job.results == ([n, 2 * n] if n % 3 == 0 else [n])


def test_rows_that_wait_for_company_are_computed_when_their_delay_is_over() -> None:
    inbox, thread = Inbox(), thread_of(BatchEngine(sums, 100, 1000, max_queue_delay=0.01))
    jobs = [submit(thread, inbox.job(), [n]) for n in range(3)]
    assert {event.job for event in inbox.take(3)} == set(jobs)
    assert all(job.started - jobs[0].submitted >= 0.01 for job in jobs)
    thread.close()
    thread.join()


def test_a_job_that_fails_leaves_the_thread_to_the_others() -> None:
    inbox, thread = Inbox(), thread_of(BatchEngine(sums, 8, 100))
    bad = submit(thread, inbox.job(), [-1])
    (event,) = inbox.take(1)
    assert isinstance(event, Failed)
    assert (event.job, str(event.error)) == (bad, "for a test")
    good = submit(thread, inbox.job(), [4])
    assert inbox.take(1) == [Finished(good)]
    thread.close()
    thread.join()


class Broken(BatchEngine):
    """Raises in its first step, outside of what an engine handles."""

    def __init__(self, error: BaseException) -> None:
        super().__init__(sums, 8, 100)
        self.error: BaseException | None = error

    def step(self) -> list[Event]:
        if self.error is not None:
            error, self.error = self.error, None
            raise error
        return super().step()


@pytest.mark.parametrize("error", [RuntimeError("out of order"), Panic("out of order")])
def test_an_engine_that_raises_still_answers_everybody(
    error: BaseException, caplog: pytest.LogCaptureFixture
) -> None:
    inbox, thread = Inbox(), thread_of(Broken(error))
    first = submit(thread, inbox.job(), [1], [2])
    with caplog.at_level(logging.ERROR):
        (event,) = inbox.take(1)
    assert isinstance(event, Failed)
    assert (event.job, str(event.error)) == (first, "out of order")
    assert [record.message for record in caplog.records] == ["the engine failed"]
    second = submit(thread, inbox.job(), [3])
    assert inbox.take(1) == [Finished(second)]
    thread.close()
    thread.join()


@pytest.mark.skipif(sys.platform != "linux", reason="threads have a niceness on Linux alone")
@pytest.mark.parametrize(("before", "after"), [(2, 12), (15, 19)])
def test_a_thread_yields_to_those_around_it(before: int, after: int) -> None:
    inbox = Inbox()
    job = inbox.job()

    def priorities(rows: Sequence[Sequence[int]]) -> list[int]:
        return [os.getpriority(os.PRIO_PROCESS, threading.get_native_id()) for _ in rows]

    def begin() -> None:  # in a thread of its own, whose niceness the engine's begins with
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), before)
        engine = EngineThread(BatchEngine(priorities, 8, 100), "engine-of-a-test", niceness=10)
        submit(engine, job, [1])
        inbox.take(1)
        engine.close()
        engine.join()

    thread = threading.Thread(target=begin)
    thread.start()
    thread.join()
    assert job.results == [after]


def test_a_cancelled_job_is_not_delivered() -> None:
    computing, go_on = threading.Event(), threading.Event()

    def held(rows: Sequence[Sequence[int]]) -> list[int]:
        computing.set()
        assert go_on.wait(TIMEOUT)
        return sums(rows)

    inbox, thread = Inbox(), thread_of(BatchEngine(held, 8, 100))
    cancelled = submit(thread, inbox.job(), [1])
    assert computing.wait(TIMEOUT)
    waiting, other = submit(thread, inbox.job(), [2]), submit(thread, inbox.job(), [3])
    cancelled.cancelled = waiting.cancelled = True
    go_on.set()
    assert inbox.take(1) == [Finished(other)]
    thread.close()
    thread.join()
    assert inbox.groups.empty()
    assert waiting.results == [None]


def test_events_are_handed_over_together_by_receiver() -> None:
    one, two = Inbox(), Inbox()
    first, second, third = one.job(stream=True), two.job(), one.job()
    gone = one.job(cancelled=True)
    events: list[Event] = [
        Token(first, 0, 5),
        Finished(second),
        Finished(third),
        Finished(gone),
        Token(first, 0, None),
        Finished(first),
    ]
    deliver(events)
    assert list(one.groups.queue) == [[events[0], events[2], events[4], events[5]]]
    assert list(two.groups.queue) == [[events[1]]]


def test_a_receiver_that_is_gone_does_not_end_the_thread(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def gone(events: list[Event]) -> None:
        raise RuntimeError("the event loop is closed")

    inbox, thread = Inbox(), thread_of(BatchEngine(sums, 8, 100))
    with caplog.at_level(logging.ERROR):
        submit(thread, Job(gone), [1])
        job = submit(thread, inbox.job(), [2])
        assert inbox.take(1) == [Finished(job)]
        last = submit(thread, inbox.job(), [3])
        assert inbox.take(1) == [Finished(last)]
    assert [record.message for record in caplog.records] == ["results could not be delivered"]
    thread.close()
    thread.join()
