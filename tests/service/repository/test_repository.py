"""Lookups, and what is required at the start."""

from pathlib import Path

import pytest

from service.artifact import (
    ArtifactError,
    read_all,
)
from service.errors import (
    InvalidInput,
    ModelsNotReady,
    NoLanguageModel,
    UnknownModel,
    UnknownVersion,
    UnsupportedLanguagePair,
)
from service.repository import MemoryStore, State
from tests import tiny_models
from tests.service.repository.loaded import answering, loaded_repository, open_repository, states


def test_the_newest_version_of_every_name_is_served(models: Path) -> None:
    for _ in range(10):
        tiny_models.publish_classifier(models)
    repository = loaded_repository(models)
    assert answering(repository) == 11
    assert states(repository) == {11: "ready"} | dict.fromkeys(range(10, 0, -1), "available")
    assert [(artifact.name, artifact.version) for artifact in read_all(models)] == [
        *[("sentiment", version) for version in range(1, 12)],
        ("translation-en-de", 1),
    ]


def test_every_version_is_verified_before_the_start(models: Path) -> None:
    tiny_models.publish_classifier(models)
    old = models / "sentiment" / "1" / "classifier.onnx"
    old.write_bytes(old.read_bytes()[::-1])
    with pytest.raises(ArtifactError, match=r"sentiment/1/classifier\.onnx was changed"):
        read_all(models)


def test_a_folder_without_models_is_refused(tmp_path: Path) -> None:
    for read in (read_all, open_repository):
        with pytest.raises(ArtifactError, match=r"holds no model; expected .*/NAME/1"):
            read(tmp_path)
        with pytest.raises(ArtifactError, match=r"the models folder .*none cannot be read"):
            read(tmp_path / "none")


def test_a_model_without_a_version_that_can_be_read_is_refused_at_the_start(models: Path) -> None:
    (models / "sentiment" / "1" / "classifier.onnx").unlink()
    with pytest.raises(ArtifactError, match=r"classifier\.onnx is missing"):
        open_repository(models)
    # A worker that takes the place of another one starts all the same, and answers what it can.
    store = MemoryStore(("sentiment", "translation-en-de"))
    store.update(lambda document: document.answering("sentiment", None, 1))
    repository = loaded_repository(models, store=store)
    with pytest.raises(ModelsNotReady, match=r"sentiment: .*classifier\.onnx is missing"):
        repository.require_ready()
    with pytest.raises(ModelsNotReady, match=r"model sentiment failed: .*classifier\.onnx is miss"):
        repository.manifest("sentiment")
    with repository.translator("en", "de") as chosen:
        assert chosen.pipeline.translate(["the cat"]) == ["the cat"]


def test_lookups_say_why_there_is_no_answer(published_models: Path) -> None:
    repository = open_repository(published_models)
    with pytest.raises(ModelsNotReady, match="model sentiment is still loading"):
        repository.classifier()
    with pytest.raises(ModelsNotReady, match="model sentiment is still loading"):
        repository.classifier("sentiment", 1)
    with pytest.raises(ModelsNotReady, match="translation-en-de is still loading"):
        repository.translator("en", "de")
    assert repository.manifest("sentiment").version == 1
    with pytest.raises(UnknownModel, match='no model is called "mood"'):
        repository.manifest("mood")
    with pytest.raises(UnknownModel, match="no classification model"):
        repository.classifier("translation-en-de")
    with pytest.raises(UnknownModel, match="no translation model"):
        repository.translator("en", "de", "sentiment")
    with pytest.raises(UnsupportedLanguagePair, match="pairs served here: en to de"):
        repository.translator("de", "en")
    with pytest.raises(UnsupportedLanguagePair, match="pairs served here: en to de"):
        repository.translator("de", "en", "translation-en-de")
    repository.lifecycle.load()
    assert {status.state for status in repository.models().values()} == {State.READY}
    for name in (None, "sentiment"):
        with repository.classifier(name) as classifier:
            assert classifier.pipeline.artifact.name == "sentiment"
    for name in (None, "translation-en-de"):
        with repository.translator("EN", "de", name, 1) as translator:
            assert translator.pipeline.artifact.name == "translation-en-de"
    with pytest.raises(UnknownVersion, match="version 2 of sentiment is not loaded; loaded are: 1"):
        repository.classifier(None, 2)


def test_a_repository_without_a_task_says_so(tmp_path: Path) -> None:
    tiny_models.publish_translator(tmp_path)
    with pytest.raises(InvalidInput, match="no classification model is served here"):
        open_repository(tmp_path).classifier()


def test_where_several_would_do_a_name_is_needed(tmp_path: Path) -> None:
    for name in ("mood", "topic"):
        tiny_models.publish_classifier(tmp_path, name=name)
    for name in ("a", "b"):
        tiny_models.publish_translator(tmp_path, name=name)
    repository = loaded_repository(tmp_path)
    with pytest.raises(InvalidInput, match='"model": mood, topic'):
        repository.classifier()
    with pytest.raises(InvalidInput, match='"model": a, b'):
        repository.translator("en", "de")
    with repository.classifier("topic") as chosen:
        assert chosen.pipeline.artifact.name == "topic"
    with repository.translator("en", "DE", "b") as translator:
        assert translator.pipeline.artifact.name == "b"


def test_a_model_for_languages_is_no_default_and_is_found_by_its_purpose(models: Path) -> None:
    repository = loaded_repository(models)
    assert not repository.identified_languages
    with pytest.raises(NoLanguageModel, match="no model is served here that tells the language"):
        repository.language_identifier()
    tiny_models.publish_language_identifier(models, name="tongue")
    repository.lifecycle.rescan()
    assert answering(repository) == 1  # the only classifier for everybody
    assert list(repository.identified_languages) == ["en", "de"]
    with repository.language_identifier() as chosen, repository.classifier("tongue") as named:
        assert chosen.pipeline is named.pipeline
    # Of several the one called "language" tells them.
    tiny_models.publish_language_identifier(models, name="second")
    repository.lifecycle.rescan()
    with pytest.raises(NoLanguageModel, match='several and none called "language"'):
        repository.language_identifier()
    tiny_models.publish_language_identifier(models)
    repository.lifecycle.rescan()
    with repository.language_identifier() as chosen:
        assert chosen.pipeline.artifact.name == "language"
    assert answering(repository) == 1


def test_where_all_models_tell_languages_none_is_the_default(tmp_path: Path) -> None:
    tiny_models.publish_language_identifier(tmp_path)
    repository = loaded_repository(tmp_path)
    with pytest.raises(InvalidInput, match='choose with "model": language'):
        repository.classifier()
