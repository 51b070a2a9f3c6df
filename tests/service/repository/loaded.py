"""Repositories in the test's own thread, and what stands in them."""

from pathlib import Path
from typing import Any

from service.artifact import ClassificationExample
from service.pipelines.options import PipelineOptions
from service.repository import MemoryStore, Repository

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
