from itertools import pairwise

import pytest

from benchmarks.load.arrivals import poisson


def test_arrivals_come_in_order_at_their_rates() -> None:
    found = poisson([100, 25], 40, seed=1)
    assert all(a.due <= b.due for a, b in pairwise(found))
    assert all(0 < arrival.due < 40 for arrival in found)
    counts = [sum(arrival.stream == stream for arrival in found) for stream in (0, 1)]
    # Four standard deviations of a Poisson count.
    assert counts[0] == pytest.approx(4000, abs=4 * 4000**0.5)
    assert counts[1] == pytest.approx(1000, abs=4 * 1000**0.5)


def test_gaps_are_exponential() -> None:
    due = [arrival.due for arrival in poisson([50], 100, seed=3)]
    gaps = [b - a for a, b in pairwise(due)]
    mean = sum(gaps) / len(gaps)
    variance = sum((gap - mean) ** 2 for gap in gaps) / len(gaps)
    assert variance == pytest.approx(mean**2, rel=0.15)


def test_numbers_count_within_a_stream() -> None:
    found = poisson([10, 10], 5, seed=2)
    for stream in (0, 1):
        numbers = [arrival.number for arrival in found if arrival.stream == stream]
        assert numbers == list(range(len(numbers)))


def test_a_stream_keeps_its_times_beside_others() -> None:
    alone = poisson([30], 5, seed=9)
    beside = poisson([30, 70], 5, seed=9)
    assert [arrival for arrival in beside if arrival.stream == 0] == alone
    assert poisson([30], 5, seed=10) != alone
