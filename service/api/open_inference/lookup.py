"""Finds models by name alone, whatever their task, as the protocol asks for them."""

from typing import Any

from service.artifact import ClassificationManifest, Manifest, TaggingManifest, TranslationManifest
from service.pipelines.translation import TranslationPipeline
from service.repository import Lease, Repository


def lease_of(repository: Repository, manifest: Manifest, version: int | None) -> Lease[Any]:
    """A lease on a version of the model of that manifest; as `Repository.classifier`."""
    if isinstance(manifest, ClassificationManifest):
        return repository.classifier(manifest.name, version)
    if isinstance(manifest, TranslationManifest):
        return translator(repository, manifest, version)
    return repository.other(manifest.task, manifest.name, version)


def translator(
    repository: Repository, manifest: TranslationManifest, version: int | None
) -> Lease[TranslationPipeline]:
    """A lease on a version of the translator of that manifest; as `Repository.translator`."""
    languages = manifest.languages
    return repository.translator(languages.source, languages.target, manifest.name, version)


def reads(manifest: Manifest) -> str | None:
    """The language of the texts that a model reads, where its manifest says."""
    if isinstance(manifest, ClassificationManifest | TaggingManifest):
        return manifest.language
    return manifest.languages.source if isinstance(manifest, TranslationManifest) else None
