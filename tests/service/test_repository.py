"""The repository: the newest of every name, each looked up by what it is asked for."""

from pathlib import Path

import pytest

from service.artifact import ArtifactError
from service.errors import (
    InvalidInput,
    ModelsNotReady,
    UnknownModel,
    UnsupportedLanguagePair,
)
from service.pipelines.options import PipelineOptions
from service.repository import Repository, State, read_all
from tests import tiny_models


def open_repository(models: Path) -> Repository:
    return Repository.open(models, PipelineOptions())


def test_the_newest_version_of_every_name_is_served(models: Path) -> None:
    for _ in range(10):
        tiny_models.publish_classifier(models)
    repository = open_repository(models)
    assert repository.entry("sentiment").artifact.version == 11
    assert [(artifact.name, artifact.version) for artifact in read_all(models)] == [
        *[("sentiment", version) for version in range(1, 12)],
        ("translation-en-de", 1),
    ]


def test_every_version_is_verified_and_not_only_the_newest(models: Path) -> None:
    tiny_models.publish_classifier(models)
    old = models / "sentiment" / "1" / "classifier.onnx"
    old.write_bytes(old.read_bytes()[::-1])
    with pytest.raises(ArtifactError, match=r"sentiment/1/classifier\.onnx was changed"):
        open_repository(models)


def test_a_folder_without_models_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match=r"holds no model; expected .*/NAME/1"):
        open_repository(tmp_path)
    with pytest.raises(ArtifactError, match=r"the models folder .*none cannot be read"):
        open_repository(tmp_path / "none")


def test_lookups_say_why_there_is_no_answer(published_models: Path) -> None:
    repository = open_repository(published_models)
    with pytest.raises(ModelsNotReady, match="model sentiment is still loading"):
        repository.classifier()
    with pytest.raises(ModelsNotReady, match="translation-en-de is still loading"):
        repository.translator("en", "de")
    with pytest.raises(UnknownModel, match="no classification model"):
        repository.classifier("translation-en-de")
    with pytest.raises(UnsupportedLanguagePair, match="pairs served here: en to de"):
        repository.translator("de", "en")
    repository.load()
    assert {entry.state for entry in repository.entries().values()} == {State.READY}
    assert repository.classifier().artifact.name == "sentiment"
    assert repository.translator("EN", "de").artifact.name == "translation-en-de"


def test_a_repository_without_a_task_says_so(tmp_path: Path) -> None:
    tiny_models.publish_translator(tmp_path)
    with pytest.raises(InvalidInput, match="no classification model is served here"):
        open_repository(tmp_path).classifier()
