"""POST /translate: translations of texts, in the shape that LibreTranslate's clients read."""

from collections.abc import AsyncIterator

from fastapi import APIRouter, Request
from fastapi.responses import Response

from service.api.answer import json_answer
from service.api.body import parse_body, read_body, request_schema
from service.api.errors import error_responses
from service.api.event_stream import MEDIA_TYPE, EventStream, event
from service.api.inference import TIMEOUT_PARAMETER
from service.api.schemas import TranslateRequest, Translation
from service.api.services import Services, services_of
from service.api.texts import check_texts, locating
from service.errors import GatehouseError, InvalidInput
from service.pipelines.translation import Alternative, SearchOptions
from service.settings import Settings

router = APIRouter(tags=["translation"])

DEFAULT_BEAM_SIZE = 5


@router.post(
    "/translate",
    summary="Translate texts",
    response_model=Translation,
    response_model_exclude_none=True,
    responses={
        200: {"content": {MEDIA_TYPE: {"schema": {"type": "string"}}}},
        **error_responses(400, 404, 413, 429, 503, 504),
    },
    openapi_extra={**request_schema(TranslateRequest), "parameters": [TIMEOUT_PARAMETER]},
)
async def translate(request: Request) -> Response:
    """The translation of a text; for a list of texts, a list of translations.

    A text is split into sentences, and its own white space and line breaks are kept. With
    `Accept: text/event-stream` the translation of one text, by greedy search, comes as
    server-sent events: `token` with `{"text": what to append}` for each token, then `done` with
    `{"translatedText": the whole}`, or `error` with `{"error": why}`.
    """
    services = services_of(request)
    settings = services.settings
    asked = parse_body(await read_body(request, settings.max_body_bytes), TranslateRequest)
    texts = check_texts("q", asked.q, settings)
    if MEDIA_TYPE in request.headers.get("accept", ""):
        return await _stream(request, services, asked)
    options = _options(asked, settings)
    call = services.inference.call(request, len(texts))
    with (
        services.repository.translator(
            asked.source, asked.target, asked.model, asked.version
        ) as chosen,
        locating("q", asked.q),
    ):
        results = await services.answers.translate(chosen, texts, options, call)
    one = isinstance(asked.q, str)
    best = [alternatives[0].text for alternatives in results]
    answer: dict[str, object] = {"translatedText": best[0] if one else best}
    if asked.num_hypotheses is not None:
        hypotheses = [[alternative._asdict() for alternative in some] for some in results]
        answer["hypotheses"] = hypotheses[0] if one else hypotheses
    return json_answer(answer)


def _options(asked: TranslateRequest, settings: Settings) -> SearchOptions:
    """The search that is asked for. Raises InvalidInput where it is beyond the limits."""
    for field, value, limit in (
        ("beam_size", asked.beam_size, settings.max_beam_size),
        ("max_length", asked.max_length, settings.max_translation_tokens),
    ):
        if value is not None and value > limit:
            raise InvalidInput(f"{field} must be {limit} or less, as this service is set up")
    wanted = asked.num_hypotheses or 1
    # By default as wide as what is asked for needs.
    beam_size = asked.beam_size or min(max(DEFAULT_BEAM_SIZE, wanted), settings.max_beam_size)
    if wanted > beam_size:
        raise InvalidInput(
            f"num_hypotheses must be at most beam_size, which is {beam_size}; "
            f"ask for a wider beam, of at most {settings.max_beam_size}"
        )
    return SearchOptions(
        beam_size=beam_size,
        length_penalty=asked.length_penalty,
        max_length=asked.max_length,
        num_hypotheses=wanted,
    )


async def _stream(request: Request, services: Services, asked: TranslateRequest) -> Response:
    if not isinstance(asked.q, str):
        raise InvalidInput("q must be a string, not a list, where the answer is a stream")
    if (asked.beam_size or 1) > 1 or (asked.num_hypotheses or 1) > 1:
        raise InvalidInput(
            "a stream is translated by greedy search: leave out beam_size and num_hypotheses, or "
            "ask for application/json"
        )
    options = _options(asked.model_copy(update={"beam_size": 1}), services.settings)
    call = services.inference.call(request, 1)
    lease = services.repository.translator(asked.source, asked.target, asked.model, asked.version)
    parts = services.answers.stream(lease, asked.q, options, call)
    try:
        # Whatever is wrong with the request shows here, and gets its own status.
        with locating("q", asked.q):
            first = await anext(parts)
    except BaseException:
        lease.release()
        raise

    async def events() -> AsyncIterator[bytes]:
        try:
            yield _event(first)
            async for part in parts:
                yield _event(part)
        except GatehouseError as error:
            yield event("error", {"error": str(error)})

    async def close() -> None:
        await parts.aclose()
        lease.release()

    return EventStream(events(), close)


def _event(part: str | Alternative) -> bytes:
    if isinstance(part, str):
        return event("token", {"text": part})
    return event("done", {"translatedText": part.text})
