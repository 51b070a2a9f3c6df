"""The models of one worker: looks them up for requests, and follows what changes.

One thread, started by `start`, owns all that changes: it loads and proves versions, watches the
models folder and the routing document, moves traffic and closes what nobody uses any more. Lookups
come from any thread and read one immutable table. The repository knows nothing about requests.
"""

import logging
import queue
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Self, cast

from service.artifact import Artifact, ArtifactError, Manifest
from service.errors import ModelsNotReady, UnknownModel, UnknownVersion, VersionRefused
from service.pipelines.classification import ClassificationPipeline
from service.pipelines.options import PipelineOptions
from service.pipelines.translation import TranslationPipeline
from service.repository.changes import Change, Changes
from service.repository.leases import Lease
from service.repository.loading import Loader, loader
from service.repository.memory import give_back
from service.repository.model import Model
from service.repository.routing import Routing
from service.repository.scan import published
from service.repository.status import ModelStatus, State
from service.repository.store import Acknowledgement, MemoryStore, RoutingStore
from service.repository.table import AnyRoute, routing_table

logger = logging.getLogger(__name__)

_DOCUMENT_SECONDS = 0.25  # how often the thread looks whether the routing document is another
_STOP_SECONDS = 1.0  # how long `stop` waits for a thread that may be loading


class Repository:
    """Looks models up by name, by version, by task and by language pair."""

    def __init__(
        self,
        folder: Path,
        load: Loader,
        store: RoutingStore,
        worker: int = 0,
        keep_versions: int = 1,
        poll_seconds: float = 0,
    ) -> None:
        """See `open`."""
        self._folder = folder
        self._load_pipeline = load
        self._store = store
        self._worker = worker
        self._keep = keep_versions
        self._poll_seconds = poll_seconds
        self._models: dict[str, Model] = {}
        self._document = store.read()
        self._seen: object = None  # the stamp of the document when it was last read
        self._events: queue.SimpleQueue[None] = queue.SimpleQueue()  # something is to be done
        self._garbage = False  # whether something was closed whose memory is to be given back
        self._loaded = threading.Event()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._changed: Callable[[], None] = lambda: None
        self._folder_error: str | None = None
        self._failure: str | None = None  # what went wrong in the thread, and still does
        self._changes = Changes(store, self.look_now, self._stopping)
        self._table = routing_table(())
        self._statuses: Mapping[str, ModelStatus] = {}

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
        repository = cls(
            folder,
            load or loader(options),
            store or MemoryStore(tuple(found)),
            worker,
            keep_versions,
            poll_seconds,
        )
        repository._read_ahead(found, known)
        return repository

    def start(self, changed: Callable[[], None] = lambda: None) -> None:
        """Starts the thread, where it does not run yet; it first loads the models.

        `changed` is called, in the thread, whenever the statuses are others.
        """
        self._changed = changed
        if self._thread is not None:
            return
        self._store.acknowledge(Acknowledgement(pid=self._worker, generation=-1))
        # A daemon, because a process that is told to stop must not wait for a model to load.
        self._thread = threading.Thread(target=self._run, name="models", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Ends the thread, which closes all pipelines. Waits, but not for a model that loads."""
        self._stopping.set()
        self.look_now()
        if self._thread is not None:
            self._thread.join(_STOP_SECONDS)

    def wait_until_loaded(self) -> None:
        """Waits until every model that is there at the start has been tried."""
        self._loaded.wait()

    def load(self) -> None:
        """Loads and proves what should be loaded, one version after the other.

        Called by the thread, or instead of it. What fails is marked with the reason.
        """
        try:
            for model in list(self._models.values()):
                if self._stopping.is_set():
                    return
                self._settle(model)
        finally:
            self._loaded.set()

    def step(self) -> None:
        """Does at once what the thread does between two waits. Not to be called beside it."""
        closed = [model.close_drained() for model in self._models.values()]
        if any(closed):
            self._publish()
            self._garbage = True
        elif self._garbage:  # the threads of what was closed have ended by now
            give_back()
            self._garbage = False
        self._follow()

    def rescan(self) -> None:
        """Looks into the folder, loads new versions, and moves traffic to those that are good."""
        self._find()
        for model in list(self._models.values()):
            self._settle(model)

    # Lookups, from any thread.

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
        if name not in self._statuses and name not in self._in_folder():
            raise UnknownModel(name, self._statuses)
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
        status = self._statuses.get(name)
        if status is None and name not in in_folder:
            raise UnknownModel(name, self._statuses)
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

    def look_now(self) -> None:
        """Wakes the thread, which would look by itself in a quarter of a second."""
        self._events.put(None)

    # What is known, from any thread.

    def models(self) -> Mapping[str, ModelStatus]:
        """All models by name, as they stand now."""
        return self._statuses

    def model(self, name: str) -> ModelStatus:
        """The model of that name. Raises UnknownModel."""
        statuses = self._statuses
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
            for status in self._statuses.values()
            if status.active is None
            and status.state is not State.AVAILABLE
            and status.name in self._document.required
        ]
        if waiting:
            raise ModelsNotReady(f"not every model is ready: {'; '.join(waiting)}")

    # Everything below runs in the thread that owns the models.

    def _run(self) -> None:
        with self._surviving():
            self.load()
            give_back()  # loading takes more for a moment than what is loaded
            self._acknowledge({})
        looked = time.monotonic()
        while not self._stopping.is_set():
            with suppress(queue.Empty):
                self._events.get(timeout=_DOCUMENT_SECONDS)
            if self._stopping.is_set():
                break
            with self._surviving():
                self.step()
                if self._poll_seconds and time.monotonic() - looked >= self._poll_seconds:
                    looked = time.monotonic()
                    self.rescan()
        for model in self._models.values():
            model.close()
        self._store.close()

    @contextmanager
    def _surviving(self) -> Iterator[None]:
        """Logs what goes wrong, once for as long as it does."""
        # Nobody waits for this thread, and without it nothing would ever change again.
        try:
            yield
            self._failure = None
        except Exception as error:
            if self._failure != repr(error):
                logger.error("the models could not be looked after", exc_info=error)
            self._failure = repr(error)

    def _read_ahead(self, found: Mapping[str, tuple[int, ...]], known: Sequence[Artifact]) -> None:
        names = dict.fromkeys([*found, *self._document.required])
        for name in names:
            model = self._take_in(name)
            model.find(found.get(name, ()))
            model.read_ahead([artifact for artifact in known if artifact.name == name])
            served = self._document.of(name).current is not None
            if model.manifest is None and name in self._document.required and not served:
                refusals = model.refusals
                reason = refusals[max(refusals)] if refusals else f"{name} has no version"
                raise ArtifactError(reason)
            for version in model.refusals:
                model.log_refusal(version)
        self._publish()

    def _take_in(self, name: str) -> Model:
        model = Model(
            self._folder / name,
            self._document.of(name),
            self._keep,
            self._load_pipeline,
            drained=self.look_now,
        )
        self._models[name] = model
        return model

    def _find(self) -> list[Model]:
        """Takes note of what is published now; the models that are new."""
        try:
            found = published(self._folder)
        except OSError as error:
            if str(error) != self._folder_error:
                logger.error("the models folder cannot be read: %s", error.strerror)
            self._folder_error = str(error)
            return []
        self._folder_error = None
        new = [self._take_in(name) for name in found if name not in self._models]
        for name, model in list(self._models.items()):
            model.find(found.get(name, ()))
            if model.is_forgotten and name not in self._document.required:
                del self._models[name]
        return new

    def _follow(self) -> None:
        """Applies the routing document where it is another."""
        seen = self._store.stamp()
        if seen == self._seen:
            return
        document = self._store.read()
        self._seen = seen
        before = self._document
        if document.generation == before.generation:
            self._document = document  # somebody noted history, nothing more
            return
        new = self._find()
        self._document = document
        refused = {}
        for name, routing in document.models.items():
            model = self._models.get(name)
            if model is None or model.routing.request == routing.request:
                continue
            try:
                active = model.active
                model.apply(routing, self._publish)
                self._note(model, active)
            except VersionRefused as error:
                refused[name] = str(error)
        for model in new:
            self._settle(model)
        if document.rescans != before.rescans:
            self.rescan()
        self._acknowledge(refused)

    def _settle(self, model: Model) -> None:
        active = model.active
        model.settle(self._publish)
        self._note(model, active)

    def _note(self, model: Model, before: int | None) -> None:
        """Writes into the shared history that another version answers now."""
        after = model.active
        if after is None or after == before:
            return
        self._store.update(lambda document: document.answering(model.name, before, after))

    def _acknowledge(self, refused: dict[str, str]) -> None:
        self._store.acknowledge(
            Acknowledgement(
                pid=self._worker,
                generation=self._document.generation,
                refused=refused,
                active={name: model.active for name, model in self._models.items()},
            )
        )

    def _publish(self) -> None:
        models = sorted(self._models.items())
        routes = [model.route() for _, model in models]
        # Which type of route it is follows from the manifest, which mypy cannot know.
        self._table = routing_table(cast(list[AnyRoute], [r for r in routes if r is not None]))
        self._statuses = {name: model.status() for name, model in models}
        self._changed()
