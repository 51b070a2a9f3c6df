"""Changes of the routing that take effect in all workers, or in none.

A change is written into the shared document; every worker applies it and says so; if one refuses,
or does not answer in time, the document is set back. The functions wait, and belong in a thread of
their own; one change is made at a time.
"""

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from service.errors import ChangeUnfinished, VersionRefused
from service.repository.routing import Routing, RoutingDocument
from service.repository.store import Acknowledgement, RoutingStore

_PATIENCE_SECONDS = 30.0
_LOOK_SECONDS = 0.02


@dataclass(frozen=True)
class Change:
    """A change that all workers have made."""

    before: RoutingDocument
    after: RoutingDocument
    workers: tuple[Acknowledgement, ...]


class Changes:
    """Makes changes from one worker."""

    def __init__(
        self,
        store: RoutingStore,
        look_now: Callable[[], None],
        stopping: threading.Event,
        patience_seconds: float = _PATIENCE_SECONDS,
    ) -> None:
        """look_now: wakes this worker's own thread, which follows the document."""
        self._store = store
        self._look_now = look_now
        self._stopping = stopping
        self._patience_seconds = patience_seconds

    def route(self, name: str, decide: Callable[[Routing], Routing]) -> Change:
        """Gives a model another routing.

        Raises what `decide` raises, VersionRefused where a worker refuses, ChangeUnfinished where
        one does not answer in time, and RoutingConflict while another change is being made.
        """
        with self._store.changing():
            before = self._store.read()
            after = self._store.update(lambda d: d.changed(name, decide(d.of(name))))
            try:
                workers = self._followed(after.generation)
                for worker in workers:
                    if name in worker.refused:
                        raise VersionRefused(
                            f"{worker.refused[name]} (worker {worker.pid}); nothing was changed"
                        )
            except (VersionRefused, ChangeUnfinished):
                former = before.of(name)
                restored = self._store.update(lambda d: d.changed(name, former))
                with suppress(ChangeUnfinished):  # the first reason says more
                    self._followed(restored.generation)
                raise
            return Change(before, self._store.read(), workers)

    def rescan(self) -> Change:
        """Lets every worker look into the models folder. Raises like `route`."""
        with self._store.changing():
            before = self._store.read()
            after = self._store.update(RoutingDocument.rescanned)
            workers = self._followed(after.generation)
            return Change(before, self._store.read(), workers)

    def _followed(self, generation: int) -> tuple[Acknowledgement, ...]:
        """The workers' words once all that live have come to a generation."""
        self._look_now()
        deadline = time.monotonic() + self._patience_seconds
        behind: list[int] = []
        while time.monotonic() < deadline:
            workers = self._store.acknowledgements()
            behind = [worker.pid for worker in workers if worker.generation < generation]
            if workers and not behind:
                return tuple(workers)
            if self._stopping.wait(_LOOK_SECONDS):
                raise ChangeUnfinished("the service is stopping; the change was not carried out")
        raise ChangeUnfinished(
            f"workers {behind} have not answered within {self._patience_seconds:.0f} seconds, "
            "and the change was taken back; see their log"
        )
