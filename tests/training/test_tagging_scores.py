"""Scores of tags and entities, against examples that were worked out by hand."""

import numpy as np
import pytest

from training.tagging_evaluation import score_tags
from training.tagging_scores import span_scores, token_accuracy

# Gold: Teddy Roosevelt (person), London (place) | Tesla (firm).
GOLD = [["B-person", "I-person", "O", "B-place"], ["B-firm", "O"]]
# Found: Teddy alone (wrong end), London as a firm (wrong kind), Tesla (right), "is" (made up).
FOUND = [["B-person", "O", "O", "B-firm"], ["B-firm", "B-firm"]]


def test_an_entity_counts_only_whole_and_of_its_kind() -> None:
    scores = span_scores(GOLD, FOUND)
    # One of four found is right, one of three wanted is found: F1 = 2 * 1 / (4 + 3).
    assert scores.precision == pytest.approx(25.0)
    assert scores.recall == pytest.approx(100 / 3)
    assert scores.f1 == pytest.approx(100 * 2 / 7)


def test_nothing_found_and_nothing_to_find() -> None:
    none = [["O", "O"]]
    assert span_scores(GOLD[1:], none) == (0.0, 0.0, 0.0)
    assert span_scores(none, none) == (0.0, 0.0, 0.0)
    assert span_scores(GOLD, GOLD) == pytest.approx((100.0, 100.0, 100.0))


def test_neighbours_of_a_kind_are_two() -> None:
    one, two = [["B-a", "I-a"]], [["B-a", "B-a"]]
    assert span_scores(one, two).f1 == 0.0
    assert span_scores(two, two).f1 == pytest.approx(100.0)


def test_accuracy_is_of_words_over_all_sentences() -> None:
    gold, found = [np.array([0, 1, 2]), np.array([3])], [np.array([0, 1, 0]), np.array([3])]
    assert token_accuracy(gold, found) == 75.0


def test_measured_scores() -> None:
    values = {one.metric: one.value for one in score_tags("set", GOLD, FOUND, bio=True)}
    assert values == {
        "accuracy": 50.0,
        "span F1": 28.57,
        "span precision": 25.0,
        "span recall": 33.33,
    }
    (only,) = score_tags("set", [["NOUN"]], [["VERB"]], bio=False)
    assert (only.metric, only.value, only.rows) == ("accuracy", 0.0, 1)
