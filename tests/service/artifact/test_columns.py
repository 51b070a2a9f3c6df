"""Cells become features, and what is no cell of its column is named."""

import numpy as np
import pytest

from service.artifact import CategoryColumn, NumberColumn
from service.artifact.columns import BadCell, encode, feature_count, feature_names, scales

HIGH = NumberColumn(name="high", mean=10.0, deviation=2.0, may_be_missing=True)
MEAL = CategoryColumn(name="meal", values=("pizza", "burger"), may_be_missing=True)
WIND = NumberColumn(name="wind", mean=0.0, deviation=1.0)
DAY = CategoryColumn(name="day", values=("Monday",))


def test_a_step_becomes_its_features() -> None:
    columns = (HIGH, MEAL, WIND)
    assert feature_names(columns) == [
        "high", "high missing", "meal=pizza", "meal=burger", "meal missing", "wind",
    ]  # fmt: skip
    assert feature_count(columns) == 6
    features = encode(columns, {"wind": [3, -1.5], "meal": ["burger", None], "high": [12.5, None]})
    assert features.dtype == np.float32
    assert features.tolist() == [[12.5, 0, 0, 1, 0, 3], [10, 1, 0, 0, 1, -1.5]]
    means, deviations = scales(columns)
    assert means.tolist() == [10, 0, 0, 0, 0, 0]
    assert deviations.tolist() == [2, 1, 1, 1, 1, 1]


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        ({"wind": [1]}, 'the column "day" is missing; the model reads wind, day'),
        ({"wind": [1], "day": ["Monday"], "rain": [1]}, '"rain" is no column of this model'),
        ({"wind": [1, 2], "day": ["Monday"]}, "different numbers of steps: wind 2, day 1"),
        (
            {"wind": [1, None], "day": ["Monday"] * 2},
            'step 1: "wind" is null, and may not be missing; send a number',
        ),
        ({"wind": [True], "day": ["Monday"]}, '"wind" is true or false; send a number'),
        ({"wind": ["3"], "day": ["Monday"]}, '"wind" is "3"; send a number'),
        ({"wind": [[3]], "day": ["Monday"]}, '"wind" is a list; send a number'),
        ({"wind": [float("nan")], "day": ["Monday"]}, '"wind" is nan; send a number that'),
        ({"wind": [float("inf")], "day": ["Monday"]}, '"wind" is inf; send a number that'),
        ({"wind": [10**400], "day": ["Monday"]}, '"wind" is inf; send a number that'),
        ({"wind": [1.1e6], "day": ["Monday"]}, r"not so far from the 0 ± 1 that the model"),
        ({"wind": [1], "day": ["Tuesday"]}, '"day" is "Tuesday"; send one of: Monday$'),
        ({"wind": [1], "day": ["\ud800"]}, '"day" is "\N{REPLACEMENT CHARACTER}"'),
        ({"wind": [1], "day": [3]}, '"day" is a number; send one of: Monday'),
        (
            {"wind": [1], "day": [None]},
            '"day" is null, and may not be missing; send one of: Monday',
        ),
    ],
)
def test_a_bad_cell_is_named(cells: dict[str, list[object]], message: str) -> None:
    with pytest.raises(BadCell, match=message):
        encode((WIND, DAY), cells)
