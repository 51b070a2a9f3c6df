"""GET /models: what is served, how well it was measured, and under which licence."""

from fastapi import APIRouter, Request

from service.api.errors import error_responses
from service.api.schemas import ModelDetails, ModelSummary
from service.api.services import services_of
from service.artifact import ClassificationManifest, TranslationManifest
from service.repository import Entry

router = APIRouter(prefix="/models", tags=["models"])


@router.get("", summary="List the models")
async def models(request: Request) -> list[ModelSummary]:
    """Every model, ready or not, by name."""
    return [_summary(entry) for entry in services_of(request).repository.entries().values()]


@router.get("/{name}", summary="Describe a model", responses=error_responses(404))
async def model(name: str, request: Request) -> ModelDetails:
    """One model with its whole manifest: tensors, recipe, sources, scores, worked examples."""
    entry = services_of(request).repository.entry(name)
    return ModelDetails(
        state=entry.state,
        reason=entry.reason,
        manifest=entry.artifact.manifest.model_dump(mode="json"),
    )


def _summary(entry: Entry) -> ModelSummary:
    manifest = entry.artifact.manifest
    return ModelSummary(
        name=manifest.name,
        version=manifest.version,
        task=manifest.task,
        state=entry.state,
        reason=entry.reason,
        precision=manifest.precision,
        created=manifest.created,
        labels=list(manifest.labels) if isinstance(manifest, ClassificationManifest) else None,
        languages=(
            manifest.languages.model_dump() if isinstance(manifest, TranslationManifest) else None
        ),
        scores=[score.model_dump(mode="json") for score in manifest.scores],
        license=manifest.license,
        license_note=manifest.license_note,
        sources=len(manifest.sources),
    )
