"""Routes that few ask for are added when the service answers already, and nobody notices."""

import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from prometheus_client import CollectorRegistry

from service.api.app import create_app
from service.api.completion import Completion
from service.metrics import Metrics
from service.pipelines.options import PipelineOptions
from service.repository import Repository
from service.settings import Settings

PAIR = {"source": "en", "target": "de"}


@pytest.fixture
def app(published_models: Path) -> FastAPI:
    """An app that nobody has asked anything."""
    repository = Repository.open(published_models, PipelineOptions())
    return create_app(Settings(models=published_models), repository, Metrics(CollectorRegistry()))


def test_a_request_for_a_later_route_waits_until_it_is_there(app: FastAPI) -> None:
    assert not app.state.completion.done
    with TestClient(app) as client:
        assert client.get("/models").status_code == 200
        assert app.state.completion.done
        assert client.get("/v2/health/live").status_code == 200
        assert client.get("/nowhere").status_code == 404


def test_they_come_by_themselves_once_the_models_are_ready(app: FastAPI) -> None:
    with TestClient(app):
        app.state.services.repository.wait_until_loaded()
        for thread in threading.enumerate():
            if thread.name == "routes":
                thread.join()
        assert app.state.completion.done


def test_what_must_answer_at_once_does_not_wait_for_them(
    app: FastAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app.state.completion, "_add", lambda: pytest.fail("they were added"))
    monkeypatch.setattr(app.state.completion, "complete_after", lambda wait: None)
    with TestClient(app) as client:
        app.state.services.repository.wait_until_loaded()
        assert client.get("/health/live").json() == {"status": "ok"}
        assert client.get("/health/ready").status_code == 200
        assert client.post("/predict", json={"inputs": "good"}).status_code == 200
        assert client.post("/translate", json={"q": "cat", **PAIR}).status_code == 200


def test_the_start_imports_none_of_them() -> None:
    program = "import sys, service.worker, service.api.app, service.server; print(*sys.modules)"
    result = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    loaded = set(result.stdout.split())
    assert "service.api.predict" in loaded
    assert not {name for name in loaded if name.startswith("service.api.open_inference")}
    assert not loaded & {
        "limits",
        "selectolax",
        "service.access.keys",
        "service.api.admin",
        "service.api.model_schemas",
        "service.explanation",
    }


def test_it_is_done_once_however_many_ask() -> None:
    added: list[int] = []
    completion = Completion(lambda: added.append(threading.get_ident()))
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: completion.complete(), range(32)))
    assert len(added) == 1
    assert completion.done


def test_what_fails_is_tried_again_by_the_next_who_asks() -> None:
    outcomes = iter([ImportError("a file is missing"), None])

    def add() -> None:
        error = next(outcomes)
        if error is not None:
            raise error

    completion = Completion(add)
    with pytest.raises(ImportError):
        completion.complete()
    assert not completion.done
    completion.complete()
    assert completion.done
