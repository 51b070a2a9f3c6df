"""The models of one worker, as requests find them and as administrators change them.

Its `Lifecycle` owns what changes. Lookups come from any thread and read one immutable table. The
repository knows nothing about requests.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Self

from service.artifact import Artifact, ArtifactError, Manifest
from service.errors import ModelsNotReady, UnknownModel, UnknownVersion
from service.pipelines.classification import ClassificationPipeline
from service.pipelines.options import PipelineOptions
from service.pipelines.translation import TranslationPipeline
from service.repository.changes import Change, Changes
from service.repository.leases import Lease
from service.repository.lifecycle import Lifecycle
from service.repository.loading import Loader, loader
from service.repository.routing import Routing
from service.repository.scan import published
from service.repository.status import ModelStatus, State
from service.repository.store import MemoryStore, RoutingStore
from service.repository.table import RoutingTable


class Repository:
    """Looks models up by name, by version, by task and by language pair."""

    def __init__(self, folder: Path, lifecycle: Lifecycle, changes: Changes) -> None:
        """See `open`. lifecycle: of the models of that folder."""
        self._folder = folder
        self.lifecycle = lifecycle
        self._changes = changes

    @classmethod
    def open(
        cls,
        folder: Path,
        options: PipelineOptions,
        store: RoutingStore | None = None,
        worker: int = 0,
        keep_versions: int = 1,
        poll_seconds: float = 0,
        load: Loader | None = None,
        known: Sequence[Artifact] = (),
    ) -> Self:
        """The repository in a folder, with the versions read that will answer, and none loaded.

        store: where the workers of a server agree on the routing, by default this process alone.
        worker: a number for this process. keep_versions: how many of the newest versions of each
        model are loaded. poll_seconds: how often the folder is looked at; 0: only when asked.
        load: makes a proved pipeline of an artifact.
        known: artifacts that this process has just read, and need not read again.
        Raises ArtifactError where a model that the server starts with has no version that can be
        read. A worker that takes the place of another does not: it answers what it can.
        """
        try:
            found = published(folder)
        except OSError as error:
            message = f"the models folder {folder} cannot be read: {error.strerror}"
            raise ArtifactError(message) from error
        if not found and store is None:
            raise ArtifactError(
                f"the models folder {folder} holds no model; expected {folder / 'NAME' / '1'}"
            )
        store = store or MemoryStore(tuple(found))
        load = load or loader(options)
        lifecycle = Lifecycle(folder, load, store, worker, keep_versions, poll_seconds)
        lifecycle.read_ahead(found, known)
        return cls(folder, lifecycle, Changes(store, lifecycle.look_now, lifecycle.stopping))

    def start(self, changed: Callable[[], None] = lambda: None) -> None:
        """Starts the lifecycle's thread, where it does not run yet; it first loads the models.

        `changed` is called, in that thread, whenever the statuses are others.
        """
        self.lifecycle.start(changed)

    def stop(self) -> None:
        """Ends the thread, which closes all pipelines. Waits, but not for a model that loads."""
        self.lifecycle.stop()

    def wait_until_loaded(self) -> None:
        """Waits until every model that is there at the start has been tried."""
        self.lifecycle.wait_until_loaded()

    # Lookups, from any thread.

    @property
    def _table(self) -> RoutingTable:
        """Which versions answer now: another one after each change."""
        return self.lifecycle.standing.table

    def classifier(
        self, name: str | None = None, version: int | None = None
    ) -> Lease[ClassificationPipeline]:
        """A lease on the classifier of that name; without one the only classifier, or "sentiment".

        Without a version the active one answers, or the candidate where it has a share.
        Raises UnknownModel, UnknownVersion, ModelsNotReady, and InvalidInput where a name is
        needed.
        """
        while True:
            lease = self._table.classifier(name).lease(version)
            if lease is not None:
                return lease

    def language_identifier(self) -> Lease[ClassificationPipeline]:
        """A lease on the model whose labels are languages: the only one, or "language".

        Raises NoLanguageModel, and ModelsNotReady.
        """
        while True:
            lease = self._table.language_identifier().lease(None)
            if lease is not None:
                return lease

    @property
    def identified_languages(self) -> tuple[str, ...]:
        """The labels of that model, ready or not; none where there is no such model."""
        return self._table.identified_languages

    def translator(
        self, source: str, target: str, name: str | None = None, version: int | None = None
    ) -> Lease[TranslationPipeline]:
        """A lease on the translator of a language pair (codes in any case), and of that name.

        Without a version the active one answers, or the candidate where it has a share.
        Raises UnknownModel, UnknownVersion, UnsupportedLanguagePair, ModelsNotReady, and
        InvalidInput where a name is needed.
        """
        while True:
            lease = self._table.translator(source, target, name).lease(version)
            if lease is not None:
                return lease

    def other(self, task: str, name: str | None = None, version: int | None = None) -> Lease[Any]:
        """A lease on the model of a task, for those that are looked up by name alone.

        Without a name the only model of the task answers, without a version the active one, or
        the candidate where it has a share. Raises UnknownModel, UnknownVersion, ModelsNotReady,
        and InvalidInput where a name is needed.
        """
        while True:
            lease = self._table.other(task, name).lease(version)
            if lease is not None:
                return lease

    # Changes, from any thread but an event loop's: they wait until all workers have followed.

    def change(self, name: str, decide: Callable[[Routing], Routing]) -> Change:
        """Gives a model another routing in all workers of the server.

        Raises UnknownModel, RoutingConflict (what `decide` raises, another change in progress, or
        a version that a worker refused), ChangeUnfinished; everything is then as it was.
        """
        if name not in self.models() and name not in self._in_folder():
            raise UnknownModel(name, self.models())
        return self._changes.route(name, decide)

    def require_loaded(self, name: str, version: int) -> None:
        """Raises UnknownModel, and UnknownVersion where that version is not loaded."""
        loaded = {v.version for v in self.model(name).versions if v.state is State.READY}
        if version not in loaded:
            raise UnknownVersion(name, version, loaded)

    def require_published(self, name: str, version: int) -> None:
        """Raises UnknownModel, and UnknownVersion where that version is neither published nor
        loaded."""
        in_folder = self._in_folder()
        status = self.models().get(name)
        if status is None and name not in in_folder:
            raise UnknownModel(name, self.models())
        known = set(in_folder.get(name, ()))
        known |= {v.version for v in (status.versions if status else ()) if v.manifest}
        if version not in known:
            raise UnknownVersion(name, version, known, "published")

    def _in_folder(self) -> Mapping[str, tuple[int, ...]]:
        try:
            return published(self._folder)
        except OSError:
            return {}  # the thread that watches it says so in the log

    def rescan_everywhere(self) -> Change:
        """Lets all workers look into the folder. Raises RoutingConflict and ChangeUnfinished."""
        return self._changes.rescan()

    # What is known, from any thread.

    def models(self) -> Mapping[str, ModelStatus]:
        """All models by name, as they stand now."""
        return self.lifecycle.standing.statuses

    def model(self, name: str) -> ModelStatus:
        """The model of that name. Raises UnknownModel."""
        statuses = self.models()
        if name not in statuses:
            raise UnknownModel(name, statuses)
        return statuses[name]

    def manifest(self, name: str) -> Manifest:
        """The manifest of a model's active version, or of the newest that could be read.

        Raises UnknownModel, and ModelsNotReady where none could.
        """
        status = self.model(name)
        if status.manifest is None:
            raise ModelsNotReady(f"model {name} {status.why_not}")
        return status.manifest

    def require_ready(self) -> None:
        """Raises ModelsNotReady, naming each model that is not and why.

        The models count that were there when the server started. One that is published later and
        refused does not take a service that answers out of rotation, nor does one that somebody
        unloaded.
        """
        waiting = [
            f"{status.name} is loading"
            if status.state is State.LOADING
            else f"{status.name}: {status.reason}"
            for status in self.models().values()
            if status.active is None
            and status.state is not State.AVAILABLE
            and status.name in self.lifecycle.required
        ]
        if waiting:
            raise ModelsNotReady(f"not every model is ready: {'; '.join(waiting)}")
