"""The repository in the test's own thread: lookups, new versions, bad ones, history, draining."""

import gc
import logging
import shutil
import weakref
from pathlib import Path
from typing import Any

import pytest

from service.artifact import (
    Artifact,
    ArtifactError,
    ClassificationExample,
    read_all,
    write_artifact,
)
from service.errors import (
    InvalidInput,
    ModelsNotReady,
    NoLanguageModel,
    UnknownModel,
    UnknownVersion,
    UnsupportedLanguagePair,
    VersionRefused,
)
from service.pipelines.classification import ClassificationPipeline
from service.pipelines.loading import Pipeline
from service.pipelines.options import PipelineOptions
from service.repository import Candidate, MemoryStore, Repository, Role, State, loader
from tests import tiny_models

LIE = ClassificationExample(text="a good film", label="positive", score=0.5)


def open_repository(models: Path, **settings: Any) -> Repository:
    return Repository.open(models, PipelineOptions(), **settings)


def loaded_repository(models: Path, **settings: Any) -> Repository:
    repository = open_repository(models, **settings)
    repository.lifecycle.load()
    return repository


def states(repository: Repository, name: str = "sentiment") -> dict[int, str]:
    return {v.version: v.state.value for v in repository.model(name).versions}


def answering(repository: Repository, version: int | None = None) -> int:
    with repository.classifier(None, version) as chosen:
        assert chosen.pipeline.classify(["a good film"])[0][0].label == "positive"
        return chosen.version


class Routed:
    """A repository whose routing document is changed by hand, as another worker would."""

    def __init__(self, models: Path, **settings: Any) -> None:
        self.store = MemoryStore(("sentiment",))
        self.repository = loaded_repository(models, store=self.store, **settings)

    def apply(self, change: Any, name: str = "sentiment") -> dict[str, str]:
        self.store.update(lambda d: d.changed(name, change(d.of(name))))
        self.repository.lifecycle.step()
        (state,) = self.store.acknowledgements()
        assert state.generation == self.store.read().generation
        return state.refused


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


def test_activating_and_rolling_back_follow_the_document(models: Path) -> None:
    tiny_models.publish_classifier(models)
    routed = Routed(models)
    repository = routed.repository
    assert routed.apply(lambda routing: routing.activated(1)) == {}
    assert answering(repository) == 1
    assert repository.model("sentiment").pinned
    tiny_models.publish_classifier(models)
    repository.lifecycle.rescan()
    assert answering(repository) == 1  # pinned
    assert answering(repository, 3) == 3  # the newest is at hand
    assert routed.apply(lambda routing: routing.rolled_back("sentiment")) == {}
    assert answering(repository) == 2
    assert routed.apply(lambda routing: routing.activated(None)) == {}
    assert answering(repository) == 3
    assert routed.store.read().of("sentiment").previous == 2
    repository.lifecycle.step()
    assert states(repository) == {3: "ready", 2: "available", 1: "available"}


def test_what_a_worker_refuses_leaves_it_as_it_was(models: Path) -> None:
    tiny_models.publish_classifier(models, examples=(LIE,))
    tiny_models.publish_classifier(models)
    routed = Routed(models)
    repository = routed.repository
    assert answering(repository) == 3
    for change in (
        lambda routing: routing.activated(2),
        lambda routing: routing.with_loaded(2),
        lambda routing: routing.with_candidate("sentiment", Candidate(version=2, share=0.5)),
    ):
        former = routed.store.read().of("sentiment")
        assert "its manifest says positive 0.500" in routed.apply(change)["sentiment"]
        assert answering(repository) == 3
        assert routed.apply(lambda routing, former=former: former) == {}
    # What was loaded before one was refused is let go.
    both = routed.apply(lambda routing: routing.with_loaded(1).with_loaded(2))
    assert "its manifest says" in both["sentiment"]
    routed.repository.lifecycle.step()
    assert states(repository) == {3: "ready", 2: "failed", 1: "available"}
    assert "there is no " in routed.apply(lambda routing: routing.activated(9))["sentiment"]
    assert answering(repository) == 3
    assert states(repository) == {3: "ready", 2: "failed", 1: "available"}


def test_a_candidate_gets_its_exact_share_and_only_of_requests_without_a_version(
    models: Path,
) -> None:
    tiny_models.publish_classifier(models)
    routed = Routed(models)
    on_trial = Candidate(version=1, share=0.3)
    assert routed.apply(lambda r: r.with_candidate("sentiment", on_trial)) == {}
    served = [answering(routed.repository) for _ in range(1000)]
    assert served.count(1) == 300
    assert {answering(routed.repository, 2) for _ in range(10)} == {2}
    # It is the same share while other things change.
    tiny_models.publish_classifier(models)
    served = [answering(routed.repository) for _ in range(5)]
    routed.repository.lifecycle.rescan()
    served += [answering(routed.repository) for _ in range(5)]
    assert served.count(1) == 3
    (candidate,) = (
        v for v in routed.repository.model("sentiment").versions if v.role is Role.CANDIDATE
    )
    assert (candidate.version, candidate.share, candidate.mirror) == (1, 0.3, False)
    assert routed.apply(lambda r: r.without_candidate("sentiment")) == {}
    routed.repository.lifecycle.step()
    assert {answering(routed.repository) for _ in range(10)} == {3}
    assert states(routed.repository) == {3: "ready", 2: "available", 1: "available"}


def test_a_mirror_comes_with_what_the_active_version_answers(models: Path) -> None:
    tiny_models.publish_classifier(models)
    routed = Routed(models)
    on_trial = Candidate(version=1, share=0.5, mirror=True)
    routed.apply(lambda routing: routing.with_candidate("sentiment", on_trial))
    seen = []
    for _ in range(4):
        with routed.repository.classifier() as chosen:
            seen.append((chosen.version, chosen.mirror.version if chosen.mirror else None))
    assert seen == [(2, 1), (1, None)] * 2
    with routed.repository.classifier(None, 2) as chosen:
        assert chosen.mirror is None
    shared = Candidate(version=1, share=0.5)
    routed.apply(lambda routing: routing.with_candidate("sentiment", shared))
    for _ in range(2):
        with routed.repository.classifier() as chosen:
            assert chosen.mirror is None
    routed.apply(lambda routing: routing.without_candidate("sentiment"))
    routed.repository.lifecycle.step()
    assert states(routed.repository) == {2: "ready", 1: "available"}  # no mirror's lease was lost


def test_versions_are_loaded_and_unloaded_by_number(models: Path) -> None:
    tiny_models.publish_classifier(models)
    routed = Routed(models)
    assert routed.apply(lambda routing: routing.with_loaded(1)) == {}
    assert answering(routed.repository, 1) == 1
    assert routed.apply(lambda routing: routing.with_unloaded("sentiment", 1)) == {}
    with pytest.raises(UnknownVersion, match="loaded are: 2"):
        routed.repository.classifier(None, 1)
    # One of the newest as well, when another answers.
    routed.apply(
        lambda routing: (
            routing.rolled_back("sentiment").with_unloaded("sentiment", 2)
            if routing.previous
            else routing.activated(1).with_unloaded("sentiment", 2)
        )
    )
    with pytest.raises(UnknownVersion, match="loaded are: 1"):
        routed.repository.classifier(None, 2)


def test_a_worker_that_starts_finds_the_routing_as_it_stands(models: Path) -> None:
    tiny_models.publish_classifier(models)
    routed = Routed(models)
    routed.apply(lambda routing: routing.activated(1).with_loaded(2))
    beside = loaded_repository(models, store=routed.store)
    assert (answering(beside), answering(beside, 2)) == (1, 2)
    # The pinned version's folder is gone: the next best answers, and history stays as it is.
    history = routed.store.read()
    shutil.rmtree(models / "sentiment" / "1")
    assert answering(loaded_repository(models, store=routed.store)) == 2
    assert routed.store.read() == history


def test_the_document_may_name_a_model_that_is_new(models: Path) -> None:
    routed = Routed(models)
    tiny_models.publish_classifier(models, name="topic")
    tiny_models.publish_classifier(models, name="topic")
    assert routed.apply(lambda routing: routing.activated(1), "topic") == {}
    with routed.repository.classifier("topic") as chosen:
        assert chosen.version == 1


def test_a_halted_model_is_freed_and_answers_again_once_it_is_started(models: Path) -> None:
    routed = Routed(models)
    repository = routed.repository
    with repository.classifier() as lease:
        pipeline = weakref.ref(lease.pipeline)
        assert routed.apply(lambda routing: routing.halted()) == {}
        assert states(repository) == {1: "draining"}
    del lease
    repository.lifecycle.step()
    gc.collect()
    assert pipeline() is None
    status = repository.model("sentiment")
    assert (status.state, status.active) == (State.AVAILABLE, None)
    assert states(repository) == {1: "available"}
    with pytest.raises(ModelsNotReady, match="sentiment is not loaded: it was unloaded; load it"):
        repository.classifier()
    repository.require_ready()  # somebody wanted it so
    tiny_models.publish_classifier(models)
    repository.lifecycle.rescan()
    assert states(repository) == {2: "available", 1: "available"}
    assert routed.apply(lambda routing: routing.started()) == {}
    assert answering(repository) == 2


def test_a_worker_that_starts_anew_leaves_a_halted_model_as_it_is(models: Path) -> None:
    routed = Routed(models)
    routed.apply(lambda routing: routing.halted())
    anew = loaded_repository(models, store=routed.store)
    assert anew.model("sentiment").manifest is not None
    with pytest.raises(ModelsNotReady, match="it was unloaded"):
        anew.classifier()
    with anew.translator("en", "de") as lease:
        assert lease.version == 1
