"""Fixtures for all tests: the tiny models, written once a run."""

import logging
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from service.artifact import Tokenizer, read_artifact
from service.pipelines.classification import ClassificationPipeline
from service.pipelines.translation import TranslationPipeline
from tests import tiny_models

pytest_plugins = ["tests.hanging"]

# How long an example takes says more about the machine than about the code.
settings.register_profile("no-deadline", deadline=None)
settings.load_profile("no-deadline")


@pytest.fixture(autouse=True)
def restore_logging() -> Iterator[None]:
    """Takes back what a test configured, as commands do: their stream ends with the test."""
    root = logging.getLogger()
    uvicorn = logging.getLogger("uvicorn.error")
    before = (root.handlers[:], root.level, uvicorn.level)
    names = ("logThreads", "logProcesses", "logMultiprocessing")
    flags = {name: getattr(logging, name) for name in names}
    yield
    for name, value in flags.items():
        setattr(logging, name, value)
    root.handlers[:] = before[0]
    root.setLevel(before[1])
    uvicorn.setLevel(before[2])


@pytest.fixture(scope="session")
def tokenizer() -> Tokenizer:
    """A small sentencepiece tokenizer, trained for this run."""
    return tiny_models.tokenizer()


@pytest.fixture(scope="session")
def published_models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with one classifier and one translator; tests must not change it."""
    repository = tmp_path_factory.mktemp("published") / "models"
    tiny_models.publish_classifier(repository)
    tiny_models.publish_translator(repository)
    return repository


@pytest.fixture(scope="session")
def classifier(published_models: Path) -> Iterator[ClassificationPipeline]:
    """It averages the evidence of "good" and of "bad" over all tokens of a text."""
    pipeline = ClassificationPipeline(read_artifact(published_models / "sentiment" / "1"))
    yield pipeline
    pipeline.close()


@pytest.fixture(scope="session")
def translator(published_models: Path) -> Iterator[TranslationPipeline]:
    """It copies every sentence, but for words that are repeated again and again."""
    pipeline = TranslationPipeline(read_artifact(published_models / "translation-en-de" / "1"))
    yield pipeline
    pipeline.close()


@pytest.fixture
def models(published_models: Path, tmp_path: Path) -> Path:
    """A copy of that repository which the test may change."""
    return Path(shutil.copytree(published_models, tmp_path / "models"))
