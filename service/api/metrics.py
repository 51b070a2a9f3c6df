"""GET /metrics, for Prometheus."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from service.api.services import services_of
from service.metrics import CONTENT_TYPE

router = APIRouter(tags=["metrics"])

EXAMPLE = 'gatehouse_requests_total{method="POST",route="/predict",status="200"} 42.0\n'


@router.get(
    "/metrics",
    summary="Metrics for Prometheus",
    response_class=Response,
    responses={
        200: {"content": {"text/plain": {"schema": {"type": "string"}, "example": EXAMPLE}}},
    },
)
def metrics(request: Request) -> Response:
    """All metrics, those of the other workers included, in Prometheus's text format."""
    # No coroutine, so that it runs in a thread: adding up the files of many workers takes a while.
    return Response(services_of(request).metrics.render(), media_type=CONTENT_TYPE)
