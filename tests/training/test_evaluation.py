"""Scores of published models, and the calibration error against a case done by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sacrebleu.metrics.bleu import BLEU

from service.pipelines.classification import ClassificationPipeline
from service.pipelines.translation import TranslationPipeline
from training.data.errors import DataError
from training.data.examples import LabelledText, SentencePair
from training.evaluation import (
    Measured,
    calibration_error,
    score_classification,
    score_translation,
)


def test_calibration_error_by_hand() -> None:
    # Bins of a tenth: 0.95, 0.91 (one of two right), 0.62 (right), 0.55 (wrong).
    confidence = np.array([0.95, 0.91, 0.62, 0.55])
    correct = np.array([True, False, True, False])
    expected = 2 / 4 * abs(0.93 - 0.5) + 1 / 4 * abs(0.62 - 1) + 1 / 4 * abs(0.55 - 0)
    assert calibration_error(confidence, correct) == pytest.approx(expected)
    assert calibration_error(confidence, correct, bins=1) == pytest.approx(0.7575 - 0.5)
    assert calibration_error(np.array([1.0, 1.0]), np.array([True, True])) == 0.0


@given(
    st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=30),
    st.integers(1, 20),
)
def test_calibration_error_is_a_share(rows: list[tuple[float, bool]], bins: int) -> None:
    confidence, correct = (np.array(column) for column in zip(*rows, strict=True))
    error = calibration_error(confidence, correct, bins)
    assert 0 <= error <= 1
    # Finer bins can only part what cancels out.
    assert error >= calibration_error(confidence, correct, bins=1) - 1e-12


def test_a_classifier_is_scored_in_percent(classifier: ClassificationPipeline) -> None:
    texts = ["a good film", "the good cat", "a bad film", "a bad dog"]
    labels = ["positive", "negative", "negative", "negative"]
    examples = [LabelledText(*pair) for pair in zip(texts, labels, strict=True)]
    accuracy, f1, calibration = score_classification(classifier, {"four": examples})
    assert accuracy == Measured("four", "accuracy", 75.0, 4)
    # positive: precision 1/2, recall 1; negative: precision 1, recall 2/3.
    assert (f1.metric, f1.value) == ("macro F1", round(100 * (2 / 3 + 4 / 5) / 2, 2))
    scores = [ranked[0].score for ranked in classifier.classify(texts)]
    expected = calibration_error(np.array(scores), np.array([True, False, True, True]))
    assert calibration.value == pytest.approx(100 * expected, abs=0.01)


def test_a_text_that_holds_nothing_to_read_is_scored_all_the_same(
    classifier: ClassificationPipeline,
) -> None:
    examples = [LabelledText("\u200b", "positive"), LabelledText("a good film", "positive")]
    assert score_classification(classifier, {"two": examples})[0].rows == 2


def test_an_unknown_label_is_named(classifier: ClassificationPipeline) -> None:
    examples = [LabelledText("good", "positive"), LabelledText("well", "neutral")]
    said = "two has labels that the model does not know: neutral; the model's are positive, neg"
    with pytest.raises(DataError, match=said):
        score_classification(classifier, {"two": examples})


def test_a_translator_is_scored_with_sacrebleu_and_its_signature(
    translator: TranslationPipeline,
) -> None:
    pairs = [
        SentencePair("the good cat sat on the mat", "The good cat sat on the Mat"),
        SentencePair("two men talk in the street", "two men walk in the park"),
    ]
    measured = score_translation(translator, {"two": pairs}, beam_sizes=(2, 1))
    kinds = ("BLEU", "chrF", "lower-cased BLEU")
    metrics = [one.metric for one in measured]
    assert metrics == [f"{kind}, beam {beam}" for beam in (2, 1) for kind in kinds]
    texts = [pair.source for pair in pairs]
    references = [[pair.target for pair in pairs]]
    expected = {
        "BLEU": BLEU().corpus_score(texts, references).score,
        "lower-cased BLEU": BLEU(lowercase=True).corpus_score(texts, references).score,
    }
    assert expected["BLEU"] < expected["lower-cased BLEU"]
    for one in measured:
        assert one.rows == 2
        assert one.signature is not None
        assert "version:" in one.signature
        kind = one.metric.split(",")[0]
        if kind in expected:
            assert one.value == round(expected[kind], 2)
            assert ("case:mixed" if kind == "BLEU" else "case:lc") in one.signature
            assert "tok:13a" in one.signature
