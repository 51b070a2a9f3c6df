"""Classification: whole texts, in their order, whatever they are batched with."""

import threading
from collections.abc import Sequence
from pathlib import Path
from queue import Queue

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from service.artifact import read_artifact
from service.errors import TextError, TextTooLong
from service.pipelines.classification import (
    LONG_TEXT_TOKENS,
    ClassificationPipeline,
    Prediction,
    softmax,
)
from service.pipelines.options import PipelineOptions
from service.runtime.job import Event, Finished, Job
from service.runtime.session import Array
from tests import tiny_models

few = settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
words = st.lists(st.sampled_from(["good", "bad", "the", "cat", "läuft", "😀", "x"]), min_size=1)
texts_of_words = st.lists(words.map(" ".join), min_size=1, max_size=12)
AWKWARD_TEXTS = [
    "a\0b",
    "😀 👩‍👩‍👧 🇩🇪",
    "שלום עולם",
    "e\u0301 a\u0301\u0302",
    "\u202ereversed\u202c",
    "x" * 20_000,
    "\ufeffgood",
    "\uffff",
    "ﷺ" * 100,
]


def scores(predictions: list[Prediction]) -> dict[str, float]:
    return {prediction.label: prediction.score for prediction in predictions}


def test_every_label_has_a_score_and_the_best_comes_first(
    classifier: ClassificationPipeline,
) -> None:
    good, bad = classifier.classify(["a good film", "a bad film"])
    assert [prediction.label for prediction in good] == ["positive", "negative"]
    assert [prediction.label for prediction in bad] == ["negative", "positive"]
    assert good[0].score == pytest.approx(tiny_models.expected_score("a good film", 0), abs=1e-6)


def test_no_text_gets_no_answer(classifier: ClassificationPipeline) -> None:
    assert classifier.classify([]) == []


def test_labels_of_equal_score_keep_their_order(classifier: ClassificationPipeline) -> None:
    (answer,) = classifier.classify(["the cat"])
    assert answer == [Prediction("positive", 0.5), Prediction("negative", 0.5)]


def test_a_long_text_is_read_to_its_last_word(classifier: ClassificationPipeline) -> None:
    balanced = "good bad " * 2_500
    (even,) = classifier.classify([balanced])
    assert scores(even)["positive"] == pytest.approx(0.5)
    for last, label in (("good", 0), ("bad", 1)):
        text = balanced + f"{last} " * 200
        (answer,) = classifier.classify([text])
        expected = tiny_models.expected_score(text, label)
        assert expected > 0.5
        assert scores(answer)[classifier.labels[label]] == pytest.approx(expected, abs=1e-5)


@few
@given(texts=texts_of_words, size=st.integers(1, 5), tokens=st.integers(1, 60))
def test_answers_do_not_depend_on_the_batch(
    published_models: Path, texts: list[str], size: int, tokens: int
) -> None:
    artifact = read_artifact(published_models / "sentiment" / "1")
    options = PipelineOptions(max_batch_size=size, max_batch_tokens=tokens)
    together = ClassificationPipeline(artifact, options).classify(texts)
    assert len(together) == len(texts)
    for text, answer in zip(texts, together, strict=True):
        assert sum(prediction.score for prediction in answer) == pytest.approx(1, abs=1e-6)
        for index, label in enumerate(("positive", "negative")):
            expected = tiny_models.expected_score(text, index)
            assert scores(answer)[label] == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("text", AWKWARD_TEXTS, ids=ascii)
def test_awkward_texts_are_answered_and_leave_their_neighbours_alone(
    classifier: ClassificationPipeline, text: str
) -> None:
    neighbour = "a good film"
    (alone,) = classifier.classify([neighbour])
    before, awkward, after = classifier.classify([neighbour, text, neighbour])
    for answer in (before, after):
        assert scores(answer) == pytest.approx(scores(alone), abs=1e-5)
    assert scores(awkward).keys() == {"positive", "negative"}
    assert sum(scores(awkward).values()) == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "nothing to read is left of it; send at least one word"),
        (" \n", "nothing to read is left of it"),
        ("\x01\u200b", "nothing to read is left of it"),
        ("ab\ud800", "character 2 is U\\+D800, half of a surrogate pair"),
    ],
    ids=ascii,
)
@pytest.mark.parametrize("index", [0, 2])
def test_a_text_that_cannot_be_read_is_named(
    classifier: ClassificationPipeline, text: str, reason: str, index: int
) -> None:
    texts = ["good", "bad", "good"]
    texts[index] = text
    with pytest.raises(TextError, match=reason) as caught:
        classifier.classify(texts)
    assert caught.value.index == index


def test_logits_keep_the_order_of_their_rows(classifier: ClassificationPipeline) -> None:
    rows = [classifier.artifact.tokenizer.encode(t) for t in ("good", "the cat sat", "bad", "good")]
    logits = classifier.logits(rows)
    assert logits.shape == (4, 2)
    assert logits.dtype == np.float32
    np.testing.assert_array_equal(logits[0], logits[3])
    assert logits.argmax(axis=1).tolist() == [0, 0, 1, 0]


def test_an_artifact_of_another_task_is_refused(published_models: Path) -> None:
    artifact = read_artifact(published_models / "translation-en-de" / "1")
    with pytest.raises(TypeError, match="translation-en-de is a translation model"):
        ClassificationPipeline(artifact)


def test_any_number_of_labels(models: Path) -> None:
    labels = ("up", "down", "neither", "1")
    path = tiny_models.publish_classifier(models, name="mood", labels=labels)
    (answer,) = ClassificationPipeline(read_artifact(path)).classify(["bad"])
    assert answer[0].label == "down"
    assert scores(answer).keys() == set(labels)


@given(
    st.lists(
        st.lists(st.floats(-(2.0**100), 2.0**100, width=32), min_size=3, max_size=3), min_size=1
    )
)
def test_softmax_gives_probabilities(lines: list[list[float]]) -> None:
    logits = np.array(lines, dtype=np.float32)
    shares = softmax(logits)
    assert np.all((shares >= 0) & (shares <= 1))
    np.testing.assert_allclose(shares.sum(axis=1), 1, rtol=1e-6)
    for line, share in zip(logits, shares, strict=True):
        assert share[line.argmax()] == share.max()


def test_a_text_of_too_many_tokens_is_refused(published_models: Path) -> None:
    artifact = read_artifact(published_models / "sentiment" / "1")
    classifier = ClassificationPipeline(artifact, PipelineOptions(max_text_tokens=50))
    at_the_limit = "good " * (50 - len(artifact.tokenizer.encode("")))
    while len(artifact.tokenizer.encode(at_the_limit)) > 50:
        at_the_limit = at_the_limit.removesuffix("good ")
    assert classifier.classify([at_the_limit])
    with pytest.raises(TextTooLong, match=r"the text has \d+ tokens; the limit is 50") as caught:
        classifier.classify(["good", at_the_limit + "good " * 50])
    assert caught.value.index == 1


def test_a_submitted_job_is_answered_as_the_blocking_call(published_models: Path) -> None:
    classifier = ClassificationPipeline(
        read_artifact(published_models / "sentiment" / "1"), PipelineOptions(max_batch_size=5)
    )
    groups: Queue[list[Event]] = Queue()
    asked: dict[Job, list[str]] = {}
    for n in range(20):
        texts = [f"good bad the cat {'good ' * n}", "a bad film", "the " * 700][: 1 + n % 3]
        job = Job(groups.put, bulk=n % 4 == 0)
        asked[job] = texts
        classifier.submit(job, classifier.tokenize(texts))
    answered: list[Event] = []
    while len(answered) < len(asked):
        answered += groups.get(timeout=60)
    classifier.close()
    assert {event.job for event in answered if isinstance(event, Finished)} == asked.keys()
    for job, texts in asked.items():
        for answer, alone in zip(job.results, classifier.classify(texts), strict=True):
            assert scores(answer) == pytest.approx(scores(alone), abs=1e-5)
            assert answer[0].label == alone[0].label


class HeldClassifier(ClassificationPipeline):
    """Computes long texts only once it may."""

    computing = threading.Event()
    go_on = threading.Event()

    def compute(self, rows: Sequence[Sequence[int]]) -> Array:
        if max(map(len, rows)) > LONG_TEXT_TOKENS:
            self.computing.set()
            assert self.go_on.wait(60)
        return super().compute(rows)


def test_a_long_text_holds_up_no_short_one(published_models: Path) -> None:
    classifier = HeldClassifier(read_artifact(published_models / "sentiment" / "1"))
    groups: Queue[list[Event]] = Queue()
    rows = classifier.tokenize(["the " * 2 * LONG_TEXT_TOKENS, "good", "bad"])
    long, short, later = (Job(groups.put) for _ in range(3))
    classifier.submit(long, rows[:1])
    assert classifier.computing.wait(60)
    classifier.submit(short, rows[1:])
    assert groups.get(timeout=60) == [Finished(short)]
    classifier.submit(later, rows[:2])  # a long one among them
    classifier.go_on.set()
    assert [*groups.get(timeout=60), *groups.get(timeout=60)] == [Finished(long), Finished(later)]
    classifier.close()
    assert long.results[0] == later.results[0]
