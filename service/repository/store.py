"""Where the routing document lives, and how the workers of a server agree on it.

One worker keeps it in memory. Several share a folder that `service.cli` makes: a JSON document that
is replaced as a whole under a file lock, and for each worker a file that says how far it has come.
A worker lives as long as it holds the lock on its own file, whatever becomes of its process id.
The functions block for moments and may be called from any thread, but not from an event loop.
"""

import fcntl
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from pathlib import Path
from typing import IO, Protocol

from pydantic import BaseModel, ConfigDict

from service.errors import RoutingConflict
from service.repository.routing import RoutingDocument

_BUSY = "the models are being changed by another request; try again when it has been answered"


class Acknowledgement(BaseModel):
    """How far a worker has come with the document."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    pid: int
    generation: int  # the newest that it has seen; -1 while its first models load
    refused: dict[str, str] = {}  # why, by model: it goes on as before
    active: dict[str, int | None] = {}  # what answers, by model


class RoutingStore(Protocol):
    """What the repository needs of a place for the document."""

    def stamp(self) -> object:
        """A value that is another whenever the document is; cheap."""

    def read(self) -> RoutingDocument:
        """The document as it stands."""

    def update(self, change: Callable[[RoutingDocument], RoutingDocument]) -> RoutingDocument:
        """Replaces the document by what `change` makes of it, and returns that."""

    def changing(self) -> AbstractContextManager[None]:
        """One change of the models at a time. Raises RoutingConflict while there is another."""

    def acknowledge(self, state: Acknowledgement) -> None:
        """Says how far this worker has come."""

    def acknowledgements(self) -> list[Acknowledgement]:
        """How far each living worker has come."""

    def close(self) -> None:
        """This worker lives no more."""


class MemoryStore:
    """The document of a server that is one process."""

    def __init__(self, required: tuple[str, ...] = ()) -> None:
        self._document = RoutingDocument(required=required)
        self._lock = threading.Lock()
        self._changing = threading.Lock()
        self._state: Acknowledgement | None = None

    def stamp(self) -> object:
        """The document itself, which is replaced and never changed."""
        return self._document

    def read(self) -> RoutingDocument:
        """The document as it stands."""
        return self._document

    def update(self, change: Callable[[RoutingDocument], RoutingDocument]) -> RoutingDocument:
        """Replaces the document by what `change` makes of it, and returns that."""
        with self._lock:
            self._document = change(self._document)
            return self._document

    @contextmanager
    def changing(self) -> Iterator[None]:
        """One change of the models at a time. Raises RoutingConflict while there is another."""
        if not self._changing.acquire(blocking=False):
            raise RoutingConflict(_BUSY)
        try:
            yield
        finally:
            self._changing.release()

    def acknowledge(self, state: Acknowledgement) -> None:
        """Says how far this worker has come."""
        self._state = state

    def acknowledgements(self) -> list[Acknowledgement]:
        """How far this worker has come."""
        return [] if self._state is None else [self._state]

    def close(self) -> None:
        """This worker lives no more."""
        self._state = None


class FolderStore:
    """The document of a server of several processes, in a folder of its own."""

    def __init__(self, folder: Path, worker: int | None = None) -> None:
        """`worker` tells the workers apart: by default this process's id."""
        self._folder = folder
        self._document = folder / "routing.json"
        self._worker = os.getpid() if worker is None else worker
        self._alive: IO[str] | None = None  # locked while this worker lives

    @classmethod
    def create(cls, folder: Path, required: tuple[str, ...]) -> None:
        """Writes the first document; `required` are the models that the server starts with."""
        _replace(folder / "routing.json", RoutingDocument(required=required))

    def stamp(self) -> object:
        """The file's identity: every document is a new file."""
        status = self._document.stat()
        return (status.st_ino, status.st_mtime_ns, status.st_size)

    def read(self) -> RoutingDocument:
        """The document as it stands."""
        return RoutingDocument.model_validate_json(self._document.read_bytes())

    def update(self, change: Callable[[RoutingDocument], RoutingDocument]) -> RoutingDocument:
        """Replaces the document by what `change` makes of it, and returns that."""
        with self._locked("routing.lock", fcntl.LOCK_EX):
            before = self.read()
            after = change(before)
            if after is not before:
                _replace(self._document, after)
            return after

    @contextmanager
    def changing(self) -> Iterator[None]:
        """One change of the models at a time. Raises RoutingConflict while there is another."""
        with ExitStack() as stack:
            try:
                stack.enter_context(self._locked("change.lock", fcntl.LOCK_EX | fcntl.LOCK_NB))
            except BlockingIOError:
                raise RoutingConflict(_BUSY) from None
            yield

    def acknowledge(self, state: Acknowledgement) -> None:
        """Says how far this worker has come."""
        _replace(self._folder / f"worker-{self._worker}.json", state)
        if self._alive is None:
            self._alive = (self._folder / f"worker-{self._worker}.lock").open("a")
            fcntl.flock(self._alive, fcntl.LOCK_EX)

    def acknowledgements(self) -> list[Acknowledgement]:
        """How far each living worker has come."""
        found = []
        for lock in sorted(self._folder.glob("worker-*.lock")):
            with suppress(BlockingIOError), lock.open("a") as file:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
                continue  # nobody holds it: this worker is dead
            state = lock.with_suffix(".json").read_bytes()
            found.append(Acknowledgement.model_validate_json(state))
        return found

    def close(self) -> None:
        """This worker lives no more."""
        if self._alive is not None:
            self._alive.close()
            self._alive = None

    @contextmanager
    def _locked(self, name: str, operation: int) -> Iterator[None]:
        with (self._folder / name).open("a") as file:
            fcntl.flock(file, operation)  # until the file is closed
            yield


def _replace(path: Path, value: BaseModel) -> None:
    temporary = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}")
    temporary.write_text(value.model_dump_json(), encoding="utf-8")
    temporary.replace(path)
