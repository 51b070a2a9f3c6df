import pytest

from benchmarks.answers import WrongAnswers, compare_labels, compare_texts
from benchmarks.catalogue import MLSERVER, SENTIMENT, read_labels

EXPECTED = [("positive", 0.9), ("negative", 0.8)]


def test_equal_answers() -> None:
    found = compare_labels(EXPECTED, list(EXPECTED))
    assert found == {
        "texts": 2,
        "other_label": 0,
        "other_score": 0,
        "largest_difference": 0,
    }


def test_labels_and_scores_that_moved_are_counted_apart() -> None:
    found = compare_labels(EXPECTED, [("positive", 0.89), ("positive", 0.8)])
    assert (found["other_label"], found["other_score"]) == (1, 1)
    assert found["largest_difference"] == pytest.approx(0.01)


def test_a_score_may_lose_the_digits_that_printing_costs() -> None:
    assert compare_labels([("a", 0.9)], [("a", 0.9 + 1e-7)])["other_score"] == 0


def test_answers_that_are_missing_are_wrong() -> None:
    with pytest.raises(WrongAnswers, match="1 answers to 2 texts"):
        compare_labels(EXPECTED, EXPECTED[:1])
    with pytest.raises(WrongAnswers, match="0 answers to 1 texts"):
        compare_texts(["a"], [])


def test_texts_that_differ_are_counted() -> None:
    assert compare_texts(["a", "b"], ["a", "c"]) == {"texts": 2, "other_text": 1}


def test_answers_are_read_in_every_shape() -> None:
    labels = [{"label": "positive", "score": 0.9}, {"label": "negative", "score": 0.1}]
    assert read_labels(labels) == [("positive", 0.9)]
    assert read_labels([labels, labels]) == [("positive", 0.9)] * 2
    tensors = [{"name": "score", "data": [0.9, 0.7]}, {"name": "label", "data": ["a", "b"]}]
    assert MLSERVER.read({"outputs": tensors}) == [("a", 0.9), ("b", 0.7)]


def test_systems_have_names_of_their_own() -> None:
    names = [system.name for system in SENTIMENT]
    assert len(set(names)) == len(names)
