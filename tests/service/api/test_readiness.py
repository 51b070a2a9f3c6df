"""The service answers from the first moment, and is ready when every model has proved itself."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fastapi.testclient import TestClient
from prometheus_client import CollectorRegistry

from service.api.app import create_app
from service.artifact import ClassificationExample, write_artifact
from service.metrics import Metrics
from service.pipelines.classification import ClassificationPipeline
from service.pipelines.options import PipelineOptions
from service.repository import Entry, Repository
from service.settings import Settings
from tests import tiny_models
from tests.service.api.conftest import loaded_client

PAIR = {"source": "en", "target": "de"}


class GatedRepository(Repository):
    """Loads a model only when the test opens the gate."""

    gate: threading.Event

    def _load(self, entry: Entry) -> Entry:
        self.gate.wait()
        return super()._load(entry)


@contextmanager
def gated_client(models: Path) -> Iterator[tuple[TestClient, threading.Event]]:
    repository = GatedRepository.open(models, PipelineOptions())
    repository.gate = threading.Event()
    app = create_app(Settings(), repository, Metrics(CollectorRegistry()))
    with TestClient(app) as client:
        try:
            yield client, repository.gate
        finally:
            repository.gate.set()
            app.state.loading.join()


def test_before_the_models_are_loaded_requests_are_turned_away(published_models: Path) -> None:
    with gated_client(published_models) as (client, gate):
        assert client.get("/health/live").json() == {"status": "ok"}
        assert [model["state"] for model in client.get("/models").json()] == ["loading"] * 2
        ready = client.get("/health/ready")
        predict = client.post("/predict", json={"inputs": "good"})
        translate = client.post("/translate", json={"q": "cat", **PAIR})
        unknown = client.post("/predict", json={"inputs": "good", "model": "nobody"})
        gate.set()
        app = client.app
        app.state.loading.join()  # type: ignore[attr-defined]
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


def test_the_event_loop_answers_while_models_compute(published_models: Path) -> None:
    with loaded_client(published_models, max_concurrent_requests=1, max_waiting_requests=1) as c:
        pool = c.app.state.services.classification  # type: ignore[attr-defined]
        entered, leave = threading.Event(), threading.Event()

        def compute() -> str:
            entered.set()
            leave.wait()
            return "done"

        assert c.portal is not None
        running = c.portal.start_task_soon(pool.run, compute)
        entered.wait()
        waiting = c.portal.start_task_soon(pool.run, lambda: "waited")
        metrics = c.get("/metrics").text
        busy = c.post("/predict", json={"inputs": "good"})
        other = c.post("/translate", json={"q": "cat", **PAIR})
        leave.set()
        assert (running.result(), waiting.result()) == ("done", "waited")
        after = c.post("/predict", json={"inputs": "good"})
    assert 'gatehouse_requests_in_progress{task="classification"} 2.0' in metrics
    assert busy.status_code == 429
    assert busy.headers["retry-after"] == "1"
    assert "2 requests of this kind are waiting already" in busy.json()["error"]
    assert other.status_code == 200
    assert after.status_code == 200


def test_pipelines_are_handed_out_by_name(published_models: Path) -> None:
    repository = Repository.open(published_models, PipelineOptions())
    calls: list[int] = []
    repository.load(lambda: calls.append(1))
    assert len(calls) == 2
    pipeline = repository.classifier("sentiment")
    assert isinstance(pipeline, ClassificationPipeline)
    assert pipeline is repository.classifier()
    repository.require_ready()
