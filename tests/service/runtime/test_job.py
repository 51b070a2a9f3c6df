"""A job ends once: with all its results, with one error, or with nobody waiting for it."""

import pytest

from service.runtime.job import Failed, Finished, Job


def job_of(*lengths: int) -> Job:
    job = Job(lambda events: None)
    job.items([[5] * length for length in lengths])
    return job


def test_items_come_longest_first_and_know_their_places() -> None:
    job = Job(lambda events: None)
    items = job.items([[1], [2, 2, 2], [3, 3], [4, 4, 4]])
    assert [(item.index, list(item.tokens)) for item in items] == [
        (1, [2, 2, 2]),
        (3, [4, 4, 4]),
        (2, [3, 3]),
        (0, [1]),
    ]
    assert all(item.job is job for item in items)
    assert (job.remaining, job.tokens, job.results) == (4, 9, [None] * 4)


def test_a_job_is_finished_by_its_last_result_in_whatever_order_they_come() -> None:
    job = job_of(1, 1, 1)
    assert job.complete(2, "c", 7.0) == []
    assert job.complete(0, "a", 8.0) == []
    assert job.finished == 0.0
    assert job.complete(1, "b", 9.0) == [Finished(job)]
    assert job.results == ["a", "b", "c"]
    assert job.finished == 9.0
    assert not job.over


def test_a_job_fails_once_and_is_not_finished_any_more() -> None:
    job = job_of(1, 1)
    error = ValueError("the first")
    assert job.fail(error) == [Failed(job, error)]
    assert job.over
    assert job.fail(ValueError("the second")) == []
    assert job.complete(0, "a", 1.0) == job.complete(1, "b", 1.0) == []


@pytest.mark.parametrize("end", ["complete", "fail"])
def test_nothing_is_said_of_a_job_that_nobody_waits_for(end: str) -> None:
    job = job_of(1)
    job.cancelled = True
    assert job.over
    events = job.complete(0, "a", 1.0) if end == "complete" else job.fail(ValueError("for a test"))
    assert events == []
