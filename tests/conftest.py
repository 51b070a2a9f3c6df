"""Fixtures for all tests: the tiny models, written once a run."""

import shutil
from pathlib import Path

import pytest
from hypothesis import settings

from service.artifact import Tokenizer
from tests import tiny_models

# How long an example takes says more about the machine than about the code.
settings.register_profile("no-deadline", deadline=None)
settings.load_profile("no-deadline")


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


@pytest.fixture
def models(published_models: Path, tmp_path: Path) -> Path:
    """A copy of that repository which the test may change."""
    return Path(shutil.copytree(published_models, tmp_path / "models"))
