"""The models that a worker serves: the newest version of every name in the models folder.

Every artifact is read, with all digests checked, when the repository is opened; sessions are made
and the worked examples reproduced in a background thread. The repository knows nothing about
requests. One lock guards the states; pipelines are handed out without it and may be shared by
threads.
"""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Self

from service.artifact import Artifact, ArtifactError, TranslationManifest, list_models
from service.artifact import read_artifact as read
from service.errors import (
    GatehouseError,
    InvalidInput,
    ModelsNotReady,
    UnknownModel,
    UnsupportedLanguagePair,
    listing,
)
from service.pipelines.classification import ClassificationPipeline
from service.pipelines.loading import Pipeline, load_pipeline
from service.pipelines.options import PipelineOptions
from service.pipelines.proof import prove
from service.pipelines.translation import TranslationPipeline

logger = logging.getLogger(__name__)

DEFAULT_CLASSIFIER = "sentiment"


class State(StrEnum):
    """Where a model stands between its files and its answers."""

    LOADING = "loading"
    READY = "ready"
    FAILED = "failed"


@dataclass(frozen=True)
class Entry:
    """One model of the repository."""

    artifact: Artifact
    state: State = State.LOADING
    reason: str | None = None  # why it failed
    pipeline: Pipeline | None = None  # where it is ready

    @property
    def language_pair(self) -> tuple[str, str] | None:
        """(source, target) of a translator, None for other tasks."""
        manifest = self.artifact.manifest
        if isinstance(manifest, TranslationManifest):
            return (manifest.languages.source, manifest.languages.target)
        return None


def read_all(folder: Path) -> list[Artifact]:
    """Every version of every model, digests checked, by name and then by version.

    Raises ArtifactError for the first that is not as it was written, and where there is none.
    """
    artifacts = [
        read(folder / name / str(version))
        for name, versions in list_models(folder).items()
        for version in versions
    ]
    if not artifacts:
        raise ArtifactError(
            f"the models folder {folder} holds no model; expected {folder / 'NAME' / '1'}"
        )
    return artifacts


class Repository:
    """Looks models up by name, by task and by language pair."""

    def __init__(self, artifacts: list[Artifact], options: PipelineOptions) -> None:
        newest = {artifact.name: artifact for artifact in artifacts}  # later versions come later
        self._entries = {name: Entry(artifact) for name, artifact in newest.items()}
        self._options = options
        self._lock = threading.Lock()

    @classmethod
    def open(cls, folder: Path, options: PipelineOptions) -> Self:
        """The repository in a folder, with nothing loaded yet. Raises ArtifactError."""
        return cls(read_all(folder), options)

    def load(self, changed: Callable[[], None] = lambda: None) -> None:
        """Loads and proves every model, one after the other; `changed` is called after each.

        A model that fails is marked with the reason, and the others go on.
        """
        for name, entry in self.entries().items():
            self._set(name, self._load(entry))
            changed()

    def load_in_background(self, changed: Callable[[], None] = lambda: None) -> threading.Thread:
        """Starts `load` in a thread, so that the caller can answer meanwhile."""
        # A daemon, because a process that is told to stop must not wait for a model to load.
        thread = threading.Thread(target=self.load, args=(changed,), name="loading", daemon=True)
        thread.start()
        return thread

    def _load(self, entry: Entry) -> Entry:
        artifact = entry.artifact
        try:
            pipeline = load_pipeline(artifact, self._options)
            prove(pipeline)
        except (ArtifactError, GatehouseError) as error:
            logger.error("model %s %d failed: %s", artifact.name, artifact.version, error)
            return replace(entry, state=State.FAILED, reason=str(error))
        except Exception as error:
            # Nobody waits for this thread, so whatever stops it must be seen in the state.
            logger.error("model %s %d failed", artifact.name, artifact.version, exc_info=error)
            reason = f"{type(error).__name__} while loading; the log says where"
            return replace(entry, state=State.FAILED, reason=reason)
        logger.info("model %s %d is ready", artifact.name, artifact.version)
        return replace(entry, state=State.READY, pipeline=pipeline)

    def _set(self, name: str, entry: Entry) -> None:
        with self._lock:
            self._entries[name] = entry

    def entries(self) -> dict[str, Entry]:
        """All models by name, as they stand now."""
        with self._lock:
            return dict(self._entries)

    def entry(self, name: str) -> Entry:
        """The model of that name. Raises UnknownModel."""
        entries = self.entries()
        if name not in entries:
            raise UnknownModel(name, entries)
        return entries[name]

    def require_ready(self) -> None:
        """Raises ModelsNotReady, naming each model that is not and why, unless all are."""
        waiting = [
            f"{name} is loading" if entry.state is State.LOADING else f"{name}: {entry.reason}"
            for name, entry in self.entries().items()
            if entry.state is not State.READY
        ]
        if waiting:
            raise ModelsNotReady(f"not every model is ready: {'; '.join(waiting)}")

    def classifier(self, name: str | None = None) -> ClassificationPipeline:
        """The classifier of that name; without one the only classifier, or "sentiment".

        Raises UnknownModel, ModelsNotReady, and InvalidInput where a name is needed.
        """
        entries = self._of_task("classification")
        chosen = _choose(entries, name, "classification", DEFAULT_CLASSIFIER)
        pipeline = _ready(entries[chosen])
        assert isinstance(pipeline, ClassificationPipeline)
        return pipeline

    def translator(self, source: str, target: str, name: str | None = None) -> TranslationPipeline:
        """The translator of a language pair (codes in any case), and of that name if one is given.

        Raises UnknownModel, UnsupportedLanguagePair, ModelsNotReady, and InvalidInput where a
        name is needed.
        """
        translators = self._of_task("translation")
        if name is not None and name not in translators:
            raise UnknownModel(name, translators, "translation")
        wanted = (source.lower(), target.lower())
        matching = {
            key: entry
            for key, entry in translators.items()
            if entry.language_pair is not None
            and (entry.language_pair[0].lower(), entry.language_pair[1].lower()) == wanted
            and name in (None, key)
        }
        if not matching:
            pairs = {
                entry.language_pair
                for key, entry in translators.items()
                if entry.language_pair is not None and name in (None, key)
            }
            raise UnsupportedLanguagePair(source, target, pairs)
        chosen = _choose(matching, name, "translation", f"translation-{wanted[0]}-{wanted[1]}")
        pipeline = _ready(matching[chosen])
        assert isinstance(pipeline, TranslationPipeline)
        return pipeline

    def _of_task(self, task: str) -> dict[str, Entry]:
        return {
            name: entry
            for name, entry in self.entries().items()
            if entry.artifact.manifest.task == task
        }


def _choose(entries: dict[str, Entry], name: str | None, task: str, default: str) -> str:
    if name is not None:
        if name not in entries:
            raise UnknownModel(name, entries, task)
        return name
    if not entries:
        raise InvalidInput(f"no {task} model is served here; publish one in the models folder")
    if len(entries) == 1:
        return next(iter(entries))
    if default in entries:
        return default
    raise InvalidInput(f'several {task} models are served; choose with "model": {listing(entries)}')


def _ready(entry: Entry) -> Pipeline:
    if entry.pipeline is None:
        why = "is still loading" if entry.state is State.LOADING else f"failed: {entry.reason}"
        raise ModelsNotReady(f"model {entry.artifact.name} {why}")
    return entry.pipeline
