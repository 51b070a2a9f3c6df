"""Spans of requests for OpenTelemetry: one a request, and one for each thing that it waited for.

They are made when a request is over, from the times that were taken of it anyway, so neither the
routes nor the engines know of them. No span holds a text, nor the message of an error, which may
repeat one. Spans are recorded in the worker's event loop; the SDK sends them from a thread of its
own and drops what it cannot keep.

This is the only module that imports opentelemetry's SDK, an extra, and is itself imported only
where the settings ask for tracing.
"""

import os
import threading
import time
import uuid
from collections.abc import Iterator, Mapping, MutableMapping
from http import HTTPStatus
from typing import Any, Self
from urllib.parse import urlsplit

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import OTELResourceDetector, Resource
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased
from opentelemetry.trace import SpanKind, StatusCode, set_span_in_context
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from service import __version__
from service.api.access import key_id_of
from service.api.inference import TRACED_CALLS, Call
from service.logs import request_id

_PATH = "/v1/traces"  # of a collector, by OTLP's specification
_FLUSH_SECONDS = 1.0  # that sending the last spans may hold up the end
_PARENT_HEADERS = (b"traceparent", b"tracestate")
_CLIENT_CLOSED_REQUEST = 499
_ERRORS = ("expired", "failed")

Phase = tuple[str, float, float]  # name, begin and end in seconds of the clock that jobs use


class Tracing:
    """The spans of one worker."""

    def __init__(self, processor: SpanProcessor, share: float) -> None:
        """processor: takes the spans; share: of the requests that do not say whether to trace."""
        resource = Resource(
            {
                "service.name": "gatehouse",
                "service.version": __version__,
                "service.instance.id": str(uuid.uuid4()),
                "process.pid": os.getpid(),
            }
        )
        self._provider = TracerProvider(
            sampler=ParentBased(TraceIdRatioBased(share)),
            # OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES say more, or otherwise.
            resource=resource.merge(OTELResourceDetector().detect()),
            shutdown_on_exit=False,
        )
        self._provider.add_span_processor(processor)
        self._tracer = self._provider.get_tracer("gatehouse", __version__)
        self._propagator = TraceContextTextMapPropagator()

    @classmethod
    def to_collector(cls, address: str, share: float) -> Self:
        """Spans that go to a collector, by OTLP over HTTP.

        address: its URL; without a path, OTLP's own is added.
        """
        if urlsplit(address).path in ("", "/"):
            address = address.rstrip("/") + _PATH
        return cls(BatchSpanProcessor(OTLPSpanExporter(address)), share)

    def begin(self, scope: MutableMapping[str, Any]) -> None:
        """Has the calls of a request remembered."""
        scope[TRACED_CALLS] = []

    def record(
        self, scope: MutableMapping[str, Any], route: str, method: str, status: int, began: float
    ) -> None:
        """Make the spans of a request that is over; none for one that is no POST.

        began: when it came, in seconds of `time.perf_counter`.
        """
        calls: list[Call] = scope.pop(TRACED_CALLS)
        if method != "POST":
            return
        ended = time.perf_counter()
        origin = time.time_ns() - int(ended * 1e9)  # of that clock, in nanoseconds since 1970

        def nanoseconds(moment: float) -> int:
            return origin + int(min(moment, ended) * 1e9)

        span = self._tracer.start_span(
            f"{method} {route}",
            context=self._propagator.extract(_parent(scope)),
            kind=SpanKind.SERVER,
            start_time=nanoseconds(began),
        )
        if not span.is_recording():
            return
        outcome = calls[-1].outcome if calls else ""
        outcome = outcome or _outcome(status)
        span.set_attributes(
            {
                "http.request.method": method,
                "http.route": route,
                "http.response.status_code": status,
                "gatehouse.request_id": request_id.get(),
                "gatehouse.outcome": outcome,
            }
        )
        key = key_id_of(scope)
        if key is not None:
            span.set_attribute("gatehouse.key_id", key)
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR or outcome in _ERRORS:
            span.set_status(StatusCode.ERROR)
            span.set_attribute("error.type", outcome if outcome in _ERRORS else str(status))
        within = set_span_in_context(span)
        for call in calls:
            span.set_attributes(_attributes(call))
            for name, first, last in _phases(call, ended):
                child = self._tracer.start_span(name, context=within, start_time=nanoseconds(first))
                if name == "decode" and call.job is not None and call.job.first_token:
                    child.add_event("first token", timestamp=nanoseconds(call.job.first_token))
                child.end(nanoseconds(last))
        span.end(nanoseconds(ended))

    def close(self) -> None:
        """Send what is left, within a second or not at all."""
        # The SDK's own wait is half a minute, where the collector does not answer.
        thread = threading.Thread(target=self._provider.shutdown, daemon=True)
        thread.start()
        thread.join(_FLUSH_SECONDS)


def _parent(scope: Mapping[str, Any]) -> dict[str, str]:
    """The headers that say which span a request belongs to (W3C Trace Context)."""
    return {
        str(name, "latin-1"): str(value, "latin-1")
        for name, value in scope["headers"]
        if name in _PARENT_HEADERS
    }


def _phases(call: Call, ended: float) -> Iterator[Phase]:
    """What a call waited for, one after the other; the last of them may have been cut short."""
    job = call.job
    if job is None:
        return
    yield "tokenize", call.began, job.submitted
    # An engine may still be at work for a request that is over.
    if not 0 < job.started < ended:
        yield "queue", job.submitted, ended
        return
    yield "queue", job.submitted, job.started
    if job.options is None:
        yield "compute", job.started, job.finished or ended
    elif not 0 < job.encoded < ended:
        yield "compute", job.started, ended
    else:
        yield "compute", job.started, job.encoded
        yield "decode", job.encoded, job.finished or ended


def _attributes(call: Call) -> dict[str, str | int]:
    attributes: dict[str, str | int] = {}
    if call.artifact is not None:
        attributes["gatehouse.model"] = call.artifact.name
        attributes["gatehouse.model_version"] = call.artifact.version
    job = call.job
    if job is not None:
        attributes["gatehouse.rows"] = len(job.results)
        attributes["gatehouse.tokens"] = job.tokens
        if job.options is not None:
            attributes["gatehouse.tokens_out"] = job.tokens_out
    return attributes


def _outcome(status: int) -> str:
    """In the words of the metrics, for a request that came to no engine."""
    if status < HTTPStatus.BAD_REQUEST:
        return "answered"
    if status == _CLIENT_CLOSED_REQUEST:
        return "cancelled"
    return "invalid" if status < HTTPStatus.INTERNAL_SERVER_ERROR else "failed"
