"""Which version of a model answers: what operators asked for, and what follows from it.

Pure: values and functions on them, no file, no thread, no clock. The document is what all workers
of a server share; `service.repository.store` keeps it.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field

from service.errors import RoutingConflict

Version = Annotated[int, Field(ge=1, le=999_999_999)]


class _Value(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)


class Candidate(_Value):
    """A version on trial beside the active one."""

    version: Version
    share: Annotated[float, Field(ge=0, le=1)] = 0.0  # of the requests that name no version
    mirror: bool = False  # whether it computes what the active one answers, for comparison


class Routing(_Value):
    """What was asked for of one model, and the history that a roll back needs."""

    active: Version | None = None  # None: automatic, the newest good version
    candidate: Candidate | None = None
    loaded: tuple[Version, ...] = ()  # kept loaded beside the active one and the candidate
    unloaded: tuple[Version, ...] = ()  # not kept loaded, though they are among the newest
    stopped: bool = False  # nothing is loaded, and nothing answers
    current: Version | None = None  # what answers
    previous: Version | None = None  # what answered before

    @property
    def request(self) -> Self:
        """What was asked for, without the history."""
        return self.model_copy(update={"current": None, "previous": None})

    def demanded_since(self, former: "Routing") -> tuple[int, ...]:
        """The versions that this routing needs for something that the former one did not ask."""
        demanded = [version for version in self.loaded if version not in former.loaded]
        if self.candidate is not None and self.candidate != former.candidate:
            demanded.insert(0, self.candidate.version)
        if self.active is not None and self.active != former.active:
            demanded.insert(0, self.active)
        return tuple(dict.fromkeys(demanded))

    def answering(self, version: int) -> Self:
        """With `version` as what answers now."""
        if version == self.current:
            return self
        return self.model_copy(update={"current": version, "previous": self.current})

    def activated(self, version: int | None) -> Self:
        """With `version` pinned; None lets the newest good version answer again."""
        if version is None:
            return self.model_copy(update={"active": None, "unloaded": (), "stopped": False})
        candidate = self.candidate
        if candidate is not None and candidate.version == version:
            candidate = None
        pinned = self.model_copy(
            update={
                "active": version,
                "candidate": candidate,
                "unloaded": _without(self.unloaded, version),
                "stopped": False,
            }
        )
        return pinned.answering(version)

    def rolled_back(self, name: str) -> Self:
        """With the version pinned that answered before. Raises RoutingConflict without one."""
        if self.previous is None:
            raise RoutingConflict(
                f"no other version of {name} has been active since this server started; "
                "activate one by its number"
            )
        return self.activated(self.previous)

    def with_candidate(self, name: str, candidate: Candidate) -> Self:
        """With a candidate. Raises RoutingConflict for the version that answers."""
        if candidate.version in (self.active, self.current):
            raise RoutingConflict(
                f"{name} {candidate.version} is the active version and cannot be its own "
                "candidate; activate another version, then try this one beside it"
            )
        return self.model_copy(
            update={
                "candidate": candidate,
                "unloaded": _without(self.unloaded, candidate.version),
                "stopped": False,
            }
        )

    def without_candidate(self, name: str) -> Self:
        """Without the candidate. Raises RoutingConflict where there is none."""
        if self.candidate is None:
            raise RoutingConflict(f"{name} has no candidate; there is nothing to take away")
        return self.model_copy(update={"candidate": None})

    def with_loaded(self, version: int) -> Self:
        """With a version kept loaded, to be asked for by its number."""
        return self.model_copy(
            update={
                "loaded": (*_without(self.loaded, version), version),
                "unloaded": _without(self.unloaded, version),
                "stopped": False,
            }
        )

    def started(self) -> Self:
        """With the versions loaded that were asked for, or are new, and one that answers."""
        return self.model_copy(update={"stopped": False})

    def halted(self) -> Self:
        """With nothing loaded, whatever was asked for before, and nothing that answers."""
        return self.model_copy(update={"stopped": True})

    def with_unloaded(self, name: str, version: int) -> Self:
        """With a version not kept loaded. Raises RoutingConflict for one that has a role."""
        if version in (self.active, self.current):
            raise RoutingConflict(
                f"{name} {version} is the active version; activate another one before this one "
                "is unloaded"
            )
        if self.candidate is not None and self.candidate.version == version:
            raise RoutingConflict(
                f"{name} {version} is the candidate; take the candidate away before this one is "
                "unloaded"
            )
        return self.model_copy(
            update={
                "loaded": _without(self.loaded, version),
                "unloaded": (*_without(self.unloaded, version), version),
            }
        )


class RoutingDocument(_Value):
    """The routing of every model of a server."""

    generation: Annotated[int, Field(ge=0)] = 0  # rises with every change that workers must apply
    rescans: Annotated[int, Field(ge=0)] = 0  # how often somebody asked to look at the folder
    required: tuple[str, ...] = ()  # the models that were there when the server started
    models: dict[str, Routing] = {}

    def of(self, name: str) -> Routing:
        """The routing of a model."""
        return self.models.get(name) or Routing()

    def changed(self, name: str, routing: Routing) -> Self:
        """The next generation, with another routing of one model."""
        return self.model_copy(
            update={
                "generation": self.generation + 1,
                "models": {**self.models, name: routing},
            }
        )

    def rescanned(self) -> Self:
        """The next generation, with one more look at the folder."""
        return self.model_copy(
            update={"generation": self.generation + 1, "rescans": self.rescans + 1}
        )

    def answering(self, name: str, before: int | None, version: int) -> Self:
        """With what answers now in automatic routing, noted by a worker that changed over to it.

        `before` is what that worker answered with: a worker that only just started (None) learns
        the history and does not make it.
        """
        routing = self.of(name)
        if routing.active is not None or (before is None and routing.current is not None):
            return self
        noted = routing.answering(version)
        if noted is routing:
            return self
        return self.model_copy(update={"models": {**self.models, name: noted}})


@dataclass(frozen=True)
class Plan:
    """What a worker should come to: who answers, and what is loaded, in the order of loading."""

    active: int | None
    loaded: tuple[int, ...]


def plan(routing: Routing, usable: Collection[int], keep: int) -> Plan:
    """What follows from a routing for the versions that can be used: loaded, or still to be tried.

    keep: how many of the newest versions are loaded, whether anybody asked for them or not.
    """
    if routing.stopped:
        return Plan(None, ())
    newest_first = sorted(usable, reverse=True)
    candidate = routing.candidate.version if routing.candidate else None
    active = _active(routing.active, candidate, newest_first)
    wanted = [active, candidate, *routing.loaded]
    wanted += [version for version in newest_first[:keep] if version not in routing.unloaded]
    return Plan(
        active,
        tuple(dict.fromkeys(version for version in wanted if version in usable and version)),
    )


def _active(pinned: int | None, candidate: int | None, newest_first: list[int]) -> int | None:
    if pinned is None:
        order = [version for version in newest_first if version != candidate] + newest_first
    else:
        # A pinned version can be missing where a worker starts anew after its folder is gone. One
        # before it is the better guess: newer ones were there to be pinned, and were not.
        order = [pinned] if pinned in newest_first else []
        order += [version for version in newest_first if version < pinned]
        order += newest_first
    return next(iter(order), None)


def _without(versions: tuple[int, ...], version: int) -> tuple[int, ...]:
    return tuple(other for other in versions if other != version)
