"""Runs jobs for requests: admission, deadline, cancellation, and the way back from the engine.

Owned by the worker's event loop. An engine's thread hands over whatever a batch or step brought
about in one call, and every request that waits is answered exactly once: by its result, by an
error, at its deadline, or never, because its client has gone.
"""

import asyncio
import time
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from starlette.requests import ClientDisconnect, Request

from service.api.admission import Admission, Load, Refusal
from service.api.connection import connection_of
from service.artifact import Artifact
from service.engine_metrics import EngineMetrics, ModelMetrics
from service.errors import DeadlineExceeded, InvalidInput, Overloaded, quote
from service.runtime.job import Event, Failed, Finished, Job, Token
from service.runtime.search import SearchOptions
from service.settings import Settings

if TYPE_CHECKING:  # imported where there is a generator
    from service.runtime.sampling import SamplingOptions

    Options = SearchOptions | SamplingOptions

TIMEOUT_HEADER = b"x-timeout-ms"
TIMEOUT_PARAMETER = {  # what /docs shows of it
    "name": "X-Timeout-Ms",
    "in": "header",
    "required": False,
    "schema": {"type": "integer", "minimum": 1},
    "description": "milliseconds after which no answer is wanted any more; then 504",
}
_TIMEOUT_DIGITS = 15  # of X-Timeout-Ms: more are no number that a clock could count to
# In the scope of a request that is traced: a list for its calls.
TRACED_CALLS = "gatehouse.traced_calls"
_BULK_ROWS = 8  # sentences of one text beyond which it is bulk, as a list of texts is
_BULK_TOKENS = 512
_SMALL_CHARACTERS = 512  # a request with no more is refused before its texts are tokenised
_WATCH_AFTER = 0.1  # seconds, where only reading tells whether a client has gone


class Runnable(Protocol):
    """A pipeline with an engine."""

    artifact: Artifact
    full_rows: int  # that it computes at once; a row is anything that has a length

    def submit(self, job: Job, rows: Sequence[Any]) -> None:
        """Have rows computed."""


class Raw:
    """A pipeline whose results are what the graphs give: logits, or hypotheses in tokens."""

    def __init__(self, pipeline: Runnable) -> None:
        self.artifact = pipeline.artifact
        self.full_rows = pipeline.full_rows
        self._pipeline = pipeline

    def submit(self, job: Job, rows: Sequence[Any]) -> None:
        """Have rows computed."""
        job.raw = True
        self._pipeline.submit(job, rows)


@dataclass(slots=True)
class Call:
    """What a request says of how it is to be run."""

    request: Request | None  # whose client may go; None where nobody does
    timeout: float  # seconds
    bulk: bool
    began: float  # of the clock that jobs use
    artifact: Artifact | None = None  # of the version that answers
    job: Job | None = None  # once it was handed in
    outcome: str = ""  # once it is known; see `engine_metrics.OUTCOMES`


class Inference:
    """The jobs of a worker that are not answered yet."""

    def __init__(self, settings: Settings, metrics: EngineMetrics) -> None:
        self.loop = asyncio.get_running_loop()
        self._settings = settings
        self._metrics = metrics
        self._admissions: dict[tuple[str, int], Admission] = {}

    def call(self, request: Request, texts: int) -> Call:
        """What a request for some texts says. Raises InvalidInput for a wrong X-Timeout-Ms."""
        timeout = self._settings.request_timeout_ms
        for name, value in request.scope["headers"]:
            if name == TIMEOUT_HEADER:
                timeout = self._timeout(value)
        call = Call(request, timeout / 1000, texts > 1, time.perf_counter())
        traced = request.scope.get(TRACED_CALLS)
        if traced is not None:
            traced.append(call)
        return call

    def _timeout(self, value: bytes) -> int:
        """The milliseconds in a header. Raises InvalidInput."""
        largest = self._settings.max_timeout_ms
        plain = value.isdigit() and len(value) <= _TIMEOUT_DIGITS
        if not (plain and 1 <= int(value) <= largest):
            raise InvalidInput(
                f"X-Timeout-Ms is {quote(value.decode('latin-1'))}; send milliseconds from 1 to "
                f"{largest:,}"
            )
        return int(value)

    async def run(
        self,
        pipeline: Runnable,
        rows: Sequence[Any],
        call: Call,
        options: "Options | None" = None,
        admission: Admission | None = None,
        to_write: int = 0,
    ) -> list[Any]:
        """The result of each row.

        admission: what decides whether it may wait; by default that of the pipeline's version.
        to_write: tokens beside those given that are work too, in all rows.
        Raises Overloaded where too many wait, DeadlineExceeded, ClientDisconnect, and whatever
        the computation raised.
        """
        ticket = self._submit(pipeline, rows, call, options, None, admission, to_write)
        try:
            await ticket.future
        finally:
            ticket.close()
        return ticket.job.results

    async def stream(
        self,
        pipeline: Runnable,
        rows: Sequence[Any],
        call: Call,
        options: "Options",
        to_write: int = 0,
    ) -> AsyncGenerator[Token | list[Any], None]:
        """Each token as it is decoded, and at last the results of all rows. Raises as `run`."""
        tokens: asyncio.Queue[Token | None] = asyncio.Queue()
        ticket = self._submit(pipeline, rows, call, options, tokens, None, to_write)
        ticket.future.add_done_callback(lambda _: tokens.put_nowait(None))
        try:
            while (token := await tokens.get()) is not None:
                yield token
            await ticket.future
            yield ticket.job.results
        finally:
            ticket.close()

    def expect_room(self, pipeline: Runnable, texts: Sequence[str], call: Call) -> None:
        """Raises Overloaded where `run` would, for short texts that are not even tokenised yet.

        What it costs to refuse is taken from those that are served.
        """
        if call.bulk or sum(map(len, texts)) > _SMALL_CHARACTERS:
            return
        refusal = self._admission(pipeline).refusal()
        if refusal is not None:
            raise self._refused(pipeline, call, refusal)

    def _refused(self, pipeline: Runnable, call: Call, refusal: Refusal) -> Overloaded:
        call.outcome = "refused"
        if call.request is not None:
            self._metrics.of(pipeline.artifact.name).refused(refusal.bound)
        return Overloaded(f"{refusal.reason}; try again in a moment", refusal.retry_seconds)

    def _submit(
        self,
        pipeline: Runnable,
        rows: Sequence[Any],
        call: Call,
        options: "Options | None",
        tokens: "asyncio.Queue[Token | None] | None",
        admission: Admission | None = None,
        to_write: int = 0,
    ) -> "_Ticket":
        artifact = pipeline.artifact
        metrics = self._metrics.of(artifact.name)
        size = sum(map(len, rows)) + to_write
        bulk = call.bulk or len(rows) > _BULK_ROWS or size > _BULK_TOKENS
        load = Load(len(rows), size, bulk)
        admission = admission or self._admission(pipeline)
        refusal = admission.enter(load, time.perf_counter())
        if refusal is not None:
            raise self._refused(pipeline, call, refusal)
        job = call.job = Job(self._deliver, bulk, options, tokens is not None)
        # From here on the ticket ends the wait: where the client has gone already, at once.
        job.context = ticket = _Ticket(self, job, admission, load, metrics, call, tokens)
        pipeline.submit(job, rows)
        return ticket

    def _admission(self, pipeline: Runnable) -> Admission:
        name, version = pipeline.artifact.name, pipeline.artifact.version
        admission = self._admissions.get((name, version))
        if admission is None:
            settings = self._settings
            for key in [key for key, idle in self._admissions.items() if not idle.rows]:
                del self._admissions[key]  # of versions that were replaced, or idle
            admission = self._admissions[name, version] = Admission(
                pipeline.full_rows,
                settings.max_queue_size,
                settings.max_queue_wait_ms / 1000,
            )
        return admission

    def _deliver(self, events: list[Event]) -> None:
        """Called by an engine's thread."""
        try:
            self.loop.call_soon_threadsafe(_settle, events)
        except RuntimeError:
            return  # the loop is closed: the service has stopped, and nobody waits


def _settle(events: list[Event]) -> None:
    for event in events:
        ticket: _Ticket | None = event.job.context
        if ticket is None or ticket.future.done():
            continue  # nobody waits any more
        if isinstance(event, Finished):
            ticket.future.set_result(None)
        elif isinstance(event, Failed):
            ticket.future.set_exception(event.error)
        elif ticket.tokens is not None:
            ticket.tokens.put_nowait(event)


class _Ticket:
    """A job that somebody waits for, and everything that can end the wait."""

    def __init__(
        self,
        inference: Inference,
        job: Job,
        admission: Admission,
        load: Load,
        metrics: ModelMetrics,
        call: Call,
        tokens: "asyncio.Queue[Token | None] | None",
    ) -> None:
        self.job = job
        self._admission = admission
        self._load = load
        self._metrics = metrics
        self._call = call
        self.tokens = tokens
        loop = inference.loop
        self.future: asyncio.Future[None] = loop.create_future()
        left = call.began + call.timeout - time.perf_counter()
        self._timer = loop.call_later(max(0.0, left), self._expire)
        self._watch: asyncio.TimerHandle | asyncio.Task[None] | None = None
        self._connection = None
        if call.request is not None:
            self._connection = connection_of(call.request.scope)
            if self._connection is not None:
                self._connection.on_disconnect(self._leave)
            else:
                self._watch = loop.call_later(_WATCH_AFTER, self._begin_watching)

    def close(self) -> None:
        """The wait is over. Work that is not done is dropped."""
        self._timer.cancel()
        if self._watch is not None:
            self._watch.cancel()
        if self._connection is not None:
            self._connection.remove(self._leave)
        future, job = self.future, self.job
        job.context = None  # the two would keep each other until a collection
        if not future.done():  # the request's task was cancelled, or a stream left
            future.cancel()
        answered = not future.cancelled() and future.exception() is None
        if not answered:
            job.cancelled = True
        self._call.outcome = "answered" if answered else _outcome(future)
        self._admission.leave(self._load, time.perf_counter(), answered)
        if self._call.request is None:
            return  # the metrics count what clients asked for
        if answered:
            self._metrics.answered(
                job.tokens, job.started - job.submitted, job.finished - job.started
            )
            if job.first_token:
                self._metrics.decoded(job.tokens_out, job.first_token - job.submitted)
        else:
            self._metrics.outcome(self._call.outcome)

    def _expire(self) -> None:
        self._end(
            DeadlineExceeded(
                f"not answered within {self._call.timeout * 1000:,.0f} ms; send less at a time, "
                "or allow more with X-Timeout-Ms"
            )
        )

    def _leave(self) -> None:
        self._end(ClientDisconnect())

    def _end(self, error: Exception) -> None:
        self.job.cancelled = True
        if not self.future.done():
            self.future.set_exception(error)

    def _begin_watching(self) -> None:
        self._watch = asyncio.ensure_future(self._watch_client())

    async def _watch_client(self) -> None:
        request = self._call.request
        assert request is not None
        while True:
            message = await request.receive()
            if message["type"] == "http.disconnect":
                self._leave()
                return


def _outcome(future: "asyncio.Future[None]") -> str:
    if future.cancelled():
        return "cancelled"
    error = future.exception()
    if isinstance(error, ClientDisconnect):
        return "cancelled"
    return "expired" if isinstance(error, DeadlineExceeded) else "failed"
