"""What words say of a label."""

import math

import pytest

from training.data.evidence import Evidence
from training.data.examples import LabelledText

ROWS = [
    LabelledText("Good, good food", "positive"),
    LabelledText("good place", "positive"),
    LabelledText("bad food", "negative"),
]


def test_it_is_the_ratio_of_the_shares_of_texts_with_the_word() -> None:
    evidence = Evidence(ROWS)
    good = math.log(3 / 4) - math.log(1 / 3)  # both of 2 texts, none of 1; add-one smoothing
    assert evidence.of_word("good") == pytest.approx(good)
    bad, food = math.log(1 / 4) - math.log(2 / 3), math.log(2 / 4) - math.log(2 / 3)
    assert evidence.of_text("GOOD good, bad food") == pytest.approx(good + bad + food)
    assert evidence.strongest("bad food", texts=1) == pytest.approx(-bad)
    assert evidence.strongest("bad food", texts=2) == pytest.approx(-food)
    assert evidence.strongest("...", texts=1) == 0.0
