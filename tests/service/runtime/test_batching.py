"""Batches of one-shot models: similar lengths, bounds, delays, and how a batch fails."""

from collections import Counter
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.runtime.batching import BatchEngine
from service.runtime.job import Event, Failed, Finished, Item, Job


class Model:
    """Sums the tokens of each row, and remembers its batches."""

    def __init__(self) -> None:
        self.batches: list[list[Sequence[int]]] = []

    def __call__(self, rows: Sequence[Sequence[int]]) -> list[int]:
        self.batches.append(list(rows))
        if any(-1 in row for row in rows):
            raise ValueError("a row that cannot be computed")
        if any(-2 in row for row in rows):
            return [sum(row) for row in rows][1:]
        return [sum(row) for row in rows]


class Load:
    """The last load that an engine told, and its batches."""

    def __init__(self) -> None:
        self.last: tuple[int, int] | None = None
        self.batches: list[tuple[int, int]] = []

    def batch(self, rows: int, tokens: int, seconds: float) -> None:
        assert seconds >= 0
        self.batches.append((rows, tokens))

    def step(self, rows: int, seconds: float) -> None:
        raise AssertionError("a one-shot model takes no steps")

    def load(self, waiting: int, running: int) -> None:
        self.last = waiting, running


def engine_of(
    model: Model, size: int = 8, tokens: int = 1000, delay: float = 0.0, load: Load | None = None
) -> BatchEngine:
    return BatchEngine(model, size, tokens, delay, load)


def push(engine: BatchEngine, rows: Sequence[Sequence[int]], bulk: bool = False) -> Job:
    job = Job(lambda events: None, bulk=bulk)
    engine.push(job, job.items(rows))
    return job


def run(engine: BatchEngine) -> list[Event]:
    """All events until there is nothing to do any more."""
    events: list[Event] = []
    while engine.delay(0.0) is not None:
        events += engine.step()
    return events


def test_an_engine_without_work_has_nothing_to_do() -> None:
    model = Model()
    engine = engine_of(model)
    assert engine.delay(0.0) is None
    assert engine.step() == []
    assert engine.clear() == []
    assert model.batches == []


def test_a_lone_row_waits_for_nothing() -> None:
    model = Model()
    engine = engine_of(model)
    job = push(engine, [[1, 2, 3]])
    assert engine.delay(0.0) == 0.0
    assert engine.step() == [Finished(job)]
    assert job.results == [6]
    assert job.submitted <= job.started <= job.finished
    assert engine.delay(0.0) is None


def test_what_came_while_a_batch_was_computed_is_the_next_batch() -> None:
    model = Model()
    engine = engine_of(model)
    first = push(engine, [[1]])
    engine.step()
    others = [push(engine, [[n, n]]) for n in range(5)]
    assert engine.step() == [Finished(job) for job in others]
    assert [len(batch) for batch in model.batches] == [1, 5]
    assert first.results == [1]


def test_a_delay_is_waited_for_company_unless_the_batch_is_full() -> None:
    engine = engine_of(Model(), size=4, delay=2.0)
    job = Job(lambda events: None)
    job.submitted = 100.0
    engine.push(job, job.items([[1]]))
    assert engine.delay(100.0) == 2.0
    assert engine.delay(101.5) == 0.5
    assert engine.delay(102.0) == engine.delay(200.0) == 0.0
    late = Job(lambda events: None)
    late.submitted = 101.0
    engine.push(late, late.items([[1], [2]]))
    assert engine.delay(101.0) == 1.0  # as long as the first one may still wait
    last = push(engine, [[3]])
    assert engine.delay(101.0) == 0.0  # full
    assert engine.step() == [Finished(job), Finished(late), Finished(last)]
    assert engine.delay(101.0) is None


def test_a_step_before_its_time_computes_nothing() -> None:
    model = Model()
    engine = engine_of(model, delay=1e9)
    job = Job(lambda events: None)
    job.submitted = 1e9  # of a clock that is far ahead
    engine.push(job, job.items([[1]]))
    assert engine.step() == []
    assert model.batches == []
    assert job.remaining == 1


def test_what_a_batch_left_behind_does_not_wait_again() -> None:
    model = Model()
    engine = engine_of(model, delay=2.0)
    for row in ([1] * 100, [1]):
        job = Job(lambda events: None)
        job.submitted = -10.0
        engine.push(job, job.items([row]))
    assert engine.delay(-9.0) == 1.0
    engine.step()
    assert [[len(row) for row in batch] for batch in model.batches] == [[100]]
    assert engine.delay(-8.0) == 0.0
    engine.step()
    assert engine.delay(-8.0) is None
    later = Job(lambda events: None)
    later.submitted = 50.0
    engine.push(later, later.items([[1]]))
    assert engine.delay(50.0) == 2.0


rows_of_jobs = st.lists(
    st.tuples(
        st.lists(st.integers(1, 60).map(lambda n: [1] * n), min_size=1, max_size=12),
        st.booleans(),
    ),
    min_size=1,
    max_size=8,
)


@given(jobs=rows_of_jobs, size=st.integers(1, 6), tokens=st.integers(1, 200))
def test_batches_are_similar_within_bounds_and_answer_each_row_once(
    jobs: list[tuple[list[list[int]], bool]], size: int, tokens: int
) -> None:
    model, load = Model(), Load()
    engine = engine_of(model, size, tokens, load=load)
    pushed = [push(engine, rows, bulk) for rows, bulk in jobs]
    events = run(engine)
    assert Counter(events) == Counter(Finished(job) for job in pushed)
    for job, (rows, _) in zip(pushed, jobs, strict=True):
        assert job.results == [len(row) for row in rows]
    assert sum(map(len, model.batches)) == sum(len(rows) for rows, _ in jobs)
    for batch, measured in zip(model.batches, load.batches, strict=True):
        lengths = [len(row) for row in batch]
        assert 1 <= len(batch) <= size
        assert len(batch) * max(lengths) <= tokens or len(batch) == 1
        assert max(lengths) <= 2 * min(lengths) + 8
        assert measured == (len(batch), len(batch) * max(lengths))
    assert load.last == (0, 0)


@given(jobs=rows_of_jobs, data=st.data())
def test_cancelled_jobs_change_nothing_for_the_others(
    jobs: list[tuple[list[list[int]], bool]], data: st.DataObject
) -> None:
    load = Load()
    engine = engine_of(Model(), size=3, load=load)
    pushed = [push(engine, rows, bulk) for rows, bulk in jobs]
    events = engine.step()
    cancelled = {job for job in pushed if data.draw(st.booleans())}
    for job in cancelled:
        job.cancelled = True
    events += run(engine)
    answered = [event.job for event in events]
    assert len(answered) == len(set(answered))
    for job, (rows, _) in zip(pushed, jobs, strict=True):
        if job not in cancelled:
            assert job in answered
            assert job.results == [len(row) for row in rows]
    assert load.last == (0, 0)


@pytest.mark.parametrize("poison", [-1, -2])
def test_a_batch_that_fails_takes_its_own_jobs_alone(poison: int) -> None:
    model = Model()
    engine = engine_of(model, size=2)
    bad, mate, spared, later = (push(engine, [row]) for row in ([poison], [1], [2], [3]))
    events = run(engine)
    failed, finished = events[:2], events[2:]
    assert [event.job for event in failed] == [bad, mate]
    assert all(isinstance(event, Failed) for event in failed)
    assert finished == [Finished(spared), Finished(later)]
    assert (spared.results, later.results) == ([2], [3])
    error = failed[0].error if isinstance(failed[0], Failed) else None
    message = "a row that cannot be computed" if poison == -1 else "1 results for 2 rows"
    assert str(error) == message


def test_a_job_that_fails_in_one_of_its_batches_fails_once_and_the_rest_is_dropped() -> None:
    model = Model()
    engine = engine_of(model, size=2)
    job = push(engine, [[1] * 5, [1, 1, 1, -1], [1] * 3, [1] * 2, [1]])
    other = push(engine, [[7]], bulk=True)
    events = run(engine)
    assert [(type(event), event.job) for event in events] == [(Failed, job), (Finished, other)]
    assert [[len(row) for row in batch] for batch in model.batches] == [[5, 4], [1]]


def test_all_rows_of_a_failed_batch_may_be_of_one_job() -> None:
    engine = engine_of(Model())
    job = push(engine, [[1], [-1], [2]])
    (event,) = run(engine)
    assert isinstance(event, Failed)
    assert event.job is job


def test_clear_names_each_job_once_and_forgets_it() -> None:
    model, load = Model(), Load()
    engine = engine_of(model, load=load)
    jobs = [push(engine, [[1], [2]]), push(engine, [[1]], bulk=True)]
    assert set(engine.clear()) == set(jobs)
    assert engine.delay(0.0) is None
    assert model.batches == []
    assert load.last == (0, 0)


def test_what_was_computed_is_finished_for_each_row_and_its_job() -> None:
    def finish(items: Sequence[Item], sums: Sequence[int]) -> list[str]:
        return [f"{item.index}: {total}" for item, total in zip(items, sums, strict=True)]

    engine = BatchEngine(Model(), 8, 1000, finish=finish)
    job = push(engine, [[1, 2], [3, 4]])
    assert run(engine) == [Finished(job)]
    assert job.results == ["0: 3", "1: 7"]
