"""The lives of the models of one worker, and the thread that owns all that changes.

It loads and proves versions, watches the models folder and the routing document, moves traffic and
closes what nobody uses any more. What others may see of it is one immutable value, which it
replaces.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from service.artifact import Artifact, ArtifactError
from service.errors import VersionRefused
from service.repository.loading import Loader
from service.repository.memory import give_back
from service.repository.model import Model
from service.repository.scan import published
from service.repository.status import ModelStatus
from service.repository.store import Acknowledgement, RoutingStore
from service.repository.table import AnyRoute, RoutingTable, routing_table

logger = logging.getLogger(__name__)

_DOCUMENT_SECONDS = 0.25  # how often the thread looks whether the routing document is another
_STOP_SECONDS = 1.0  # how long `stop` waits for a thread that may be loading


@dataclass(frozen=True, slots=True)
class Standing:
    """How everything stands at one moment."""

    table: RoutingTable  # which version answers a request
    statuses: Mapping[str, ModelStatus]  # of all models, by name


class Lifecycle:
    """Keeps the models of a folder as the folder and the routing document say.

    standing: how everything stands now; another value each time, to be read from any thread.
    """

    def __init__(
        self,
        folder: Path,
        load: Loader,
        store: RoutingStore,
        worker: int,
        keep_versions: int,
        poll_seconds: float,
    ) -> None:
        """See `Repository.open`."""
        self._folder = folder
        self._load_pipeline = load
        self._store = store
        self._worker = worker
        self._keep = keep_versions
        self._poll_seconds = poll_seconds
        self._models: dict[str, Model] = {}
        self._document = store.read()
        self._seen: object = None  # the stamp of the document when it was last read
        # Not a queue: CPython 3.11's SimpleQueue can wait for ever where a limit runs out while it
        # takes note of something that was fetched before.
        self._wake = threading.Event()
        self._garbage = False  # whether something was closed whose memory is to be given back
        self._loaded = threading.Event()
        self.stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._changed: Callable[[], None] = lambda: None
        self._folder_error: str | None = None
        self._failure: str | None = None  # what went wrong in the thread, and still does
        self.standing = Standing(routing_table(()), {})

    @property
    def required(self) -> tuple[str, ...]:
        """The models that were there when the server started."""
        return self._document.required

    def read_ahead(self, found: Mapping[str, tuple[int, ...]], known: Sequence[Artifact]) -> None:
        """Reads the versions that will answer; loads none. Before the thread is started.

        found: the published versions of each model. known: artifacts that need not be read again.
        Raises ArtifactError where a model that the server starts with has no version that can be
        read, unless it takes the place of a worker whose models answered.
        """
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

    def start(self, changed: Callable[[], None]) -> None:
        """Starts the thread, where it does not run yet; it first loads the models.

        `changed` is called, in the thread, whenever the standing is another.
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
        self.stopping.set()
        self.look_now()
        if self._thread is not None:
            self._thread.join(_STOP_SECONDS)

    def wait_until_loaded(self) -> None:
        """Waits until every model that is there at the start has been tried."""
        self._loaded.wait()

    def look_now(self) -> None:
        """Wakes the thread, which would look by itself in a quarter of a second."""
        self._wake.set()

    # Everything below runs in the thread, or instead of it.

    def load(self) -> None:
        """Loads and proves what should be loaded, one version after the other.

        What fails is marked with the reason.
        """
        try:
            for model in list(self._models.values()):
                if self.stopping.is_set():
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

    def _run(self) -> None:
        with self._surviving():
            self.load()
            give_back()  # loading takes more for a moment than what is loaded
            self._acknowledge({})
        looked = time.monotonic()
        while not self.stopping.is_set():
            self._wake.wait(_DOCUMENT_SECONDS)
            self._wake.clear()
            if self.stopping.is_set():
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
        except BaseException as error:  # a panic in a library written in Rust is no Exception
            if self._failure != repr(error):
                logger.error("the models could not be looked after", exc_info=error)
            self._failure = repr(error)

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
        table = routing_table(cast(list[AnyRoute], [r for r in routes if r is not None]))
        self.standing = Standing(table, {name: model.status() for name, model in models})
        self._changed()
