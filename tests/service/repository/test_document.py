"""What becomes of models as the routing document changes, as other workers change it."""

import gc
import shutil
import weakref
from pathlib import Path

import pytest

from service.errors import ModelsNotReady, UnknownVersion
from service.repository import Candidate, Role, State
from tests import tiny_models
from tests.service.repository.loaded import (
    LIE,
    Routed,
    answering,
    loaded_repository,
    states,
)


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
