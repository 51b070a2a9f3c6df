"""POST /generate: a text continued, whole or as it is written."""

from collections.abc import AsyncIterator

from fastapi import APIRouter, Request
from fastapi.responses import Response

from service.api.answer import json_answer
from service.api.body import parse_body, read_body, request_schema
from service.api.errors import error_responses
from service.api.event_stream import MEDIA_TYPE, event, wanted
from service.api.generation_schemas import GeneratedText, GenerateRequest
from service.api.generations import check_prompt, sampling_options
from service.api.inference import TIMEOUT_PARAMETER
from service.api.leased_stream import LeasedStream
from service.api.services import Services, services_of
from service.api.texts import locating
from service.errors import InvalidInput
from service.pipelines.generation import Generated, GenerationPipeline, SamplingOptions
from service.repository import Lease
from service.settings import Settings

router = APIRouter(tags=["generation"])

_STREAM = """\
event: token
data: {"text":" Jane"}

event: token
data: {"text":"."}

event: done
data: {"model":"childrens-book","version":1,"text":" Jane.","finish_reason":"length","tokens":2}

"""


@router.post(
    "/generate",
    summary="Continue a text",
    response_model=GeneratedText,
    response_model_exclude_none=True,
    responses={
        200: {"content": {MEDIA_TYPE: {"schema": {"type": "string"}, "example": _STREAM}}},
        **error_responses(400, 404, 413, 429, 503, 504),
    },
    openapi_extra={**request_schema(GenerateRequest), "parameters": [TIMEOUT_PARAMETER]},
)
async def generate(request: Request) -> Response:
    """What a next-word model writes behind a prompt, one token drawn after the other.

    With `Accept: text/event-stream` the continuation comes as server-sent events: `token` with
    `{"text": what to append}`, then `done` with the whole answer, or `error` with
    `{"error": why}`.
    """
    services = services_of(request)
    body = await read_body(request, services.settings.max_body_bytes)
    asked = parse_body(body, GenerateRequest)
    check_prompt("prompt", asked.prompt, services.settings)
    options = _options(asked, services.settings)
    if wanted(request):
        return await _stream(request, services, asked, options)
    count = asked.num_sequences or 1
    if count > services.settings.max_continuations:
        raise InvalidInput(
            f"num_sequences must be {services.settings.max_continuations} or less, as this service "
            "is set up"
        )
    call = services.inference.call(request, count)
    with (
        services.repository.other("generation", asked.model, asked.version) as lease,
        locating("prompt", asked.prompt),
    ):
        written = await services.generations.generate(lease, [asked.prompt] * count, options, call)
        answer = _answer(lease, written[0])
    if asked.num_sequences is not None:
        answer["sequences"] = [_sequence(one) for one in written]
    return json_answer(answer)


async def _stream(
    request: Request, services: Services, asked: GenerateRequest, options: SamplingOptions
) -> Response:
    if (asked.num_sequences or 1) > 1:
        raise InvalidInput("a stream is of one text: leave out num_sequences, or ask for JSON")
    call = services.inference.call(request, 1)
    lease = services.repository.other("generation", asked.model, asked.version)
    parts = services.generations.stream(lease, asked.prompt, options, call)
    stream = LeasedStream(lease, parts)
    with locating("prompt", asked.prompt):
        first = await stream.begin(anext(parts))

    async def events() -> AsyncIterator[bytes]:
        yield _event(lease, first)
        async for part in parts:
            yield _event(lease, part)

    return stream.answer(events(), lambda reason: event("error", {"error": reason}))


def _options(asked: GenerateRequest, settings: Settings) -> SamplingOptions:
    return sampling_options(
        settings,
        max_tokens=asked.max_tokens,
        temperature=asked.temperature,
        top_k=asked.top_k,
        top_p=asked.top_p,
        seed=asked.seed,
        stop=asked.stop,
    )


def _event(lease: Lease[GenerationPipeline], part: str | Generated) -> bytes:
    if isinstance(part, str):
        return event("token", {"text": part})
    return event("done", _answer(lease, part))


def _answer(lease: Lease[GenerationPipeline], written: Generated) -> dict[str, object]:
    artifact = lease.pipeline.artifact
    return {"model": artifact.name, "version": artifact.version, **_sequence(written)}


def _sequence(written: Generated) -> dict[str, object]:
    return {
        "text": written.text,
        "finish_reason": written.finish_reason,
        "tokens": written.tokens,
    }
