"""Spans: one a request and one for each thing it waited for, without any text."""

import json
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import httpx2
import pytest
from fastapi.testclient import TestClient
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode
from prometheus_client import CollectorRegistry

from service import cli
from service.api.app import create_app
from service.api.inference import TRACED_CALLS, Call
from service.api.tracing import Tracing
from service.metrics import Metrics
from service.pipelines.options import PipelineOptions
from service.repository import Repository
from service.runtime.job import Job
from service.runtime.search import SearchOptions
from service.settings import Settings
from tests.service.api.gates import gated_sessions
from tests.service.test_serve import serve

PAIR = {"source": "en", "target": "de"}
TRACE, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"


class Traced:
    """A client of an app whose spans stay in memory."""

    def __init__(self, client: TestClient, exporter: InMemorySpanExporter) -> None:
        self._client = client
        self._exporter = exporter

    def post(self, path: str, body: object, **headers: str) -> int:
        """The status of an answer."""
        return self._client.post(path, json=body, headers=headers).status_code

    def get(self, path: str) -> int:
        """The status of an answer."""
        return self._client.get(path).status_code

    def spans(self) -> dict[str, ReadableSpan]:
        """The spans made since the last call, by name."""
        spans = self._exporter.get_finished_spans()
        self._exporter.clear()
        assert len({span.name for span in spans}) == len(spans)
        return {span.name: span for span in spans}


@contextmanager
def traced(models: Path, share: float = 1, **settings: object) -> Iterator[Traced]:
    chosen = Settings.model_validate({"models": models, **settings})
    repository = Repository.open(models, PipelineOptions.of(chosen, threads=1))
    exporter = InMemorySpanExporter()
    tracing = Tracing(SimpleSpanProcessor(exporter), share)
    app = create_app(chosen, repository, Metrics(CollectorRegistry()), tracing)
    with TestClient(app, raise_server_exceptions=False) as client:
        repository.wait_until_loaded()
        yield Traced(client, exporter)


@pytest.fixture(scope="module")
def client(published_models: Path) -> Iterator[Traced]:
    with traced(published_models) as client:
        yield client


def attributes(span: ReadableSpan) -> dict[str, Any]:
    return {
        name.removeprefix("gatehouse."): value
        for name, value in (span.attributes or {}).items()
        if name.startswith("gatehouse.") and name != "gatehouse.request_id"
    }


def times(span: ReadableSpan) -> tuple[int, int]:
    assert span.start_time is not None
    assert span.end_time is not None
    return span.start_time, span.end_time


def assert_consecutive(root: ReadableSpan, children: Sequence[ReadableSpan]) -> None:
    """Each child is the root's, begins where the one before it ends, and lies within the root."""
    moment, end = times(root)
    for position, child in enumerate(children):
        assert child.parent is not None
        assert child.parent.span_id == root.context.span_id
        assert child.context.trace_id == root.context.trace_id
        first, last = times(child)
        assert first == moment if position else first >= moment
        assert first <= last
        moment = last
    assert moment <= end


def test_a_classification_waits_for_tokens_queue_and_compute(client: Traced) -> None:
    assert client.post("/predict", {"inputs": ["a good film", "a bad film"]}) == 200
    spans = client.spans()
    assert list(spans) == ["tokenize", "queue", "compute", "POST /predict"]
    *children, root = spans.values()
    assert_consecutive(root, children)
    assert root.kind is SpanKind.SERVER
    assert root.parent is None
    assert root.status.status_code is StatusCode.UNSET
    assert root.attributes is not None
    assert root.attributes["http.route"] == "/predict"
    assert root.attributes["http.response.status_code"] == 200
    tokens = attributes(root).pop("tokens")
    assert tokens >= 6
    assert attributes(root) == {
        "outcome": "answered",
        "model": "sentiment",
        "model_version": 1,
        "rows": 2,
        "tokens": tokens,
    }
    assert root.resource.attributes["service.name"] == "gatehouse"


def test_a_translation_is_decoded_besides(client: Traced) -> None:
    assert client.post("/translate", {"q": ["the cat.", "a dog. a cat."], **PAIR}) == 200
    spans = client.spans()
    assert list(spans) == ["tokenize", "queue", "compute", "decode", "POST /translate"]
    *children, root = spans.values()
    assert_consecutive(root, children)
    assert attributes(root)["rows"] == 3
    assert attributes(root)["tokens_out"] > 3
    (event,) = spans["decode"].events
    assert event.name == "first token"
    first, last = times(spans["decode"])
    assert first < event.timestamp < last


def test_a_stream_ends_its_span_when_it_ends(client: Traced) -> None:
    accept = {"accept": "text/event-stream"}
    assert client.post("/translate", {"q": "the cat sat.", **PAIR}, **accept) == 200
    spans = client.spans()
    assert list(spans) == ["tokenize", "queue", "compute", "decode", "POST /translate"]
    *children, root = spans.values()
    assert_consecutive(root, children)
    assert attributes(root)["outcome"] == "answered"


def test_the_parent_comes_from_traceparent_and_decides(client: Traced) -> None:
    body = {"inputs": "a good film"}
    client.post("/predict", body, traceparent=f"00-{TRACE}-{PARENT}-01", tracestate="a=b")
    root = client.spans()["POST /predict"]
    assert root.context.trace_id == int(TRACE, 16)
    assert root.context.trace_state.get("a") == "b"
    assert root.parent is not None
    assert root.parent.span_id == int(PARENT, 16)
    client.post("/predict", body, traceparent=f"00-{TRACE}-{PARENT}-00")
    assert client.spans() == {}
    for odd in ("", "00", "é", f"00-{'0' * 32}-{PARENT}-01", f"ff-{TRACE}-{PARENT}-01"):
        assert client.post("/predict", body, traceparent=odd.encode("latin-1")) == 200  # type: ignore[arg-type]
        assert client.spans()["POST /predict"].parent is None


def test_a_share_of_nothing_traces_only_who_asks(published_models: Path) -> None:
    with traced(published_models, share=0) as client:
        body = {"inputs": "a good film"}
        client.post("/predict", body)
        assert client.spans() == {}
        client.post("/predict", body, traceparent=f"00-{TRACE}-{PARENT}-01")
        assert len(client.spans()) == 4


def test_only_posts_are_traced(client: Traced) -> None:
    for path in ("/health/live", "/metrics", "/models", "/nowhere"):
        client.get(path)
    assert client.spans() == {}


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"inputs": "  "}, 400),
        ({"inputs": "secretly", "model": "secret"}, 404),
        ({"inputs": "secret " * 9999}, 413),
        ({"secret": "secret"}, 400),
    ],
)
def test_a_refused_request_has_a_span_and_no_text(
    client: Traced, body: object, status: int
) -> None:
    assert client.post("/predict", body) == status
    (root,) = client.spans().values()
    assert attributes(root)["outcome"] == "invalid"
    assert root.status.status_code is StatusCode.UNSET
    assert "secret" not in root.to_json()


def test_no_span_holds_a_text(client: Traced) -> None:
    for path, body in (
        ("/predict", {"inputs": "a good secret"}),
        ("/translate", {"q": "a good secret", **PAIR}),
        ("/translate", {"q": "a good secret", "source": "secret", "target": "de"}),
        ("/secret?secret=1", {"q": "secret"}),
    ):
        client.post(path, body)
        for span in client.spans().values():
            assert "secret" not in span.to_json()


def test_a_request_that_expires_shows_where_it_waited(published_models: Path) -> None:
    with gated_sessions() as gates, traced(published_models) as client:
        gates.of("decoder").close()
        body = {"q": "the cat.", **PAIR}
        assert client.post("/translate", body, **{"x-timeout-ms": "50"}) == 504
        spans = client.spans()
        gates.open_all()
    assert list(spans) == ["tokenize", "queue", "compute", "decode", "POST /translate"]
    *children, root = spans.values()
    assert_consecutive(root, children)
    assert times(spans["decode"])[1] == times(root)[1]
    assert root.status.status_code is StatusCode.ERROR
    assert root.attributes is not None
    assert root.attributes["error.type"] == "expired"
    assert attributes(root)["outcome"] == "expired"
    assert root.status.description is None


def test_a_request_that_never_leaves_the_queue_shows_nothing_else(published_models: Path) -> None:
    with gated_sessions() as gates, traced(published_models) as client:
        gates.of("classifier").close()
        for _ in range(2):  # the first one holds the engine
            assert client.post("/predict", {"inputs": "a"}, **{"x-timeout-ms": "20"}) == 504
            spans = client.spans()
        gates.open_all()
    assert list(spans) == ["tokenize", "queue", "POST /predict"]
    *children, root = spans.values()
    assert_consecutive(root, children)


def test_a_failed_computation_is_an_error(published_models: Path) -> None:
    with gated_sessions() as gates, traced(published_models) as client:
        gates.of("classifier").error = ValueError("secret")
        assert client.post("/predict", {"inputs": "a good film"}) == 500
        root = client.spans()["POST /predict"]
    assert root.status.status_code is StatusCode.ERROR
    assert attributes(root)["outcome"] == "failed"
    assert "secret" not in root.to_json()


def test_an_answer_from_the_cache_waits_for_nothing(published_models: Path) -> None:
    with traced(published_models, cache_bytes=1 << 20) as client:
        for _ in range(2):
            assert client.post("/predict", {"inputs": "a good film"}) == 200
            spans = client.spans()
    (root,) = spans.values()
    assert attributes(root) == {"outcome": "answered", "model": "sentiment", "model_version": 1}


def recorded(job: Job, outcome: str, began: float) -> dict[str, ReadableSpan]:
    """The spans of a request that was answered with 200 and had one job."""
    exporter = InMemorySpanExporter()
    tracing = Tracing(SimpleSpanProcessor(exporter), 1)
    scope: dict[str, Any] = {"headers": []}
    tracing.begin(scope)
    call = Call(None, timeout=1, bulk=False, began=began, job=job, outcome=outcome)
    scope[TRACED_CALLS].append(call)
    tracing.record(scope, "/translate", "POST", 200, began)
    return {span.name: span for span in exporter.get_finished_spans()}


def test_a_phase_ends_with_its_work_and_not_after_the_request() -> None:
    now = time.perf_counter()
    began, later = now - 10, now + 1000
    job = Job(lambda events: None, submitted=now - 9, started=now - 8, finished=now - 6)
    spans = recorded(job, "answered", began)
    assert times(spans["compute"])[1] - times(spans["compute"])[0] == pytest.approx(2e9, abs=1e3)
    # Dropped by the request, and met by the engine after that.
    job.options = SearchOptions()
    job.finished = 0
    job.started = later
    assert list(recorded(job, "cancelled", began)) == ["tokenize", "queue", "POST /translate"]
    job.started = now - 8
    for job.encoded in (0.0, later):
        spans = recorded(job, "cancelled", began)
        assert list(spans) == ["tokenize", "queue", "compute", "POST /translate"]
        assert times(spans["compute"])[1] == times(spans["POST /translate"])[1]
    job.encoded, job.first_token = now - 7, later
    spans = recorded(job, "cancelled", began)
    (event,) = spans["decode"].events
    assert event.timestamp == times(spans["decode"])[1] == times(spans["POST /translate"])[1]


def test_a_stream_that_breaks_off_is_an_error_whatever_its_status() -> None:
    now = time.perf_counter()
    for outcome, status in (
        ("answered", StatusCode.UNSET),
        ("cancelled", StatusCode.UNSET),
        ("expired", StatusCode.ERROR),
        ("failed", StatusCode.ERROR),
    ):
        job = Job(lambda events: None, submitted=now)
        assert recorded(job, outcome, now)["POST /translate"].status.status_code is status


class _Stuck(SpanProcessor):
    """A processor that ends when it is let go, and not before."""

    def __init__(self) -> None:
        self.asked, self.let_go = threading.Event(), threading.Event()

    def shutdown(self) -> None:
        self.asked.set()
        self.let_go.wait()


def test_a_collector_that_does_not_answer_does_not_hold_up_the_end() -> None:
    processor = _Stuck()
    Tracing(processor, 1).close()
    assert processor.asked.is_set()
    processor.let_go.set()


class _Collector(HTTPServer):
    """Keeps what it is sent."""

    requests: list[tuple[str, bytes]]


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        assert isinstance(self.server, _Collector)
        body = self.rfile.read(int(self.headers["content-length"]))
        self.server.requests.append((self.path, body))
        self.send_response(200)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        pass


@contextmanager
def collecting() -> Iterator[tuple[str, list[tuple[str, bytes]]]]:
    """The address of a collector, and the paths and bodies that it is sent."""
    with _Collector(("127.0.0.1", 0), _Handler) as server:
        server.requests = []
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", server.requests
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.parametrize(
    ("path", "asked"), [("", "/v1/traces"), ("/", "/v1/traces"), ("/other/way", "/other/way")]
)
def test_spans_reach_a_collector_before_the_end(path: str, asked: str) -> None:
    with collecting() as (address, requests):
        tracing = Tracing.to_collector(address + path, 1)
        scope: dict[str, Any] = {"headers": []}
        tracing.begin(scope)
        tracing.record(scope, "/predict", "POST", 200, 0.0)
        tracing.close()
    ((given, body),) = requests
    assert given == asked
    (resource,) = ExportTraceServiceRequest.FromString(body).resource_spans
    (span,) = resource.scope_spans[0].spans
    assert span.name == "POST /predict"
    names = {a.key: a.value.string_value for a in resource.resource.attributes}
    assert names["service.name"] == "gatehouse"


@pytest.mark.parametrize("workers", [1, 2])
def test_a_server_sends_its_spans_before_it_ends(published_models: Path, workers: int) -> None:
    with collecting() as (address, requests):
        flags = ("--tracing", address, "--tracing-share", "0")
        with serve(published_models, *flags, workers=workers) as server:
            for number in range(1, 9):
                trace = f"00-{number:032x}-{PARENT}-01"
                for headers in ({"traceparent": trace}, {}):
                    body = {"inputs": "good"}
                    httpx2.post(f"{server.url}/predict", json=body, headers=headers)
            assert server.stop() == 0
    spans = [
        (span.name, int.from_bytes(span.trace_id, "big"))
        for _, body in requests
        for resource in ExportTraceServiceRequest.FromString(body).resource_spans
        for scope in resource.scope_spans
        for span in scope.spans
    ]
    assert sorted(trace for name, trace in spans if name == "POST /predict") == list(range(1, 9))


def test_the_environment_may_name_the_service(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_SERVICE_NAME", "texts")
    exporter = InMemorySpanExporter()
    tracing = Tracing(SimpleSpanProcessor(exporter), 1)
    scope: dict[str, Any] = {"headers": []}
    tracing.begin(scope)
    tracing.record(scope, "/predict", "POST", 200, 0.0)
    (span,) = exporter.get_finished_spans()
    assert json.loads(span.to_json())["resource"]["attributes"]["service.name"] == "texts"


@pytest.mark.parametrize(
    "address", ["collector:4318", "ftp://collector", "http://", "http:///v1/traces", "http://a b"]
)
def test_an_address_that_is_no_url_is_refused_at_the_start(
    address: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["serve", "--tracing", address], {}) == 1
    assert f'--tracing is "{address}"' in capsys.readouterr().err


def test_without_the_extra_the_start_fails_and_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], published_models: Path
) -> None:
    monkeypatch.setitem(sys.modules, "service.api.tracing", None)
    serve = ["serve", "--models", str(published_models), "--tracing", "http://collector:4318"]
    assert cli.main(serve, {}) == 1
    error = capsys.readouterr().err
    assert error == (
        "service: error: --tracing needs packages that are not installed; install "
        "requirements/tracing.txt, or leave it empty\n"
    )
