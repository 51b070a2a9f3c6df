"""Finds models by name alone, whatever their task, as the protocol asks for them."""

from service.artifact import ClassificationManifest, Manifest, TranslationManifest
from service.errors import ModelsNotReady
from service.pipelines.classification import ClassificationPipeline
from service.pipelines.translation import TranslationPipeline
from service.repository import Lease, Repository


def manifest_of(repository: Repository, name: str) -> Manifest:
    """The manifest of a model's active version. Raises UnknownModel and ModelsNotReady."""
    status = repository.model(name)
    if status.manifest is None:
        raise ModelsNotReady(f"model {name} {status.reason or 'is still loading'}")
    return status.manifest


def lease_of(
    repository: Repository, manifest: Manifest, version: int | None
) -> Lease[ClassificationPipeline] | Lease[TranslationPipeline]:
    """A lease on a version of the model of that manifest; as `Repository.classifier`."""
    if isinstance(manifest, ClassificationManifest):
        return repository.classifier(manifest.name, version)
    return translator(repository, manifest, version)


def translator(
    repository: Repository, manifest: TranslationManifest, version: int | None
) -> Lease[TranslationPipeline]:
    """A lease on a version of the translator of that manifest; as `Repository.translator`."""
    languages = manifest.languages
    return repository.translator(languages.source, languages.target, manifest.name, version)
