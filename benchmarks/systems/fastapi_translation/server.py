"""FastAPI over the translation pipeline, called in-process: one request at a time, or in lockstep.

The search and the int8 graphs are the service's own; what is missing is its scheduler. One thread
computes. BENCHMARK_BATCH is the most waiting requests that it takes along at once: 1 decodes each
alone; with more it decodes all of them to the end, then looks at the queue again.
"""

import asyncio
import os
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import NamedTuple

from fastapi import FastAPI
from pydantic import BaseModel

from benchmarks.systems.classifier import MODEL_VARIABLE
from service.artifact import read_artifact
from service.pipelines.options import PipelineOptions
from service.pipelines.translation import SearchOptions, TranslationPipeline

BATCH = int(os.environ["BENCHMARK_BATCH"])


class Request(BaseModel):
    """A text to translate."""

    q: str
    source: str
    target: str
    beam_size: int = 5


class Waiting(NamedTuple):
    """A request in the queue."""

    request: Request
    loop: asyncio.AbstractEventLoop
    answer: asyncio.Future[str]


queue: SimpleQueue[Waiting | None] = SimpleQueue()


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Start the thread that computes, and end it."""
    pipeline = TranslationPipeline(
        read_artifact(Path(os.environ[MODEL_VARIABLE])),
        PipelineOptions(threads=1, max_batch_size=max(BATCH, 5)),
    )
    thread = threading.Thread(target=decode_queue, args=(pipeline,))
    thread.start()
    yield
    queue.put(None)
    thread.join()


app = FastAPI(lifespan=lifespan)


@app.post("/translate")
async def translate(request: Request) -> dict[str, str]:
    """The translation of a text."""
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[str] = loop.create_future()
    queue.put(Waiting(request, loop, answer))
    return {"translatedText": await answer}


def decode_queue(pipeline: TranslationPipeline) -> None:
    """Take what waits, up to a batch, decode it to the end, and begin again."""
    while (first := queue.get()) is not None:
        batch = [first]
        ended = False
        while len(batch) < BATCH and not ended:
            try:
                waiting = queue.get_nowait()
            except Empty:
                break
            if waiting is None:
                ended = True
            else:
                batch.append(waiting)
        for beam_size in {waiting.request.beam_size for waiting in batch}:
            group = [waiting for waiting in batch if waiting.request.beam_size == beam_size]
            texts = pipeline.translate(
                [waiting.request.q for waiting in group], SearchOptions(beam_size=beam_size)
            )
            for waiting, text in zip(group, texts, strict=True):
                waiting.loop.call_soon_threadsafe(settle, waiting.answer, text)
        if ended:
            return


def settle(answer: asyncio.Future[str], text: str) -> None:
    """Give the answer, unless the client has gone."""
    if not answer.done():
        answer.set_result(text)
