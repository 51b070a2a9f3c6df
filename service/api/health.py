"""GET /health/live and /health/ready: whether the process answers, and whether its models do."""

from fastapi import APIRouter, Request

from service.api.errors import error_responses
from service.api.schemas import Ready, Status
from service.api.services import services_of

router = APIRouter(prefix="/health", tags=["health"])


@router.get("/live", summary="Does the process answer?")
async def live() -> Status:
    """Answers as soon as the process listens, whatever the models do."""
    return Status(status="ok")


@router.get("/ready", summary="Do the models answer?", responses=error_responses(503))
async def ready(request: Request) -> Ready:
    """Answers 200 once every model has loaded and reproduced the examples in its manifest."""
    repository = services_of(request).repository
    repository.require_ready()
    versions = {name: entry.artifact.version for name, entry in repository.entries().items()}
    return Ready(status="ready", models=versions)
