"""The wait for an engine, whose side the test plays: each job ends once, however it ends."""

import asyncio
import threading
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry
from starlette.requests import ClientDisconnect, Request

from service.api.connection import EXTENSION, Connection
from service.api.inference import Call, Inference
from service.artifact import Artifact, read_artifact
from service.engine_metrics import EngineMetrics
from service.errors import DeadlineExceeded
from service.runtime.job import Finished, Job, Token
from service.runtime.search import SearchOptions
from service.settings import Settings

ROWS = [[5, 6], [7]]


class Played:
    """A pipeline whose engine is the test: it keeps what is handed in."""

    full_rows = 32

    def __init__(self, artifact: Artifact) -> None:
        self.artifact = artifact
        self.jobs: list[Job] = []

    def submit(self, job: Job, rows: Sequence[Sequence[int]]) -> None:
        """Keep the job."""
        job.items(rows)
        self.jobs.append(job)

    def finish(self, job: Job) -> None:
        """Answer from another thread, as an engine does; over when this returns."""
        events = [event for i in range(job.remaining) for event in job.complete(i, f"row {i}", 1)]
        thread = threading.Thread(target=job.deliver, args=(events or [Finished(job)],))
        thread.start()
        thread.join()


@pytest.fixture
def pipeline(published_models: Path) -> Played:
    return Played(read_artifact(published_models / "sentiment" / "1"))


def request_of(connection: Connection | None = None) -> Request:
    extensions = {EXTENSION: connection} if connection else {}
    return Request({"type": "http", "headers": [], "extensions": extensions})


def call(timeout: float = 1000, connection: Connection | None = None) -> Call:
    return Call(request_of(connection or Connection()), timeout, False, time.perf_counter())


def run(scenario: Callable[[Inference], Awaitable[None]]) -> CollectorRegistry:
    """Runs a scenario in a loop of its own; what was counted."""
    registry = CollectorRegistry()

    async def main() -> None:
        inference = Inference(Settings(), EngineMetrics(registry))
        await scenario(inference)
        assert not any(admission.rows for admission in inference._admissions.values())

    asyncio.run(main())
    return registry


def count(registry: CollectorRegistry, outcome: str) -> float | None:
    labels = {"model": "sentiment", "outcome": outcome}
    return registry.get_sample_value("gatehouse_inference_requests_total", labels)


async def turn() -> None:
    """Lets everything that is ready in the loop run."""
    for _ in range(5):
        await asyncio.sleep(0)


def test_results_come_in_the_order_of_the_rows(pipeline: Played) -> None:
    async def scenario(inference: Inference) -> None:
        waiting = asyncio.ensure_future(inference.run(pipeline, ROWS, call()))
        await turn()
        (job,) = pipeline.jobs
        pipeline.finish(job)
        assert await waiting == ["row 0", "row 1"]
        assert not job.cancelled

    registry = run(scenario)
    assert count(registry, "answered") == 1


def test_a_request_that_the_server_gives_up_is_dropped(pipeline: Played) -> None:
    async def scenario(inference: Inference) -> None:
        waiting = asyncio.ensure_future(inference.run(pipeline, ROWS, call()))
        await turn()
        waiting.cancel()
        await turn()
        assert waiting.cancelled()
        (job,) = pipeline.jobs
        assert job.cancelled
        pipeline.finish(job)  # the engine had it ready just then
        await turn()

    registry = run(scenario)
    assert (count(registry, "cancelled"), count(registry, "answered")) == (1, 0)


def test_a_stream_that_is_left_is_dropped(pipeline: Played) -> None:
    async def scenario(inference: Inference) -> None:
        stream: AsyncGenerator[object, None] = inference.stream(
            pipeline, ROWS, call(), SearchOptions(beam_size=1)
        )
        first = asyncio.ensure_future(anext(stream))
        await turn()
        (job,) = pipeline.jobs
        job.deliver([Token(job, 0, 5), Token(job, 1, 6)])
        assert await first == Token(job, 0, 5)
        await stream.aclose()
        assert job.cancelled

    registry = run(scenario)
    assert count(registry, "cancelled") == 1


def test_tokens_come_before_the_end(pipeline: Played) -> None:
    async def scenario(inference: Inference) -> None:
        stream = inference.stream(pipeline, [[5]], call(), SearchOptions(beam_size=1))
        first = asyncio.ensure_future(anext(stream))
        await turn()
        (job,) = pipeline.jobs
        # All in one call, as the last step of an engine delivers them.
        job.deliver([Token(job, 0, 5), Token(job, 0, None), *job.complete(0, "whole", 1.0)])
        assert [await first, *[event async for event in stream]] == [
            Token(job, 0, 5),
            Token(job, 0, None),
            ["whole"],
        ]

    run(scenario)


def test_a_client_that_has_gone_before_is_not_waited_for(pipeline: Played) -> None:
    async def scenario(inference: Inference) -> None:
        connection = Connection()
        connection.lose()
        with pytest.raises(ClientDisconnect):
            await inference.run(pipeline, ROWS, call(connection=connection))
        assert all(job.cancelled for job in pipeline.jobs)

    registry = run(scenario)
    assert count(registry, "cancelled") == 1


def test_a_client_that_goes_later_touches_nothing(pipeline: Played) -> None:
    """Requests on one connection share it; one that was answered must not hear of its end."""

    async def scenario(inference: Inference) -> None:
        connection = Connection()
        first = asyncio.ensure_future(inference.run(pipeline, ROWS, call(connection=connection)))
        await turn()
        pipeline.finish(pipeline.jobs[0])
        await first
        second = asyncio.ensure_future(inference.run(pipeline, ROWS, call(connection=connection)))
        await turn()
        connection.lose()
        with pytest.raises(ClientDisconnect):
            await second
        assert [job.cancelled for job in pipeline.jobs] == [False, True]

    run(scenario)


def test_a_result_after_the_deadline_is_nobodys(pipeline: Played) -> None:
    async def scenario(inference: Inference) -> None:
        waiting = asyncio.ensure_future(inference.run(pipeline, ROWS, call(timeout=0)))
        with pytest.raises(DeadlineExceeded, match="not answered within 0 ms; send less"):
            await waiting
        (job,) = pipeline.jobs
        assert job.cancelled
        pipeline.finish(job)
        await turn()

    registry = run(scenario)
    assert (count(registry, "expired"), count(registry, "answered")) == (1, 0)


def test_under_another_server_reading_tells_that_the_client_has_gone(pipeline: Played) -> None:
    async def scenario(inference: Inference) -> None:
        gone = asyncio.Event()

        async def receive() -> dict[str, str]:
            await gone.wait()
            return {"type": "http.disconnect"}

        request = Request({"type": "http", "headers": []}, receive)
        asked = Call(request, 1000, False, time.perf_counter())
        waiting = asyncio.ensure_future(inference.run(pipeline, ROWS, asked))
        await turn()
        gone.set()
        with pytest.raises(ClientDisconnect):
            await waiting
        assert pipeline.jobs[0].cancelled

    registry = run(scenario)
    assert count(registry, "cancelled") == 1


def test_what_an_engine_brings_after_the_loop_has_ended_is_forgotten(pipeline: Played) -> None:
    async def scenario(inference: Inference) -> None:
        waiting = asyncio.ensure_future(inference.run(pipeline, ROWS, call()))
        await turn()
        waiting.cancel()
        await turn()

    run(scenario)
    (job,) = pipeline.jobs
    job.deliver([Finished(job)])  # and raises nothing into the engine's thread
