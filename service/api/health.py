"""GET /health/live and /health/ready: whether the process answers, and whether its models do."""

from fastapi import APIRouter, Request

from service.api.draining import is_draining
from service.api.errors import error_responses
from service.api.schemas import Ready, Status
from service.api.services import services_of
from service.errors import ShuttingDown

router = APIRouter(prefix="/health", tags=["health"])


@router.get("/live", summary="Does the process answer?")
async def live() -> Status:
    """Answers as soon as the process listens, whatever the models do."""
    return Status(status="ok")


@router.get("/ready", summary="Do the models answer?", responses=error_responses(503))
async def ready(request: Request) -> Ready:
    """Answers 200 once every model has a version that reproduced the examples in its manifest."""
    if is_draining(request.scope.get("state", {})):
        raise ShuttingDown("the service is stopping; ask another instance")
    repository = services_of(request).repository
    repository.require_ready()
    active = {name: status.active for name, status in repository.models().items()}
    answering = {name: version for name, version in active.items() if version is not None}
    return Ready(status="ready", models=answering)
