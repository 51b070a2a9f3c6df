"""The learning rate as a function of the position in the run."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.schedule import Schedule, learning_rate

SCHEDULES: tuple[Schedule, ...] = ("constant", "linear", "cosine")


@pytest.mark.parametrize(
    ("schedule", "rates"),
    [
        ("constant", (0.1, 0.1, 0.1)),
        ("linear", (0.1, 0.051, 0.002)),
        ("cosine", (0.1, 0.051, 0.002)),
    ],
)
def test_beginning_middle_and_end(schedule: Schedule, rates: tuple[float, ...]) -> None:
    got = [learning_rate(0.1, schedule, 10, 1000, progress) for progress in (0.0, 0.5, 1.0)]
    assert got == pytest.approx(rates)


def test_cosine_stays_high_longer_and_low_longer_than_a_line() -> None:
    early = [learning_rate(1.0, schedule, 0, 0, 0.25) for schedule in ("linear", "cosine")]
    late = [learning_rate(1.0, schedule, 0, 0, 0.75) for schedule in ("linear", "cosine")]
    assert early[1] > early[0]
    assert late[1] < late[0]


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_the_first_steps_rise_in_equal_parts(schedule: Schedule) -> None:
    rates = [learning_rate(0.1, schedule, 4, step, 0.0) for step in range(6)]
    assert rates == pytest.approx([0.025, 0.05, 0.075, 0.1, 0.1, 0.1])
    assert learning_rate(0.1, schedule, 0, 0, 0.0) == pytest.approx(0.1)


@given(
    schedule=st.sampled_from(SCHEDULES),
    warmup=st.integers(0, 500),
    step=st.integers(0, 1000),
    places=st.tuples(st.floats(0, 1), st.floats(0, 1)),
)
def test_it_never_rises_with_progress_nor_leaves_its_bounds(
    schedule: Schedule, warmup: int, step: int, places: tuple[float, float]
) -> None:
    early, late = (learning_rate(1.0, schedule, warmup, step, at) for at in sorted(places))
    assert 0 < late <= early <= 1.0
