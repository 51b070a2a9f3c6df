"""The pipelines over the tiny models."""

from pathlib import Path

import pytest

from service.artifact import read_artifact
from service.pipelines.classification import ClassificationPipeline
from service.pipelines.translation import TranslationPipeline


@pytest.fixture(scope="session")
def classifier(published_models: Path) -> ClassificationPipeline:
    """It averages the evidence of "good" and of "bad" over all tokens of a text."""
    return ClassificationPipeline(read_artifact(published_models / "sentiment" / "1"))


@pytest.fixture(scope="session")
def translator(published_models: Path) -> TranslationPipeline:
    """It copies every sentence."""
    return TranslationPipeline(read_artifact(published_models / "translation-en-de" / "1"))
