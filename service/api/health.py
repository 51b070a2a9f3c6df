"""GET /health/live and /health/ready: whether the process answers, and whether its models do."""

from fastapi import Request
from fastapi.responses import Response

from service.api.answer import json_answer
from service.api.direct import DirectRouter
from service.api.draining import is_draining
from service.api.errors import error_responses
from service.api.schemas import Ready, Status
from service.api.services import services_of
from service.errors import ShuttingDown

routes = DirectRouter("health")


@routes.route(
    "GET",
    "/health/live",
    lambda: {"summary": "Does the process answer?", "response_model": Status},
)
async def live(request: Request) -> Response:
    """Answers as soon as the process listens, whatever the models do."""
    return json_answer({"status": "ok"})


@routes.route(
    "GET",
    "/health/ready",
    lambda: {
        "summary": "Do the models answer?",
        "response_model": Ready,
        "responses": error_responses(503),
    },
)
async def ready(request: Request) -> Response:
    """Answers 200 once every model has a version that reproduced the examples in its manifest."""
    if is_draining(request.scope.get("state", {})):
        raise ShuttingDown("the service is stopping; ask another instance")
    repository = services_of(request).repository
    repository.require_ready()
    active = {name: status.active for name, status in repository.models().items()}
    answering = {name: version for name, version in active.items() if version is not None}
    return json_answer({"status": "ready", "models": answering})
