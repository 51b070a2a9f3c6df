"""Sequences get forecasts and labels, alone as in any batch."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from service.artifact import (
    ArtifactError,
    Forecast,
    SequenceExample,
    read_artifact,
    write_artifact,
)
from service.errors import ProofError, TextError, TextTooLong
from service.pipelines.loading import load_pipeline
from service.pipelines.options import PipelineOptions
from service.pipelines.proof import prove
from service.pipelines.sequence import SequencePipeline
from tests import tiny_models, tiny_sequences


def opened(path: Path, **options: Any) -> SequencePipeline:
    pipeline = load_pipeline(read_artifact(path), PipelineOptions(**options))
    assert isinstance(pipeline, SequencePipeline)
    return pipeline


def sold(*values: float) -> dict[str, list[object]]:
    return {"sold": list(values), "promoted": [1.0] * len(values)}


def test_a_forecast_has_its_interval(tmp_path: Path) -> None:
    pipeline = opened(tiny_sequences.publish_forecaster(tmp_path))
    (found,) = pipeline.forecast([sold(20, 25)])
    assert found.values.ravel().tolist() == [26, 27, 28]
    assert found.lower is not None and found.upper is not None
    assert found.lower.ravel().tolist() == [25, 25, 25]
    assert found.upper.ravel().tolist() == [27, 29, 31]


def test_labels_come_best_first(tmp_path: Path) -> None:
    pipeline = opened(tiny_sequences.publish_labeller(tmp_path))
    (ranked,) = pipeline.classify([{"meal": ["pizza", "burger"]}])
    assert [one.label for one in ranked] == ["burger", "pizza"]
    assert ranked[0].score == pytest.approx(1 / (1 + np.exp(-4.0)), abs=1e-6)


def test_the_last_steps_of_a_long_sequence_are_read(tmp_path: Path) -> None:
    pipeline = opened(tiny_sequences.publish_forecaster(tmp_path))
    (row,) = pipeline.encode([sold(*range(10, 30))])
    assert row[:, 0].tolist() == list(range(24, 30))


def test_too_short_and_too_long_sequences_are_named(tmp_path: Path) -> None:
    pipeline = opened(tiny_sequences.publish_forecaster(tmp_path), max_sequence_steps=8)
    with pytest.raises(TextError, match="text 1: the sequence has 1 step; send 2 at least"):
        pipeline.encode([sold(1, 2), sold(1)])
    with pytest.raises(TextTooLong, match="has 9 steps; the limit is 8, and this model reads the"):
        pipeline.encode([sold(*range(9))])
    with pytest.raises(TextError, match="the sequence is empty"):
        pipeline.encode([sold()])


@pytest.mark.parametrize("value", [np.nan, np.inf, 6e6])
def test_features_of_a_client_are_checked(tmp_path: Path, value: float) -> None:
    pipeline = opened(tiny_sequences.publish_forecaster(tmp_path))
    rows = np.full((2, 3), 1.0, np.float32)
    assert len(pipeline.check_features([rows])) == 1
    rows[1, 0] = value
    with pytest.raises(TextError, match=r'step 1: "sold" is .*; send a number that is not so far'):
        pipeline.check_features([rows])


def test_examples_are_proved(tmp_path: Path) -> None:
    prove(opened(tiny_sequences.publish_forecaster(tmp_path)))
    prove(opened(tiny_sequences.publish_labeller(tmp_path)))
    wrong = SequenceExample(
        inputs={"sold": (30.0, 31.0), "promoted": (0.0, 1.0)},
        forecast=((32.0,), (33.0,), (34.5,)),
    )
    with pytest.raises(ProofError, match=r"example 1 that are up to 0.1"):
        prove(opened(tiny_sequences.publish_forecaster(tmp_path, name="bad", examples=(wrong,))))
    other = SequenceExample(inputs={"meal": ("pizza",)}, label="burger", score=0.9)
    with pytest.raises(ProofError, match=r"example 1 with pizza 0.98"):
        prove(opened(tiny_sequences.publish_labeller(tmp_path, name="bad2", examples=(other,))))


def test_it_refuses_another_task(published_models: Path) -> None:
    with pytest.raises(TypeError, match="sentiment is a classification model"):
        SequencePipeline(read_artifact(published_models / "sentiment" / "1"))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"labels": ("a", "b")}, "a model has a forecast, or two labels or more"),
        ({"shortest": 9}, "shortest is 9, more than the window of 6"),
        ({"columns": (tiny_sequences.SOLD, tiny_sequences.SOLD)}, "columns holds a name twice"),
        ({"forecast": Forecast(columns=("rain",), horizon=3)}, "'rain', which is no column of nu"),
        ({"examples": (SequenceExample(inputs={"sold": (1.0,)}),)}, "an example has the columns"),
    ],
)
def test_a_draft_agrees_with_itself(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        tiny_sequences.forecaster_draft(**changes)


def test_an_artifact_needs_its_graph(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match=r"sequence.onnx is used, but files does not list it"):
        write_artifact(
            tmp_path, tiny_sequences.labeller_draft(), {"x": tiny_models.tokenizer_bytes()}
        )
