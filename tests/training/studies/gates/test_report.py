"""The verdicts of the tables."""

import pytest

from training.studies.gates.report import verdict


@pytest.mark.parametrize(
    ("interval", "expected"),
    [
        ([0.5, 0.4, 0.6], "as said (+0.50)"),
        ([-0.5, -0.6, -0.4], "the opposite (-0.50)"),
        ([0.3, 0.2, 0.4], "a little, as said (+0.30)"),
        ([-0.3, -0.4, -0.2], "a little, the opposite (-0.30)"),
        ([0.1, 0.09, 0.11], "no difference to speak of (+0.10)"),  # sure, and small
        ([0.5, -0.1, 1.1], "no difference to speak of (+0.50)"),  # large, and not sure
        (None, "not known"),
    ],
)
def test_a_verdict_needs_a_difference_that_is_sure_and_not_small(
    interval: list[float] | None, expected: str
) -> None:
    assert verdict(interval) == expected
