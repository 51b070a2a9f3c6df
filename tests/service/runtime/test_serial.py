"""One piece of work after the other, each answered once."""

from collections.abc import Callable
from typing import Any

from service.runtime.job import Event, Failed, Finished, Job
from service.runtime.serial import SerialEngine, Work


def work(compute: Callable[[], Any]) -> tuple[Job, Work]:
    job = Job(lambda events: None)
    (item,) = job.items([[1, 2, 3]])
    return job, Work(job, item.tokens, compute)


def refuse() -> None:
    raise ValueError("no")


def kinds(events: list[Event]) -> list[type[Event]]:
    return [type(event) for event in events]


def test_work_is_done_in_order_and_a_failure_is_its_own() -> None:
    done: list[str] = []
    engine = SerialEngine()
    jobs = []
    for compute in (lambda: done.append("first"), refuse, lambda: "third"):
        job, item = work(compute)
        engine.push(job, [item])
        jobs.append(job)
    assert engine.delay(0.0) == 0.0
    assert kinds(engine.step()) == [Finished]
    assert done == ["first"]
    (failed,) = engine.step()
    assert isinstance(failed, Failed)
    assert failed.job is jobs[1]
    assert isinstance(failed.error, ValueError)
    assert kinds(engine.step()) == [Finished]
    assert jobs[2].results == ["third"]
    assert 0 < jobs[2].started <= jobs[2].finished
    assert engine.delay(0.0) is None
    assert engine.step() == []


def test_what_nobody_wants_any_more_is_not_computed() -> None:
    engine = SerialEngine()
    job, item = work(refuse)
    engine.push(job, [item])
    job.cancelled = True
    assert engine.step() == []
    assert engine.delay(0.0) is None


def test_it_can_forget_all_work() -> None:
    engine = SerialEngine()
    job, item = work(refuse)
    engine.push(job, [item])
    assert engine.clear() == [job]
    assert engine.delay(0.0) is None
