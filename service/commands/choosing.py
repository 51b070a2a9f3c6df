"""Finds the version that a command is to run, and loads it as the service would.

By default it is the newest version of the model that the service would ask. One that is damaged or
does not prove itself is an error here, and never passed over: nobody watches the log of a command.
"""

from collections.abc import Mapping
from pathlib import Path

from service.artifact import ArtifactError, Manifest, TranslationManifest, read_artifact
from service.artifact.manifest import MANIFEST_FILE, parse
from service.errors import InvalidInput, UnknownModel, UnknownVersion, quote
from service.pipelines.classification import ClassificationPipeline
from service.pipelines.loading import Pipeline
from service.pipelines.options import PipelineOptions
from service.pipelines.translation import TranslationPipeline
from service.repository.loading import loader
from service.repository.scan import published
from service.repository.table import Route, RoutingTable, routing_table


def choose_classifier(
    folder: Path, name: str | None, version: int | None, options: PipelineOptions
) -> ClassificationPipeline:
    """The classifier of that name, or the one that the service asks by default.

    Raises ArtifactError, GatehouseError and its kind for one that is not there or not good.
    """
    found = _newest(folder)
    if name is None or name in found:
        name = _table(found).classifier(name).name
    pipeline = load(folder, name, version, options)
    if not isinstance(pipeline, ClassificationPipeline):
        pipeline.close()
        raise UnknownModel(name, _names(found, "classification"), "classification")
    return pipeline


def choose_translator(
    folder: Path,
    languages: tuple[str | None, str | None],
    name: str | None,
    version: int | None,
    options: PipelineOptions,
) -> TranslationPipeline:
    """The translator of that name and those languages, as far as they are said.

    Raises as `choose_classifier`, and InvalidInput where too little is said.
    """
    found = _newest(folder)
    source, target = languages
    if name is not None and name not in found:
        pass  # loading it says what is wrong
    elif source and target:
        name = _table(found).translator(source, target, name).name
    else:
        name = _only_translator(found, source, target, name)
    pipeline = load(folder, name, version, options)
    if not isinstance(pipeline, TranslationPipeline):
        pipeline.close()
        raise UnknownModel(name, _names(found, "translation"), "translation")
    return pipeline


def load(folder: Path, name: str, version: int | None, options: PipelineOptions) -> Pipeline:
    """A version, by default the newest, checked, loaded and proved.

    Raises UnknownModel, UnknownVersion, ArtifactError, and VersionRefused.
    """
    models = _published(folder)
    if name not in models:
        raise UnknownModel(name, models)
    versions = models[name]
    number = versions[-1] if version is None else version
    if number not in versions:
        raise UnknownVersion(name, number, versions, "published")
    return loader(options)(read_artifact(folder / name / str(number)))


def _published(folder: Path) -> dict[str, tuple[int, ...]]:
    try:
        models = published(folder)
    except OSError as error:
        raise ArtifactError(
            f"the models folder {folder} cannot be read: {error.strerror}"
        ) from error
    if not models:
        raise ArtifactError(
            f"the models folder {folder} holds no model; expected {folder / 'NAME' / '1'}"
        )
    return models


def _newest(folder: Path) -> dict[str, Manifest]:
    """The manifest of every model's newest version, where it can be read."""
    found = {}
    for name, versions in _published(folder).items():
        path = folder / name / str(versions[-1]) / MANIFEST_FILE
        try:
            found[name] = parse(path.read_bytes(), path)
        except (OSError, ArtifactError):
            continue  # whoever asks for it by name will hear why
    return found


def _table(manifests: Mapping[str, Manifest]) -> RoutingTable:
    """What requests would find, so that a command finds the same."""
    routes: list[Route[ClassificationPipeline]] = [
        Route(name, manifest, None, "", {}) for name, manifest in manifests.items()
    ]
    return routing_table(routes)


def _only_translator(
    manifests: Mapping[str, Manifest], source: str | None, target: str | None, name: str | None
) -> str:
    matching = {
        known: (manifest.languages.source.lower(), manifest.languages.target.lower())
        for known, manifest in manifests.items()
        if isinstance(manifest, TranslationManifest)
        and name in (None, known)
        and (source is None or manifest.languages.source.lower() == source.lower())
        and (target is None or manifest.languages.target.lower() == target.lower())
    }
    pairs = set(matching.values())
    if len(pairs) == 1:
        (pair,) = pairs
        route = _table(manifests).translators.get((*pair, name))
        if route is not None:  # the only one of its pair, or the one that is asked by default
            return route.name
    shown = ", ".join(_names(manifests, "translation")) or "none"
    if not matching:
        said = " ".join(
            f"--{flag} {quote(value)}"
            for flag, value in (("source", source), ("target", target), ("model", name))
            if value is not None
        )
        raise InvalidInput(f"no translation model fits {said or 'at all'}; published are: {shown}")
    raise InvalidInput(
        f"several translation models fit: {', '.join(matching)}; say --source and --target, or "
        "--model"
    )


def _names(manifests: Mapping[str, Manifest], task: str) -> list[str]:
    return sorted(name for name, manifest in manifests.items() if manifest.task == task)
