"""One model in one worker: which of its versions are published, loaded, refused, draining.

Owned by the repository's thread; what other threads see of it are the `route` and the `status`
that it makes, which never change. It knows nothing about the other models or the other workers.
"""

import logging
from collections.abc import Callable, Sequence
from pathlib import Path

from service.artifact import Artifact, Manifest
from service.errors import VersionRefused
from service.pipelines.loading import Pipeline
from service.repository.leases import LoadedVersion
from service.repository.loading import Loader, read_version, same_purpose
from service.repository.routing import Candidate, Routing, plan
from service.repository.scan import Stamp, stamp
from service.repository.status import ModelStatus, Role, State, VersionStatus
from service.repository.table import Route, Share

logger = logging.getLogger(__name__)


class Model:
    """The versions of one model."""

    def __init__(
        self, path: Path, routing: Routing, keep: int, load: Loader, drained: Callable[[], None]
    ) -> None:
        """keep: how many of the newest versions are loaded; drained: called from any thread,
        when a version may be closed by `close_drained`."""
        self.name = path.name
        self.routing = routing
        self.active: int | None = None  # what answers
        self.manifest: Manifest | None = None  # of what answers, or is the first to answer
        self._path = path
        self._keep = keep
        self._load = load
        self._drained = drained
        self._published: tuple[int, ...] = ()
        self._artifacts: dict[int, tuple[Artifact, Stamp]] = {}  # read, and not loaded yet
        self._loaded: dict[int, LoadedVersion[Pipeline]] = {}
        self._draining: list[LoadedVersion[Pipeline]] = []
        self._refused: dict[int, tuple[str, Stamp]] = {}  # the reason, and the folder it was in
        self._loading: int | None = None
        self._settled = False
        self._share: tuple[Candidate, Share] | None = None

    @property
    def refusals(self) -> dict[int, str]:
        """Why versions were refused."""
        return {version: reason for version, (reason, _) in self._refused.items()}

    @property
    def is_forgotten(self) -> bool:
        """Whether nothing is left of it, neither in the folder nor in memory."""
        return not (self._published or self._loaded or self._draining)

    def find(self, published: Sequence[int]) -> None:
        """Takes note of what is in the model's folder now."""
        for version in self._published:
            if version not in published and version in self._loaded:
                logger.warning(
                    "model %s %d is gone from the models folder; it goes on answering until this "
                    "process ends",
                    self.name,
                    version,
                )
        self._published = tuple(published)
        for version, (_, refused_as) in list(self._refused.items()):
            if version not in published or stamp(self._folder(version)) != refused_as:
                del self._refused[version]  # it gets another chance

    def read_ahead(self, known: Sequence[Artifact] = ()) -> None:
        """Reads the versions that will be loaded, so that what they are is known before.

        known: versions that have just been read, and need not be read again.
        """
        self._artifacts = {
            artifact.version: (artifact, stamp(self._folder(artifact.version)))
            for artifact in known
            if artifact.version in self._published
        }
        routing = self.routing.started()  # what a model is should be known while it is stopped, too
        while True:
            wanted = plan(routing, self._usable(), self._keep).loaded
            unread = [v for v in wanted if v not in self._artifacts and v not in self._loaded]
            if not unread:
                break
            self._read(unread[0])
        self._artifacts = {v: read for v, read in self._artifacts.items() if v in wanted}
        if self.manifest is None and wanted:
            self.manifest = self._artifacts[wanted[0]][0].manifest

    def log_refusal(self, version: int) -> None:
        """Writes into the log why a version was refused."""
        logger.error("model %s %d failed: %s", self.name, version, self._refused[version][0])

    def apply(self, routing: Routing, publish: Callable[[], None]) -> None:
        """Changes over to another routing: first all that it demands is loaded, then traffic moves.

        `publish` is called whenever the route or the status is another. Raises VersionRefused,
        and goes on as before, where a version that is demanded cannot be loaded.
        """
        try:
            for version in routing.demanded_since(self.routing):
                if version not in self._loaded:
                    self._require(version, publish)
        except VersionRefused:
            self.settle(publish)  # lets go of what was loaded for nothing
            raise
        self.routing = routing
        self.settle(publish)

    def settle(self, publish: Callable[[], None]) -> None:
        """Loads what is missing, moves traffic to what should answer, retires what is not wanted.

        `publish` is called whenever the route or the status is another.
        """
        while True:
            goal = plan(self.routing, self._usable(), self._keep)
            if goal.active in self._loaded:
                self._activate(goal.active)
            missing = [version for version in goal.loaded if version not in self._loaded]
            if not missing:
                break
            self._try(missing[0], publish)
        if self.routing.stopped:
            self.active = None
        retired = [self._loaded.pop(v) for v in list(self._loaded) if v not in goal.loaded]
        self._draining += retired
        self._settled = True
        publish()  # before they are retired, so that few lookups have to look twice
        for version in retired:
            logger.info("model %s %d drains", self.name, version.version)
            version.retire()

    def close_drained(self) -> bool:
        """Closes the retired versions that nobody uses; whether there were any."""
        idle = [version for version in self._draining if not version.in_use]
        self._draining = [version for version in self._draining if version.in_use]
        for version in idle:
            version.pipeline.close()
            logger.info("model %s %d is freed", self.name, version.version)
        return bool(idle)

    def close(self) -> None:
        """Closes everything; nothing may be in use any more."""
        for version in (*self._loaded.values(), *self._draining):
            version.pipeline.close()
        self._loaded.clear()
        self._draining.clear()

    def route(self) -> Route[Pipeline] | None:
        """Who answers; None as long as nobody knows what kind of model this is."""
        if self.manifest is None:
            return None
        candidate = self.routing.candidate
        on_trial = self._loaded.get(candidate.version) if candidate else None
        if on_trial is None or candidate is None or candidate.version == self.active:
            candidate = on_trial = None
        return Route(
            name=self.name,
            manifest=self.manifest,
            active=None if self.active is None else self._loaded.get(self.active),
            why_not=self.status().why_not,
            versions=dict(self._loaded),
            candidate=on_trial,
            share=self._share_of(candidate),
            mirror=candidate is not None and candidate.mirror,
        )

    def status(self) -> ModelStatus:
        """What is known of all versions."""
        state, reason = self._state()
        return ModelStatus(
            name=self.name,
            state=state,
            reason=reason,
            active=self.active,
            pinned=self.routing.active is not None,
            manifest=self.manifest,
            versions=tuple(self._version_status(version) for version in self._known()),
        )

    def _state(self) -> tuple[State, str | None]:
        """Where the model stands, and why no version answers where that is known."""
        if self.active is not None:
            return State.READY, None
        if not self._settled:
            return State.LOADING, None
        if self.routing.stopped:
            return State.AVAILABLE, "it was unloaded; load it, or activate a version"
        return State.FAILED, self._reason()

    def _known(self) -> list[int]:
        draining = {version.version for version in self._draining}
        return sorted({*self._published, *self._loaded, *self._refused, *draining}, reverse=True)

    def _usable(self) -> set[int]:
        return {*self._published, *self._loaded} - self._refused.keys()

    def _folder(self, version: int) -> Path:
        return self._path / str(version)

    def _reason(self) -> str:
        if not self._refused:
            return f"there is no version of it in {self._path}"
        return self._refused[max(self._refused)][0]

    def _activate(self, version: int | None) -> None:
        if version is None or version == self.active:
            return
        if self.active is not None:
            logger.info("model %s: %d answers in place of %d", self.name, version, self.active)
        self.active = version
        self.manifest = self._loaded[version].pipeline.artifact.manifest

    def _require(self, version: int, publish: Callable[[], None]) -> None:
        if version not in self._refused:
            if version not in self._published:
                raise VersionRefused(f"there is no {self._folder(version)}")
            self._try(version, publish)
        if version in self._refused:
            raise VersionRefused(self._refused[version][0])

    def _try(self, version: int, publish: Callable[[], None]) -> None:
        """Loads a version or refuses it."""
        self._loading = version
        publish()
        try:
            self._read(version)
            if version in self._artifacts:
                self._open(version, *self._artifacts.pop(version))
            if version in self._refused:
                self.log_refusal(version)
        finally:
            self._loading = None
            publish()

    def _read(self, version: int) -> None:
        """Reads a version or refuses it."""
        if version in self._artifacts:
            return
        found = stamp(self._folder(version))  # before it is read: what changes later is seen
        try:
            artifact = read_version(self._folder(version))
            if self.manifest is not None and not same_purpose(self.manifest, artifact.manifest):
                raise VersionRefused(
                    f"it is made for another task or other languages than {self.name} "
                    f"{self.manifest.version}; publish it under a name of its own"
                )
            self._artifacts[version] = (artifact, found)
        except VersionRefused as error:
            self._refuse(version, str(error), found)

    def _open(self, version: int, artifact: Artifact, found: Stamp) -> None:
        """Loads and proves a version that has been read, or refuses it."""
        try:
            pipeline = self._load(artifact)
        except VersionRefused as error:
            self._refuse(version, str(error), found)
            return
        self._loaded[version] = LoadedVersion(pipeline, self._drained)
        logger.info("model %s %d is ready", self.name, version)

    def _refuse(self, version: int, reason: str, found: Stamp) -> None:
        self._refused[version] = (reason, found)

    def _share_of(self, candidate: Candidate | None) -> Share | None:
        if candidate is None or not candidate.share:
            self._share = None
            return None
        if self._share is None or self._share[0] != candidate:
            self._share = (candidate, Share(candidate.share))
        return self._share[1]

    def _version_status(self, version: int) -> VersionStatus:
        candidate = self.routing.candidate
        on_trial = candidate is not None and candidate.version == version
        role = Role.CANDIDATE if on_trial else None
        if version == self.active:
            role, candidate = Role.ACTIVE, None
        loaded = self._loaded.get(version)
        draining = next((old for old in self._draining if old.version == version), None)
        held = loaded or draining
        if loaded is not None:
            state = State.READY
        elif version == self._loading:
            state = State.LOADING
        elif version in self._refused:
            state = State.FAILED
        elif draining is not None:
            state = State.DRAINING
        else:
            state = State.AVAILABLE
        return VersionStatus(
            version=version,
            state=state,
            reason=self.refusals.get(version),
            role=role,
            share=candidate.share if candidate is not None and role is Role.CANDIDATE else None,
            mirror=candidate.mirror if candidate is not None and role is Role.CANDIDATE else None,
            manifest=None if held is None else held.pipeline.artifact.manifest,
        )
