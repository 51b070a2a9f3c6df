"""GET /v2/models/stats and /v2/models/NAME/stats: what has been computed, from the metrics.

The numbers are those of /metrics, so they are sums over all workers and all versions of a model.
"""

import asyncio
from collections.abc import Iterable
from typing import Annotated

from fastapi import APIRouter, Request
from prometheus_client.metrics_core import Metric
from pydantic import BaseModel, Field

from service.api.errors import error_responses
from service.api.open_inference.routes import PREFIX, TAGS, add_model_route
from service.api.services import Services, services_of
from service.engine_metrics import OUTCOMES
from service.repository import ModelStatus

router = APIRouter(prefix=PREFIX, tags=TAGS)

_NANOSECONDS = 1_000_000_000
_UNANSWERED = [outcome for outcome in OUTCOMES if outcome != "answered"]


class Duration(BaseModel):
    """How often something happened, and how long that took in all."""

    count: Annotated[int, Field(examples=[42])] = 0
    ns: Annotated[
        int, Field(description="nanoseconds; 0 for what is not timed", examples=[63000000])
    ] = 0


class InferenceStatistics(BaseModel):
    """What became of requests."""

    success: Annotated[Duration, Field(description="requests answered by a model")]
    fail: Annotated[
        Duration, Field(description="requests refused, expired, cancelled or failed; not timed")
    ]
    queue: Annotated[Duration, Field(description="until a request's first row began")]
    compute_input: Annotated[Duration, Field(description="not measured by itself")] = Duration()
    compute_infer: Annotated[
        Duration, Field(description="from a request's first row to its last result")
    ]
    compute_output: Annotated[Duration, Field(description="not measured by itself")] = Duration()
    cache_hit: Annotated[Duration, Field(description="texts answered from the cache; not timed")]


class BatchStatistics(BaseModel):
    """The batches of one size."""

    batch_size: int
    compute_input: Duration
    compute_infer: Duration
    compute_output: Duration


class ModelStatistics(BaseModel):
    """What a model has computed since the service started, all its versions together."""

    name: Annotated[str, Field(examples=["sentiment"])]
    version: Annotated[str, Field(description="that was asked for, or is active", examples=["1"])]
    last_inference: Annotated[
        int,
        Field(
            description="milliseconds since 1970, of the worker that is asked; 0: none yet",
            examples=[1795276359327],
        ),
    ]
    inference_count: Annotated[
        int, Field(description="rows computed: texts, or sentences", examples=[96])
    ]
    execution_count: Annotated[int, Field(description="batches computed", examples=[24])]
    inference_stats: InferenceStatistics
    batch_stats: Annotated[
        list[BatchStatistics], Field(description="empty; /metrics has the sizes as a histogram")
    ] = []


class Statistics(BaseModel):
    """What models have computed."""

    model_stats: list[ModelStatistics]


@router.get("/models/stats", summary="Statistics of all models")
async def all_statistics(request: Request) -> Statistics:
    """What every model has computed."""
    services = services_of(request)
    return await _statistics(services, services.repository.models().values())


async def statistics(request: Request, name: str, version: int | None) -> Statistics:
    """What a model has computed; the numbers are those of all its versions together."""
    services = services_of(request)
    if version is not None:
        services.repository.require_loaded(name, version)
    return await _statistics(services, [services.repository.model(name)], version)


async def _statistics(
    services: Services, models: Iterable[ModelStatus], version: int | None = None
) -> Statistics:
    # In a thread: adding up the files of many workers takes a while.
    samples = await asyncio.to_thread(lambda: _Samples(services.metrics.collect()))
    return Statistics(
        model_stats=[
            _model_statistics(
                status.name,
                str(version or status.active or ""),
                services.metrics.engines.of(status.name).last_answered,
                samples,
            )
            for status in models
        ]
    )


class _Samples:
    """The samples that have a model, by name."""

    def __init__(self, metrics: Iterable[Metric]) -> None:
        self._values = {
            (sample.name, *sorted(sample.labels.items())): sample.value
            for metric in metrics
            for sample in metric.samples
            if "model" in sample.labels
        }

    def value(self, name: str, model: str, **labels: str) -> float:
        """The value of a sample; 0 where nothing was counted yet."""
        pairs = sorted({"model": model, **labels}.items())
        return self._values.get((f"gatehouse_{name}", *pairs), 0.0)

    def count(self, name: str, model: str, **labels: str) -> int:
        """The value of a sample that counts."""
        return round(self.value(name, model, **labels))

    def duration(self, name: str, model: str) -> Duration:
        """The observations of a histogram of seconds."""
        seconds = self.value(f"{name}_sum", model)
        return Duration(count=self.count(f"{name}_count", model), ns=round(seconds * _NANOSECONDS))


def _model_statistics(
    name: str, version: str, last_answered: float, samples: _Samples
) -> ModelStatistics:
    requests = "inference_requests_total"
    queue = samples.duration("queue_seconds", name)
    compute = samples.duration("compute_seconds", name)
    return ModelStatistics(
        name=name,
        version=version,
        last_inference=round(last_answered * 1000),
        inference_count=samples.count("batch_rows_sum", name),
        execution_count=samples.count("batch_rows_count", name),
        inference_stats=InferenceStatistics(
            success=Duration(
                count=samples.count(requests, name, outcome="answered"), ns=queue.ns + compute.ns
            ),
            fail=Duration(
                count=sum(samples.count(requests, name, outcome=each) for each in _UNANSWERED)
            ),
            queue=queue,
            compute_infer=compute,
            cache_hit=Duration(count=samples.count("cache_lookups_total", name, result="hit")),
        ),
    )


add_model_route(
    router,
    "GET",
    "/stats",
    statistics,
    summary="Statistics of a model",
    response_model=Statistics,
    responses=error_responses(400, 404),
)
