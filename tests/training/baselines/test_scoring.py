"""A baseline is trained on all sources and measured with calibrated probabilities."""

from collections.abc import Sequence

import numpy as np
import pytest

from tests.training import small_tasks
from training.baselines.scoring import score_classifier, trained_baseline
from training.baselines.tfidf import Tfidf
from training.data.errors import DataError
from training.data.examples import LabelledText
from training.evaluation import calibration_error


class Overconfident:
    """Says 0.99 where 7 of 10 are right, whatever the text is."""

    def __init__(self) -> None:
        self.seen = 0

    def fit(self, texts: Sequence[str], classes: np.ndarray) -> None:
        self.seen = len(texts)

    def probabilities(self, texts: Sequence[str]) -> np.ndarray:
        return np.tile([0.01, 0.99], (len(texts), 1))


def held_out(count: int) -> list[LabelledText]:
    labels = ["positive"] * 7 + ["negative"] * 3
    return [LabelledText(f"text {row}", labels[row % 10]) for row in range(count)]


def test_overconfidence_is_taken_back_on_validation_data() -> None:
    corpora = small_tasks.labelled()
    object.__setattr__(corpora, "validation", {"one": held_out(50)})
    baseline = Overconfident()
    shares = trained_baseline(baseline, corpora, small_tasks.LABELS)
    assert baseline.seen == sum(map(len, corpora.train))
    # The temperature stops at 4: log(99) / 4 is a share of 0.76.
    np.testing.assert_allclose(shares(["x"])[0, 1], 1 / (1 + 99**-0.25), atol=1e-3)
    sure = baseline.probabilities(["x"] * 50).max(axis=1)
    right = np.array([example.label == "positive" for example in held_out(50)])
    (_, _, error) = score_classifier(shares, {"one": held_out(50)}, small_tasks.LABELS)
    assert error.value < 100 * calibration_error(sure, right) / 3


def test_every_test_set_is_scored() -> None:
    corpora = small_tasks.labelled()
    shares = trained_baseline(Tfidf(), corpora, small_tasks.LABELS)
    tests = {"synthetic": corpora.test["synthetic"], "train": corpora.train[0]}
    measured = score_classifier(shares, tests, small_tasks.LABELS)
    assert [(one.dataset, one.metric) for one in measured] == [
        (name, metric) for name in tests for metric in ("accuracy", "macro F1", "calibration error")
    ]
    assert measured[3].value > 90  # what it has learnt
    with pytest.raises(DataError, match="odd has labels that the model does not know: neutral"):
        score_classifier(shares, {"odd": [LabelledText("x", "neutral")]}, small_tasks.LABELS)
