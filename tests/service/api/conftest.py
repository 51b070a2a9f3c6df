"""The app over the tiny models, as a client sees it."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from prometheus_client import CollectorRegistry

from service.api.app import create_app
from service.metrics import Metrics
from service.pipelines.options import PipelineOptions
from service.repository import Repository
from service.settings import Settings

OpenClient = Callable[..., AbstractContextManager[TestClient]]


def make_app(models: Path, **settings: object) -> FastAPI:
    """The app over a models folder, with all routes."""
    chosen = Settings.model_validate({"models": models, **settings})
    metrics = Metrics(CollectorRegistry())
    options = PipelineOptions.of(chosen, 1, lambda name: metrics.engines.of(name).engine())
    repository = Repository.open(models, options, keep_versions=chosen.keep_versions)
    app = create_app(chosen, repository, metrics)
    app.state.completion.complete()
    return app


@contextmanager
def loaded_client(models: Path, **settings: object) -> Iterator[TestClient]:
    """A client of the app, after every model has loaded or failed.

    An exception that the app does not answer is raised in the test.
    """
    app = make_app(models, **settings)
    with TestClient(app) as client:
        app.state.services.repository.wait_until_loaded()
        yield client


@pytest.fixture(scope="session")
def client(published_models: Path) -> Iterator[TestClient]:
    """A client of the app with default settings."""
    with loaded_client(published_models) as client:
        yield client


@pytest.fixture
def open_client(published_models: Path) -> OpenClient:
    """Makes a client of an app with other settings."""

    def open_(**settings: object) -> AbstractContextManager[TestClient]:
        return loaded_client(published_models, **settings)

    return open_
