"""The service answers from the first moment, and is ready when every model has proved itself."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fastapi.testclient import TestClient
from prometheus_client import CollectorRegistry

from service.api.app import create_app
from service.artifact import Artifact, ClassificationExample, write_artifact
from service.metrics import Metrics
from service.pipelines.classification import ClassificationPipeline
from service.pipelines.loading import Pipeline
from service.pipelines.options import PipelineOptions
from service.repository import Repository, loader
from service.settings import Settings
from tests import tiny_models
from tests.service.api.conftest import loaded_client

PAIR = {"source": "en", "target": "de"}


@contextmanager
def gated_client(models: Path) -> Iterator[tuple[TestClient, threading.Event]]:
    gate = threading.Event()
    load = loader(PipelineOptions())

    def load_behind_the_gate(artifact: Artifact) -> Pipeline:
        gate.wait()
        return load(artifact)

    repository = Repository.open(models, PipelineOptions(), load=load_behind_the_gate)
    app = create_app(Settings(), repository, Metrics(CollectorRegistry()))
    with TestClient(app) as client:
        try:
            yield client, gate
        finally:
            gate.set()
            repository.wait_until_loaded()


def test_before_the_models_are_loaded_requests_are_turned_away(published_models: Path) -> None:
    with gated_client(published_models) as (client, gate):
        assert client.get("/health/live").json() == {"status": "ok"}
        assert [model["state"] for model in client.get("/models").json()] == ["loading"] * 2
        ready = client.get("/health/ready")
        predict = client.post("/predict", json={"inputs": "good"})
        translate = client.post("/translate", json={"q": "cat", **PAIR})
        unknown = client.post("/predict", json={"inputs": "good", "model": "nobody"})
        gate.set()
        client.app.state.services.repository.wait_until_loaded()  # type: ignore[attr-defined]
        loaded = client.get("/health/ready")
    assert ready.status_code == 503
    assert ready.json() == {
        "error": "not every model is ready: sentiment is loading; translation-en-de is loading"
    }
    assert predict.json() == {"error": "model sentiment is still loading"}
    assert translate.json() == {"error": "model translation-en-de is still loading"}
    for response in (ready, predict, translate):
        assert response.status_code == 503
        assert response.headers["retry-after"] == "1"
    assert unknown.status_code == 404
    assert loaded.json() == {
        "status": "ready",
        "models": {"sentiment": 1, "translation-en-de": 1},
    }


def test_a_model_that_breaks_its_word_is_never_ready_and_the_others_answer(models: Path) -> None:
    wrong = ClassificationExample(text="a good film", label="positive", score=0.5)
    tiny_models.publish_classifier(models, name="liar", examples=(wrong,))
    with loaded_client(models) as client:
        ready = client.get("/health/ready")
        described = client.get("/models/liar").json()
        refused = client.post("/predict", json={"inputs": "good", "model": "liar"})
        answered = client.post("/predict", json={"inputs": "good"})
    reason = 'liar answers "a good film" with positive 0.791; its manifest says positive 0.500'
    assert ready.status_code == 503
    assert reason in ready.json()["error"]
    assert described["state"] == "failed"
    assert reason in described["reason"]
    assert refused.status_code == 503
    assert reason in refused.json()["error"]
    assert answered.status_code == 200


def test_a_graph_that_onnxruntime_refuses_fails_its_model_alone(models: Path) -> None:
    draft = tiny_models.classifier_draft(name="broken")
    files = tiny_models.classifier_files(draft) | {"classifier.onnx": b"no graph"}
    write_artifact(models, draft, files)
    with loaded_client(models) as client:
        described = client.get("/models/broken").json()
        answered = client.post("/predict", json={"inputs": "good"})
    assert described["state"] == "failed"
    assert described["reason"].endswith("while loading; the log says where")
    assert answered.status_code == 200


def test_pipelines_are_handed_out_by_name(published_models: Path) -> None:
    repository = Repository.open(published_models, PipelineOptions())
    seen: list[int] = []
    repository.start(
        lambda: seen.append(sum(m.active is not None for m in repository.models().values()))
    )
    repository.wait_until_loaded()
    assert (seen[0], seen[-1]) == (0, 2)
    with repository.classifier("sentiment") as named, repository.classifier() as default:
        assert isinstance(named.pipeline, ClassificationPipeline)
        assert named.pipeline is default.pipeline
    repository.require_ready()
