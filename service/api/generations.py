"""What the routes ask for to continue a text: whole, or bit by bit as it is written.

Owned by the worker's event loop; knows nothing about HTTP but the request whose client may go.
"""

import asyncio
from collections.abc import AsyncGenerator, Sequence

from service.api.inference import Call, Inference
from service.engine_metrics import EngineMetrics
from service.errors import InvalidInput, LimitExceeded
from service.pipelines.generation import (
    Generated,
    GenerationPipeline,
    Sampled,
    SamplingOptions,
)
from service.repository import Lease
from service.runtime.job import Token
from service.settings import Settings

DEFAULT_TOKENS = 100
DEFAULT_TOP_K = 50
_STOP_TEXTS = 8
_INLINE_TOKENS = 256  # more take milliseconds to become text, and a thread
_STOP_CHARACTERS = 100  # of each: a continuation is looked through at every token


class Generations:
    """Continuations of prompts."""

    def __init__(self, inference: Inference, metrics: EngineMetrics) -> None:
        self._inference = inference
        self._metrics = metrics
        self._writing = asyncio.Lock()

    async def generate(
        self,
        lease: Lease[GenerationPipeline],
        prompts: list[str],
        options: SamplingOptions,
        call: Call,
    ) -> list[Generated]:
        """What follows each prompt; the nth draws as the nth of any request with this seed.

        Raises TextError, and as `Inference.run`.
        """
        pipeline = lease.pipeline
        self._inference.expect_room(pipeline, prompts, call)
        read = [pipeline.read(prompt, index) for index, prompt in enumerate(prompts)]
        results = await self.sample(lease, [prompt.tokens for prompt in read], options, call)

        def write() -> list[Generated]:
            return [
                pipeline.written(prompt, sampled, options.stop)
                for prompt, sampled in zip(read, results, strict=True)
            ]

        if sum(len(sampled.tokens) for sampled in results) <= _INLINE_TOKENS:
            return write()
        # One at a time: threads that take turns would all be between the event loop and its turn.
        async with self._writing:
            return await asyncio.to_thread(write)

    async def sample(
        self,
        lease: Lease[GenerationPipeline],
        rows: Sequence[Sequence[int]],
        options: SamplingOptions,
        call: Call,
    ) -> list[Sampled]:
        """The same in tokens. Raises as `Inference.run`."""
        pipeline = lease.pipeline
        call.artifact = pipeline.artifact
        to_write = options.max_tokens * len(rows)
        results = await self._inference.run(pipeline, rows, call, options, to_write=to_write)
        self._metrics.of(pipeline.artifact.name).texts(len(rows))
        return results

    async def stream(
        self, lease: Lease[GenerationPipeline], prompt: str, options: SamplingOptions, call: Call
    ) -> AsyncGenerator[str | Generated, None]:
        """What is to be appended, bit by bit, and at last the whole."""
        pipeline = lease.pipeline
        call.artifact = pipeline.artifact
        self._inference.expect_room(pipeline, [prompt], call)
        read = pipeline.read(prompt)
        text = pipeline.continuation(read, options.stop)
        events = self._inference.stream(pipeline, [read.tokens], call, options, options.max_tokens)
        try:
            async for event in events:
                if isinstance(event, Token):
                    addition = text.end() if event.token is None else text.feed(event.token)
                    if addition:
                        yield addition
                else:
                    self._metrics.of(pipeline.artifact.name).texts(1)
                    yield pipeline.written(read, event[0], options.stop)
        finally:
            await events.aclose()


def sampling_options(
    settings: Settings,
    *,
    max_tokens: int | None = None,
    temperature: float | None = None,
    top_k: int | None = None,
    top_p: float | None = None,
    seed: int | None = None,
    stop: str | list[str] | None = None,
) -> SamplingOptions:
    """The options that some fields of a request ask for; None for those that were left out.

    Raises InvalidInput where they are beyond the limits.
    """
    for field, value, limit in (
        ("max_tokens", max_tokens, settings.max_generated_tokens),
        ("top_k", top_k, settings.max_top_k),
    ):
        if value is not None and value > limit:
            raise InvalidInput(f"{field} must be {limit} or less, as this service is set up")
    stops = (stop,) if isinstance(stop, str) else tuple(stop or ())
    if len(stops) > _STOP_TEXTS or not all(0 < len(text) <= _STOP_CHARACTERS for text in stops):
        raise InvalidInput(
            f"stop must be {_STOP_TEXTS} texts at most, each of 1 to {_STOP_CHARACTERS} characters"
        )
    return SamplingOptions(
        max_tokens=max_tokens or min(DEFAULT_TOKENS, settings.max_generated_tokens),
        temperature=1.0 if temperature is None else temperature,
        top_k=top_k or min(DEFAULT_TOP_K, settings.max_top_k),
        top_p=1.0 if top_p is None else top_p,
        seed=seed,
        stop=stops,
    )


def check_prompt(field: str, prompt: str, settings: Settings) -> None:
    """Raises LimitExceeded for a prompt of too many characters. It may be empty."""
    if len(prompt) > settings.max_text_characters:
        raise LimitExceeded(
            f"{field}: the text has {len(prompt):,} characters; the limit is "
            f"{settings.max_text_characters:,}"
        )
