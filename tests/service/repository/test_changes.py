"""A change takes effect in all workers, or in none: two repositories that share a folder."""

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from service.artifact import Artifact
from service.errors import ChangeUnfinished, RoutingConflict, UnknownModel, VersionRefused
from service.pipelines.loading import Pipeline
from service.pipelines.options import PipelineOptions
from service.repository import FolderStore, Loader, Repository, Routing, loader
from service.repository.changes import Changes
from service.repository.store import Acknowledgement, MemoryStore
from tests import tiny_models

LOAD = loader(PipelineOptions())


@contextmanager
def workers(models: Path, shared: Path, *loads: Loader) -> Iterator[list[Repository]]:
    """Repositories that run beside each other as those of several processes do."""
    shared.mkdir()
    FolderStore.create(shared, ("sentiment", "translation-en-de"))
    with ExitStack() as stack:
        repositories = []
        for number, load in enumerate(loads, 1):
            store = FolderStore(shared, number)
            repository = Repository.open(models, PipelineOptions(), store, worker=number, load=load)
            repository.start()
            stack.callback(repository.stop)
            repositories.append(repository)
        for repository in repositories:
            repository.wait_until_loaded()
        yield repositories


def answering(repository: Repository) -> int:
    with repository.classifier() as chosen:
        return chosen.version


def refusing(artifact: Artifact) -> Pipeline:
    if artifact.version == 2:
        raise VersionRefused("not on this machine")
    return LOAD(artifact)


def test_a_change_made_in_one_worker_has_taken_effect_in_all_when_it_returns(
    models: Path, tmp_path: Path
) -> None:
    with workers(models, tmp_path / "shared", LOAD, LOAD) as (first, second):
        tiny_models.publish_classifier(models)
        change = first.rescan_everywhere()
        assert [answering(first), answering(second)] == [2, 2]
        assert [worker.active["sentiment"] for worker in change.workers] == [2, 2]
        assert [worker.pid for worker in change.workers] == [1, 2]
        change = second.change("sentiment", lambda routing: routing.rolled_back("sentiment"))
        assert [answering(first), answering(second)] == [1, 1]
        assert change.before.of("sentiment").current == 2
        assert change.after.of("sentiment").active == 1


def test_where_one_worker_refuses_all_stay_as_they_were(models: Path, tmp_path: Path) -> None:
    with workers(models, tmp_path / "shared", LOAD, refusing) as (first, second):
        first.change("sentiment", lambda routing: routing.activated(1))
        tiny_models.publish_classifier(models)
        with pytest.raises(VersionRefused, match=r"not on this machine \(worker 2\)"):
            first.change("sentiment", lambda routing: routing.activated(2))
        assert [answering(first), answering(second)] == [1, 1]
        # Nothing of it is left, so that the next change is a change of what was.
        change = first.change("sentiment", lambda routing: routing.with_loaded(1))
        assert change.before.of("sentiment") == Routing(active=1, current=1)


def test_a_model_that_nobody_knows_is_not_routed(models: Path, tmp_path: Path) -> None:
    with (
        workers(models, tmp_path / "shared", LOAD) as (repository,),
        pytest.raises(UnknownModel, match="served here: sentiment, translation-en-de"),
    ):
        repository.change("mood", lambda routing: routing.activated(1))


def test_one_change_at_a_time(models: Path, tmp_path: Path) -> None:
    entered, leave = threading.Event(), threading.Event()

    def slow(artifact: Artifact) -> Pipeline:
        if artifact.version == 2:
            entered.set()
            leave.wait()
        return LOAD(artifact)

    with workers(models, tmp_path / "shared", slow, LOAD) as (first, second):
        tiny_models.publish_classifier(models)
        thread = threading.Thread(target=first.rescan_everywhere)
        thread.start()
        entered.wait()
        with pytest.raises(RoutingConflict, match="by another request"):
            second.change("sentiment", lambda routing: routing.activated(1))
        assert answering(first) == 1  # which goes on while the new version loads
        assert first.model("sentiment").versions[0].state.value == "loading"
        leave.set()
        thread.join()
        assert answering(first) == 2


def test_a_worker_that_does_not_answer_in_time_undoes_the_change() -> None:
    store = MemoryStore()
    store.acknowledge(Acknowledgement(pid=5, generation=0))
    changes = Changes(store, lambda: None, threading.Event(), patience_seconds=0.05)
    with pytest.raises(ChangeUnfinished, match=r"workers \[5\] have not answered"):
        changes.route("m", lambda routing: routing.activated(1))
    assert store.read().of("m").active is None


def test_a_change_does_not_hold_up_the_end() -> None:
    stopping = threading.Event()
    stopping.set()
    changes = Changes(MemoryStore(), lambda: None, stopping)
    with pytest.raises(ChangeUnfinished, match="the service is stopping"):
        changes.rescan()
