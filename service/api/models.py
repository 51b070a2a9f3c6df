"""GET /models: what is served, how well it was measured, and under which licence."""

from fastapi import APIRouter, Request

from service.api.errors import error_responses
from service.api.model_schemas import ModelDetails, ModelSummary, VersionStatus
from service.api.openapi import ModelName
from service.api.services import services_of
from service.artifact import (
    ClassificationManifest,
    SequenceManifest,
    TaggingManifest,
    TranslationManifest,
)
from service.repository import ModelStatus

router = APIRouter(prefix="/models", tags=["models"])


@router.get("", summary="List the models")
async def models(request: Request) -> list[ModelSummary]:
    """Every model, ready or not, by name."""
    return [_summary(status) for status in services_of(request).repository.models().values()]


@router.get("/{name}", summary="Describe a model", responses=error_responses(404))
async def model(name: ModelName, request: Request) -> ModelDetails:
    """One model with its whole manifest: tensors, recipe, sources, scores, worked examples."""
    status = services_of(request).repository.model(name)
    return ModelDetails(
        state=status.state,
        reason=status.reason,
        version=status.active,
        pinned=status.pinned,
        versions=_versions(status),
        manifest=status.manifest.model_dump(mode="json") if status.manifest else None,
    )


def _summary(status: ModelStatus) -> ModelSummary:
    manifest = status.manifest
    classifier = manifest if isinstance(manifest, ClassificationManifest) else None
    of_columns = manifest if isinstance(manifest, SequenceManifest) else None
    tagger = manifest if isinstance(manifest, TaggingManifest) else None
    labelled = classifier or of_columns
    translator = manifest if isinstance(manifest, TranslationManifest) else None
    reads = classifier or tagger
    return ModelSummary(
        name=status.name,
        version=manifest.version if manifest else None,
        pinned=status.pinned,
        task=manifest.task if manifest else None,
        state=status.state,
        reason=status.reason,
        versions=_versions(status),
        precision=manifest.precision if manifest else None,
        created=manifest.created if manifest else None,
        labels=list(labelled.labels) or None if labelled else None,
        columns=[column.name for column in of_columns.columns] if of_columns else None,
        forecast=list(of_columns.forecast.columns) if of_columns and of_columns.forecast else None,
        tags=list(tagger.tags) if tagger else None,
        language=reads.language if reads else None,
        purpose=classifier.purpose if classifier else None,
        languages=translator.languages.model_dump() if translator else None,
        glossary=translator.placeholders is not None if translator else None,
        scores=[score.model_dump(mode="json") for score in manifest.scores] if manifest else None,
        license=manifest.license if manifest else None,
        license_note=manifest.license_note if manifest else None,
        sources=len(manifest.sources) if manifest else None,
    )


def _versions(status: ModelStatus) -> list[VersionStatus]:
    return [
        VersionStatus(
            version=version.version,
            state=version.state,
            reason=version.reason,
            role=version.role,
            share=version.share,
            mirror=version.mirror,
        )
        for version in status.versions
    ]
