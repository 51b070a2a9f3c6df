"""What becomes of models as their folder changes: new versions, bad ones, draining."""

import gc
import logging
import shutil
import weakref
from pathlib import Path

import pytest

from service.artifact import (
    Artifact,
    write_artifact,
)
from service.errors import (
    UnknownModel,
    VersionRefused,
)
from service.pipelines.classification import ClassificationPipeline
from service.pipelines.loading import Pipeline
from service.pipelines.options import PipelineOptions
from service.repository import Role, State, loader
from tests import tiny_models
from tests.service.repository.loaded import (
    LIE,
    answering,
    loaded_repository,
    states,
)


def test_a_new_version_takes_over_and_the_old_one_is_freed_after_its_last_request(
    models: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    repository = loaded_repository(models)
    running = repository.classifier()
    old = weakref.ref(running.pipeline)
    tiny_models.publish_classifier(models)
    repository.lifecycle.rescan()
    assert answering(repository) == 2
    assert states(repository) == {2: "ready", 1: "draining"}
    repository.lifecycle.step()
    assert running.pipeline.classify(["a good film"])[0][0].label == "positive"
    running.release()
    del running
    gc.disable()  # that it goes is the repository's doing
    try:
        repository.lifecycle.step()
        assert states(repository) == {2: "ready", 1: "available"}
        repository.lifecycle.step()
        assert old() is None
    finally:
        gc.enable()
    assert "model sentiment: 2 answers in place of 1" in caplog.messages
    assert caplog.messages[-1] == "model sentiment 1 is freed"


def test_a_version_is_closed_once_and_not_while_it_is_in_use(
    models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed: list[int] = []
    close = ClassificationPipeline.close

    def closing(pipeline: ClassificationPipeline) -> None:
        closed.append(pipeline.artifact.version)
        close(pipeline)

    monkeypatch.setattr(ClassificationPipeline, "close", closing)
    repository = loaded_repository(models)
    with repository.classifier():
        tiny_models.publish_classifier(models)
        repository.lifecycle.rescan()
        repository.lifecycle.step()
        assert closed == []
    assert closed == []  # never in the thread that leaves last
    repository.lifecycle.step()
    repository.lifecycle.step()
    assert closed == [1]
    tiny_models.publish_classifier(models, examples=(LIE,))
    repository.lifecycle.rescan()
    assert closed == [1, 3]  # one that was refused leaves no threads behind


def test_as_many_of_the_newest_versions_are_kept_as_the_settings_say(models: Path) -> None:
    tiny_models.publish_classifier(models)
    repository = loaded_repository(models, keep_versions=2)
    assert (answering(repository), answering(repository, 1)) == (2, 1)
    tiny_models.publish_classifier(models)
    repository.lifecycle.rescan()
    repository.lifecycle.step()
    assert states(repository) == {3: "ready", 2: "ready", 1: "available"}
    assert answering(repository, 2) == 2


def test_a_version_that_cannot_be_loaded_is_refused_and_the_old_one_stays(models: Path) -> None:
    draft = tiny_models.classifier_draft()
    files = tiny_models.classifier_files(draft)
    broken = write_artifact(models, draft, files | {"classifier.onnx": b"no graph"})
    changed = write_artifact(models, draft, files)
    (changed / "classifier.onnx").write_bytes(b"other bytes")
    tiny_models.publish_classifier(models, examples=(LIE,))
    other_task = tiny_models.translator_draft(name="sentiment")
    write_artifact(models, other_task, tiny_models.translator_files(other_task))
    shutil.move(models / "sentiment", models.parent / "later")
    tiny_models.publish_classifier(models)
    repository = loaded_repository(models)
    for version in ("2", "3", "4", "5"):
        shutil.move(models.parent / "later" / version, models / "sentiment" / version)
    repository.lifecycle.rescan()
    assert answering(repository) == 1
    repository.require_ready()
    status = {v.version: v for v in repository.model("sentiment").versions}
    assert [status[v].state for v in (5, 4, 3, 2)] == [State.FAILED] * 4
    assert status[1].role is Role.ACTIVE
    reasons = [status[v].reason or "" for v in (2, 3, 4, 5)]
    assert reasons[0].endswith("while loading; the log says where")
    assert "classifier.onnx has 11 bytes" in reasons[1]
    assert "its manifest says positive 0.500" in reasons[2]
    assert "it is made for another task" in reasons[3]
    assert broken.name == "2"


def test_a_refused_version_is_tried_again_only_when_its_folder_has_changed(models: Path) -> None:
    tried: list[int] = []
    load = loader(PipelineOptions())

    def counting(artifact: Artifact) -> Pipeline:
        tried.append(artifact.version)
        if artifact.version == 2 and tried.count(2) == 1:
            raise VersionRefused("not today")
        return load(artifact)

    repository = loaded_repository(models, load=counting)
    path = tiny_models.publish_classifier(models)
    for _ in range(3):
        repository.lifecycle.rescan()
    assert tried.count(2) == 1
    assert states(repository) == {2: "failed", 1: "ready"}
    data = (path / "classifier.onnx").read_bytes()
    (path / "classifier.onnx").unlink()
    (path / "classifier.onnx").write_bytes(data)
    repository.lifecycle.rescan()
    assert tried.count(2) == 2
    assert answering(repository) == 2


def test_a_version_that_fails_at_the_start_leaves_the_one_before_it_to_answer(
    models: Path,
) -> None:
    tiny_models.publish_classifier(models, examples=(LIE,))
    repository = loaded_repository(models)
    assert answering(repository) == 1
    repository.require_ready()


def test_what_is_being_written_and_what_is_no_version_is_passed_over(models: Path) -> None:
    repository = loaded_repository(models)
    before = states(repository)
    for name in ("sentiment/.tmp-2", "sentiment/2.part", "sentiment/02", "sentiment/0", ".new/1"):
        shutil.copytree(models / "sentiment" / "1", models / name)
    (models / "sentiment" / "2").write_text("a file")
    (models / "empty").mkdir()
    repository.lifecycle.rescan()
    assert states(repository) == before
    assert list(repository.models()) == ["sentiment", "translation-en-de"]


def test_a_new_model_is_served_and_a_bad_one_takes_nothing_out_of_rotation(models: Path) -> None:
    repository = loaded_repository(models)
    tiny_models.publish_classifier(models, name="topic")
    tiny_models.publish_classifier(models, name="liar", examples=(LIE,))
    repository.lifecycle.rescan()
    with repository.classifier("topic") as chosen:
        assert chosen.version == 1
    assert repository.model("liar").state is State.FAILED
    repository.require_ready()
    with pytest.raises(UnknownModel, match="served here: sentiment, topic"):
        repository.classifier("liar")
    shutil.rmtree(models / "liar")
    repository.lifecycle.rescan()
    assert list(repository.models()) == ["sentiment", "topic", "translation-en-de"]


def test_a_version_of_another_purpose_is_refused(models: Path) -> None:
    repository = loaded_repository(models)
    tiny_models.publish_language_identifier(models, name="sentiment")
    repository.lifecycle.rescan()
    assert answering(repository) == 1
    refused = repository.model("sentiment").versions[0]
    assert refused.state is State.FAILED
    assert refused.reason is not None
    assert "made for another task" in refused.reason


def test_a_version_whose_folder_is_gone_goes_on_answering(
    models: Path, caplog: pytest.LogCaptureFixture
) -> None:
    tiny_models.publish_classifier(models)
    repository = loaded_repository(models)
    shutil.rmtree(models / "sentiment" / "2")
    repository.lifecycle.rescan()
    repository.lifecycle.rescan()
    assert answering(repository) == 2
    warnings = [message for message in caplog.messages if "is gone from the models" in message]
    assert len(warnings) == 1
    assert answering(loaded_repository(models)) == 1
    shutil.rmtree(models)
    repository.lifecycle.rescan()
    repository.lifecycle.rescan()
    assert answering(repository) == 2
    assert sum("models folder cannot be read" in message for message in caplog.messages) == 1
