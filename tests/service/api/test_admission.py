"""Who may wait, with a clock that the test holds."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.api.admission import Admission, Load


def small(rows: int = 1, tokens: int = 10) -> Load:
    return Load(rows, tokens, bulk=False)


def bulk(rows: int, tokens: int = 1000) -> Load:
    return Load(rows, tokens, bulk=True)


def at_rate(
    rate: int, free_rows: int = 1, max_rows: int = 1000, max_wait: float = 0.5
) -> Admission:
    """An admission that has seen its model work off `rate` tokens a second."""
    admission = Admission(free_rows, max_rows, max_wait)
    assert admission.enter(small(tokens=rate), 0.0) is None
    admission.leave(small(tokens=rate), 1.0, answered=True)
    return admission


def test_rows_that_wait_are_bounded_and_free_again_when_they_leave() -> None:
    admission = Admission(free_rows=32, max_rows=3, max_wait=1)
    assert admission.enter(small(), 0) is None
    assert admission.enter(bulk(2), 0) is None
    refusal = admission.enter(small(), 0)
    assert refusal is not None
    assert refusal.reason == "3 texts or sentences wait already, of 3 that may"
    assert refusal.retry_seconds == 1
    admission.leave(bulk(2), 0, answered=True)
    assert admission.rows == 1
    assert admission.enter(bulk(3), 0) is not None
    assert admission.enter(bulk(2), 0) is None


def test_one_that_finds_nobody_waiting_is_taken_whatever_its_size() -> None:
    admission = at_rate(10, max_rows=2, max_wait=0.001)
    assert admission.enter(bulk(100), 1) is None
    admission.leave(bulk(100), 1, answered=False)
    assert admission.enter(small(100, 100_000), 1) is None


def test_a_small_request_is_refused_where_it_would_wait_too_long() -> None:
    admission = at_rate(100, free_rows=1, max_wait=0.5)
    assert admission.enter(small(tokens=50), 2) is None  # it waits for nobody
    assert admission.enter(small(tokens=90), 2) is None  # half a second
    refusal = admission.enter(small(tokens=1), 2)
    assert refusal is not None
    assert refusal.reason == (
        "it would wait for about 1,400 ms, longer than the 500 ms that this service lets a text "
        "wait"
    )
    assert refusal.retry_seconds == 2
    admission.leave(small(tokens=90), 2, answered=False)
    assert admission.enter(small(tokens=1), 2) is None


def test_what_fits_into_the_next_batch_is_taken_whatever_the_estimate_says() -> None:
    admission = at_rate(1, free_rows=3, max_wait=0.001)
    assert [admission.enter(small(), 2) is None for _ in range(5)] == [True] * 3 + [False] * 2


def test_four_batches_are_taken_before_anything_was_answered() -> None:
    admission = Admission(free_rows=2, max_rows=1000, max_wait=0.001)
    assert [admission.enter(small(tokens=10_000), 0) for _ in range(8)] == [None] * 8
    refusal = admission.enter(small(), 0)
    assert refusal is not None
    assert refusal.reason == "8 texts or sentences wait already, before the first is answered"
    assert (refusal.retry_seconds, refusal.bound) == (1, "wait")
    assert admission.enter(bulk(8), 0) is None


def test_who_asks_beforehand_hears_what_a_small_request_would() -> None:
    admission = at_rate(100, free_rows=1, max_wait=0.5)
    assert admission.refusal() is None
    assert admission.enter(small(tokens=90), 2) is None
    asked = admission.refusal()
    assert asked is not None
    assert asked == admission.enter(small(tokens=1), 2)
    assert admission.rows == 1


def test_bulk_waits_as_long_as_it_must_and_small_requests_do_not_wait_for_it() -> None:
    admission = at_rate(10, free_rows=1, max_wait=0.5)
    for _ in range(3):
        assert admission.enter(bulk(8, tokens=100_000), 2) is None
    assert admission.enter(small(tokens=5), 2) is None
    assert admission.enter(small(tokens=5), 2) is None
    assert admission.enter(small(tokens=5), 2) is not None
    assert admission.enter(bulk(8), 2) is None


def test_the_rate_follows_what_is_answered_and_not_what_is_given_up() -> None:
    def waits(admission: Admission, now: float) -> int:
        admission.enter(small(tokens=1000), now)
        refusal = admission.enter(small(tokens=1), now)
        admission.leave(small(tokens=1000), now, answered=False)
        return refusal.retry_seconds if refusal else 0

    admission = at_rate(100)
    assert waits(admission, 2.0) == 10
    admission.enter(small(tokens=900), 10)  # the idle seconds before count for nothing
    admission.leave(small(tokens=900), 11, answered=True)
    assert waits(admission, 12) == 3  # 100 + 0.3 * (900 - 100) a second
    admission.enter(small(tokens=10_000), 20)
    admission.leave(small(tokens=10_000), 21, answered=False)
    assert waits(admission, 22) == 3


def test_answers_within_a_moment_make_one_sample() -> None:
    admission = Admission(free_rows=1, max_rows=1000, max_wait=0.5)
    admission.enter(bulk(100), 0)  # the model is never idle meanwhile
    for step in range(1, 5):
        admission.enter(small(tokens=10), step / 100)
        admission.leave(small(tokens=10), step / 100, answered=True)
    admission.enter(small(tokens=60), 0.1)
    admission.leave(small(tokens=60), 0.1, answered=True)
    # 100 tokens in a tenth of a second.
    admission.enter(small(tokens=2000), 0.1)
    refusal = admission.enter(small(), 0.1)
    assert refusal is not None
    assert refusal.retry_seconds == 2


loads = st.builds(Load, st.integers(1, 20), st.integers(1, 500), st.booleans())


@given(
    st.lists(st.tuples(st.just(None) | loads, st.floats(0, 1), st.booleans()), max_size=60),
    st.integers(1, 30),
)
def test_the_bound_holds_and_nothing_is_lost(
    moves: list[tuple[Load | None, float, bool]], max_rows: int
) -> None:
    admission = Admission(free_rows=4, max_rows=max_rows, max_wait=0.2)
    inside: list[Load] = []
    now = 0.0
    for load, seconds, answered in moves:
        now += seconds
        if load is None:
            if inside:
                admission.leave(inside.pop(0), now, answered)
        elif admission.enter(load, now) is None:
            inside.append(load)
        assert admission.rows == sum(load.rows for load in inside)
        assert admission.rows <= max_rows or len(inside) == 1
    for load in inside:
        admission.leave(load, now, answered=True)
    assert admission.rows == 0
    assert admission.enter(Load(max_rows + 1, 10**6, bulk=False), now) is None


@pytest.mark.parametrize("answered", [True, False])
def test_leaving_at_the_moment_of_entering_does_no_harm(answered: bool) -> None:
    admission = Admission(free_rows=1, max_rows=10, max_wait=0.1)
    for _ in range(3):
        assert admission.enter(small(), 5.0) is None
        admission.leave(small(), 5.0, answered)
    assert admission.rows == 0
