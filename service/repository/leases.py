"""Leases: a version is closed only after the last request that uses it.

Any thread may take and release leases; none of them ever closes a version. The last one to leave
a retired version says so, and the thread that owns the repository closes it. This module knows
nothing about how a version is chosen.
"""

import threading
from collections.abc import Callable
from types import TracebackType
from typing import Generic, Self, TypeVar

from service.pipelines.loading import Pipeline

PipelineT_co = TypeVar("PipelineT_co", bound=Pipeline, covariant=True)


class LoadedVersion(Generic[PipelineT_co]):
    """A version that is proved and ready, and the number of leases on it."""

    __slots__ = ("__weakref__", "_drained", "_leases", "_lock", "_retired", "pipeline", "version")

    def __init__(self, pipeline: PipelineT_co, drained: Callable[[], None]) -> None:
        """`drained` is called once: when this is retired and nobody uses it any more."""
        self.pipeline = pipeline
        self.version = pipeline.artifact.version
        self._drained = drained
        self._lock = threading.Lock()
        self._leases = 0
        self._retired = False

    @property
    def in_use(self) -> bool:
        """Whether a request holds a lease."""
        return self._leases > 0

    def lease(self) -> "Lease[PipelineT_co] | None":
        """A lease; None where this has been retired, so that nobody comes after the last."""
        with self._lock:
            if self._retired:
                return None
            self._leases += 1
        return Lease(self)

    def retire(self) -> None:
        """No new leases from now on."""
        with self._lock:
            self._retired = True
            drained = self._leases == 0
        if drained:
            self._drained()

    def extend(self) -> "Lease[PipelineT_co]":
        """One more lease for somebody who holds one already, retired or not."""
        with self._lock:
            self._leases += 1
        return Lease(self)

    def release(self) -> None:
        """Gives one lease back."""
        with self._lock:
            self._leases -= 1
            drained = self._retired and self._leases == 0
        if drained:
            self._drained()


class Lease(Generic[PipelineT_co]):
    """The right to use a version, from the lookup until `release` or the end of a with block.

    pipeline: what answers; version: its number; mirror: a lease on the candidate whose answer is
    to be compared with this one's, or None. The mirror's lease ends with this one.
    """

    __slots__ = ("_loaded", "mirror", "pipeline", "version")

    def __init__(self, loaded: LoadedVersion[PipelineT_co]) -> None:
        self.pipeline = loaded.pipeline
        self.version = loaded.version
        self.mirror: Lease[PipelineT_co] | None = None
        self._loaded: LoadedVersion[PipelineT_co] | None = loaded

    def extend(self) -> "Lease[PipelineT_co]":
        """A further lease on the same version, released by itself, for work that outlives this one.

        Raises RuntimeError where this one has been released.
        """
        if self._loaded is None:
            raise RuntimeError("the lease has been released")
        return self._loaded.extend()

    def release(self) -> None:
        """Ends the lease. A second call does nothing."""
        loaded, self._loaded = self._loaded, None
        if loaded is None:
            return
        loaded.release()
        if self.mirror is not None:
            self.mirror.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.release()
