"""What a worker tells of its models: values that never change, made anew when anything does."""

from dataclasses import dataclass
from enum import StrEnum

from service.artifact import Manifest


class State(StrEnum):
    """Where a model or a version stands between its files and its answers."""

    AVAILABLE = "available"  # published, and not loaded
    LOADING = "loading"
    READY = "ready"
    DRAINING = "draining"  # answers what it began, and nothing new
    FAILED = "failed"


class Role(StrEnum):
    """What a version is to the requests that name none."""

    ACTIVE = "active"
    CANDIDATE = "candidate"


@dataclass(frozen=True)
class VersionStatus:
    """One version of a model."""

    version: int
    state: State
    reason: str | None = None  # why it failed
    role: Role | None = None
    share: float | None = None  # of a candidate: 0 to 1 of the requests
    mirror: bool | None = None  # of a candidate
    manifest: Manifest | None = None  # where it is loaded


@dataclass(frozen=True)
class ModelStatus:
    """One model: ready where a version answers, available where it was unloaded."""

    name: str
    state: State
    reason: str | None  # why no version answers
    active: int | None  # the version that answers
    pinned: bool  # whether somebody chose it, or it is the newest good one
    manifest: Manifest | None  # of the active version, or the newest that could be read
    versions: tuple[VersionStatus, ...]  # newest first

    @property
    def why_not(self) -> str:
        """Why no version answers, as it is said behind the model's name."""
        if self.state is State.LOADING:
            return "is still loading"
        how = "is not loaded" if self.state is State.AVAILABLE else "failed"
        return f"{how}: {self.reason}"
