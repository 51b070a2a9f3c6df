"""The routing table: finds, for a request, the version that answers it.

A table never changes; the repository puts a new one in its place. So a lookup reads one reference
and a few dictionaries, takes one lock, and builds nothing but the lease. Any thread may look up.
"""

import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic

from service.artifact import ClassificationManifest, Manifest, TranslationManifest
from service.errors import (
    InvalidInput,
    ModelsNotReady,
    NoLanguageModel,
    UnknownModel,
    UnknownVersion,
    UnsupportedLanguagePair,
    listing,
)
from service.pipelines.classification import ClassificationPipeline
from service.pipelines.loading import Pipeline
from service.pipelines.translation import TranslationPipeline
from service.repository.leases import Lease, LoadedVersion, PipelineT_co

DEFAULT_CLASSIFIER = "sentiment"
DEFAULT_IDENTIFIER = "language"
_PARTS = 1_000_000


class Share:
    """Picks a share of requests, evenly and without chance.

    The error of each decision is carried to the next (Bresenham's line), in whole millionths, so
    that of any n requests in a row exactly n * share, rounded down or up, are picked.
    """

    def __init__(self, share: float) -> None:
        self._step = round(share * _PARTS)
        self._carried = 0
        self._lock = threading.Lock()

    def pick(self) -> bool:
        """Whether this request belongs to the share."""
        with self._lock:
            self._carried += self._step
            if self._carried < _PARTS:
                return False
            self._carried -= _PARTS
            return True


@dataclass(frozen=True, slots=True)
class Route(Generic[PipelineT_co]):
    """The versions of one model that can answer, and how requests are divided among them."""

    name: str
    manifest: Manifest  # of the active version, or of the one that should be
    active: LoadedVersion[PipelineT_co] | None
    why_not: str  # why there is no active version
    versions: Mapping[int, LoadedVersion[PipelineT_co]]
    candidate: LoadedVersion[PipelineT_co] | None = None
    share: Share | None = None  # of requests that go to the candidate; None: none do
    mirror: bool = False

    def lease(self, version: int | None) -> Lease[PipelineT_co] | None:
        """A lease on the version asked for, or on the one whose turn it is.

        None where it was retired since this route was made: look again in the newer table.
        Raises ModelsNotReady and UnknownVersion.
        """
        if version is not None:
            return self._numbered(version).lease()
        if self.active is None:
            raise ModelsNotReady(f"model {self.name} {self.why_not}")
        if self.candidate is None:
            return self.active.lease()
        if self.share is not None and self.share.pick():
            return self.candidate.lease()
        lease = self.active.lease()
        if lease is not None and self.mirror:
            lease.mirror = self.candidate.lease()
        return lease

    def _numbered(self, version: int) -> LoadedVersion[PipelineT_co]:
        loaded = self.versions.get(version)
        if loaded is None:
            if not self.versions:
                raise ModelsNotReady(f"model {self.name} {self.why_not}")
            raise UnknownVersion(self.name, version, self.versions)
        return loaded


AnyRoute = Route[Any]  # of any pipeline: the manifest says of which


@dataclass(frozen=True, slots=True)
class RoutingTable:
    """All routes, by everything that a request may ask for them by."""

    classifiers: Mapping[str | None, Route[ClassificationPipeline]] = field(default_factory=dict)
    # The classifier whose labels are the languages of texts; several, and none that is preferred:
    # None.
    identifier: Route[ClassificationPipeline] | None = None
    translators: Mapping[tuple[str, str, str | None], Route[TranslationPipeline]] = field(
        default_factory=dict
    )
    # The models of all other tasks, by task and name.
    others: Mapping[str, Mapping[str | None, Route[Pipeline]]] = field(default_factory=dict)

    def classifier(self, name: str | None) -> Route[ClassificationPipeline]:
        """The route of a classifier; without a name the only one, or "sentiment".

        One for language identification answers only to its name: it is there for other routes.
        Raises UnknownModel, and InvalidInput where a name is needed.
        """
        route = self.classifiers.get(name)
        if route is not None:
            return route
        names = [known for known in self.classifiers if known is not None]
        if name is not None:
            raise UnknownModel(name, names, "classification")
        raise _no_default("classification", names)

    def language_identifier(self) -> Route[ClassificationPipeline]:
        """The route of the model for language identification: the only one, or "language".

        Raises NoLanguageModel.
        """
        if self.identifier is None:
            raise NoLanguageModel
        return self.identifier

    @property
    def identified_languages(self) -> tuple[str, ...]:
        """The labels of that model; none where there is none."""
        manifest = None if self.identifier is None else self.identifier.manifest
        return manifest.labels if isinstance(manifest, ClassificationManifest) else ()

    def translator(self, source: str, target: str, name: str | None) -> Route[TranslationPipeline]:
        """The route of a language pair, in any case, and of that name if one is given.

        Raises UnknownModel, UnsupportedLanguagePair, and InvalidInput where a name is needed.
        """
        pair = (source.lower(), target.lower())
        route = self.translators.get((*pair, name))
        if route is not None:
            return route
        names = {known for _, _, known in self.translators if known is not None}
        if name is not None and name not in names:
            raise UnknownModel(name, names, "translation")
        matching = {known for *languages, known in self.translators if tuple(languages) == pair}
        if name is not None or not matching:
            pairs = {
                _languages(route)
                for (_, _, known), route in self.translators.items()
                if name in (None, known)
            }
            raise UnsupportedLanguagePair(source, target, pairs)
        raise _no_default("translation", [known for known in matching if known is not None])

    def other(self, task: str, name: str | None) -> Route[Pipeline]:
        """The route of a model of a task that has no table of its own; without a name the only one.

        Raises UnknownModel, and InvalidInput where a name is needed.
        """
        of_task = self.others.get(task, {})
        route = of_task.get(name)
        if route is not None:
            return route
        names = [known for known in of_task if known is not None]
        if name is not None:
            raise UnknownModel(name, names, task)
        raise _no_default(task, names)


def routing_table(routes: Iterable[AnyRoute]) -> RoutingTable:
    """The table of some routes, with every default worked out."""
    classifiers: dict[str | None, Route[ClassificationPipeline]] = {}
    translators: dict[tuple[str, str, str | None], Route[TranslationPipeline]] = {}
    pairs: dict[tuple[str, str], dict[str, Route[TranslationPipeline]]] = {}
    by_task: dict[str, dict[str | None, Route[Pipeline]]] = {}
    for route in routes:
        if isinstance(route.manifest, TranslationManifest):
            source, target = (language.lower() for language in _languages(route))
            translators[source, target, route.name] = route
            pairs.setdefault((source, target), {})[route.name] = route
        elif isinstance(route.manifest, ClassificationManifest):
            classifiers[route.name] = route
        else:
            by_task.setdefault(route.manifest.task, {})[route.name] = route
    identifiers = [name for name, route in classifiers.items() if name and _identifies(route)]
    identifier = _default(identifiers, DEFAULT_IDENTIFIER)
    others = [name for name in classifiers if name and name not in identifiers]
    default = _default(others, DEFAULT_CLASSIFIER)
    if default is not None:
        classifiers[None] = classifiers[default]
    for (source, target), of_pair in pairs.items():
        default = _default(of_pair, f"translation-{source}-{target}")
        if default is not None:
            translators[source, target, None] = of_pair[default]
    for of_task in by_task.values():
        if len(of_task) == 1:
            (of_task[None],) = of_task.values()
    return RoutingTable(
        classifiers=classifiers,
        identifier=None if identifier is None else classifiers[identifier],
        translators=translators,
        others=by_task,
    )


def _default(names: Iterable[str], preferred: str) -> str | None:
    known = list(names)
    if len(known) == 1:
        return known[0]
    return preferred if preferred in known else None


def _no_default(task: str, names: Iterable[str]) -> InvalidInput:
    known = listing(names)
    if known == "none":
        return InvalidInput(f"no {task} model is served here; publish one in the models folder")
    several = "," in known
    what = f"several {task} models are" if several else f"no {task} model for general use is"
    return InvalidInput(f'{what} served; choose with "model": {known}')


def _identifies(route: AnyRoute) -> bool:
    manifest = route.manifest
    return (
        isinstance(manifest, ClassificationManifest)
        and manifest.purpose == "language-identification"
    )


def _languages(route: AnyRoute) -> tuple[str, str]:
    manifest = route.manifest
    assert isinstance(manifest, TranslationManifest)
    return (manifest.languages.source, manifest.languages.target)
