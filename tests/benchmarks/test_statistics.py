import pytest

from benchmarks.statistics import latencies, mean, median, outer_quarters, percentile


def test_percentiles_are_interpolated() -> None:
    values = [40.0, 10.0, 30.0, 20.0]
    assert percentile(values, 0) == 10
    assert percentile(values, 100) == 40
    assert percentile(values, 50) == 25
    assert percentile(values, 90) == pytest.approx(37)


def test_one_value_is_every_percentile() -> None:
    assert {percentile([7.0], percent) for percent in (0, 1, 50, 99, 100)} == {7.0}


@pytest.mark.parametrize("percent", [-1, 101])
def test_a_percent_out_of_range_is_refused(percent: float) -> None:
    with pytest.raises(ValueError, match="from 0 to 100"):
        percentile([1.0], percent)


def test_an_empty_sample_is_refused() -> None:
    for summary in (median, mean, lambda values: percentile(values, 99)):
        with pytest.raises(ValueError, match="at least one"):
            summary([])


def test_latencies_are_milliseconds() -> None:
    found = latencies("first", [0.001, 0.003, 0.002])
    assert found["first_count"] == 3
    assert found["first_p50"] == pytest.approx(2)
    assert found["first_max"] == pytest.approx(3)


def test_no_latencies_are_only_counted() -> None:
    assert latencies("first", []) == {"first_count": 0}


def test_outer_quarters_leave_the_middle_out() -> None:
    assert outer_quarters([1, 3, 100, 100, 100, 100, 5, 7]) == (2, 6)
    with pytest.raises(ValueError, match="four"):
        outer_quarters([1, 2, 3])
