"""POST /translate: translations of texts, in the shape that LibreTranslate's clients read."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from typing import Any

from fastapi import Request
from fastapi.responses import Response

from service.api.access import admit_with_body_key
from service.api.answer import json_answer
from service.api.body import read_body
from service.api.direct import DirectRouter
from service.api.errors import error_responses
from service.api.event_stream import MEDIA_TYPE, EventStream, event, wanted
from service.api.form import form_schema, parse_body_or_form
from service.api.inference import TIMEOUT_PARAMETER, Call
from service.api.languages import WARNING_HEADERS, Detected, warning_header
from service.api.leased_stream import LeasedStream
from service.api.schemas import TranslateRequest, Translation
from service.api.search_options import search_options
from service.api.services import Services, services_of
from service.api.sources import AUTO, detect_sources, percent
from service.api.texts import check_texts, locating
from service.errors import InvalidInput, TextError
from service.pipelines.translation import Alternative, SearchOptions
from service.settings import Settings

routes = DirectRouter("translation")

Warnings = list[str | None] | None

_STREAM = """\
event: token
data: {"text":"Ein"}

event: token
data: {"text":" Mann"}

event: done
data: {"translatedText":"Ein Mann"}

"""


def _description() -> dict[str, Any]:
    return {
        "summary": "Translate texts",
        "response_model": Translation,
        "response_model_exclude_none": True,
        "responses": {
            200: {
                "content": {MEDIA_TYPE: {"schema": {"type": "string"}, "example": _STREAM}},
                "headers": WARNING_HEADERS,
            },
            **error_responses(400, 404, 413, 429, 503, 504),
        },
        "openapi_extra": {**form_schema(TranslateRequest), "parameters": [TIMEOUT_PARAMETER]},
    }


@routes.route("POST", "/translate", _description)
async def translate(request: Request) -> Response:
    """The translation of a text; for a list of texts, a list of translations.

    A text is split into sentences, and its own white space and line breaks are kept; of HTML, its
    tags. With `Accept: text/event-stream` the translation of one text, by greedy search, comes as
    server-sent events: `token` with `{"text": what to append}` for each token, then `done` with
    `{"translatedText": the whole}`, or `error` with `{"error": why}`.
    """
    services = services_of(request)
    settings = services.settings
    body = await read_body(request, settings.max_body_bytes)
    asked = await parse_body_or_form(request, body, TranslateRequest)
    admit_with_body_key(request, asked.api_key)
    texts = check_texts("q", asked.q, settings)
    if wanted(request):
        return await _stream(request, services, asked)
    options = _options(asked, settings)
    call = services.inference.call(request, len(texts))
    detected: list[Detected] = []
    warnings: Warnings = None
    with locating("q", asked.q):
        if asked.source.lower() == AUTO:
            detected, results = await _translate_any(services, asked, texts, options, call)
        else:
            results, warnings = await _translate(services, asked, texts, options, call)
    single = isinstance(asked.q, str)
    headers = warning_header("q", warnings, single)
    return json_answer(_answer(asked, results, detected, single), headers=headers)


async def _translate(
    services: Services,
    asked: TranslateRequest,
    texts: Sequence[str],
    options: SearchOptions,
    call: Call,
) -> tuple[list[list[Alternative]], Warnings]:
    """The alternatives of texts in the source language, and what is to be said of the texts."""
    with services.repository.translator(
        asked.source, asked.target, asked.model, asked.version
    ) as chosen:
        language = chosen.pipeline.languages.source
        if asked.format != "html":
            answer = services.answers.translate(chosen, texts, options, call)
        else:
            documents = await services.documents.read(texts, language)
            answer = services.documents.translate(chosen, documents, options, call)
            texts = [document.text for document in documents]
        return await services.languages.alongside(answer, texts, language, call)


async def _translate_any(
    services: Services,
    asked: TranslateRequest,
    texts: Sequence[str],
    options: SearchOptions,
    call: Call,
) -> tuple[list[Detected], list[list[Alternative]]]:
    """The language of each text and its alternatives; itself, where it is in the target's."""
    plain = texts
    if asked.format == "html":
        plain = [document.text for document in await services.documents.read(texts, "en")]
    detected = await detect_sources(services, plain, asked.target, asked.model, replace(call))
    results = [[Alternative(text, 0.0)] for text in texts]
    for source in dict.fromkeys(found.language for found in detected):
        if _is_target(source, asked):
            continue
        own = [i for i, found in enumerate(detected) if found.language == source]
        one = asked.model_copy(update={"source": source})
        try:
            some, _ = await _translate(services, one, [texts[i] for i in own], options, call)
        except TextError as error:
            raise type(error)(own[error.index], error.reason) from None
        for i, alternatives in zip(own, some, strict=True):
            results[i] = alternatives
    return detected, results


def _answer(
    asked: TranslateRequest,
    results: Sequence[Sequence[Alternative]],
    detected: Sequence[Detected],
    single: bool,
) -> dict[str, object]:
    """The answer to a list of texts, or to a single one; what was not asked for is left out."""
    parts: dict[str, list[object]] = {"translatedText": [ranked[0].text for ranked in results]}
    if detected:
        parts["detectedLanguage"] = [
            {"confidence": percent(found), "language": found.language} for found in detected
        ]
    if asked.alternatives:
        parts["alternatives"] = [_others(ranked, asked.alternatives) for ranked in results]
    if asked.num_hypotheses is not None:
        parts["hypotheses"] = [[part._asdict() for part in ranked] for ranked in results]
    return {name: values[0] if single else values for name, values in parts.items()}


def _others(ranked: Sequence[Alternative], wanted: int) -> list[str]:
    """The texts of a translation's alternatives, without itself, each once."""
    return list(dict.fromkeys(alternative.text for alternative in ranked))[1 : wanted + 1]


def _options(asked: TranslateRequest, settings: Settings) -> SearchOptions:
    """The search that is asked for. Raises InvalidInput where it is beyond the limits."""
    num_hypotheses = asked.num_hypotheses
    if asked.alternatives:
        if num_hypotheses is not None:
            raise InvalidInput("send alternatives or num_hypotheses, not both; they are the same")
        num_hypotheses = asked.alternatives + 1
        widest = asked.beam_size or settings.max_beam_size
        if num_hypotheses > widest:
            raise InvalidInput(
                f"alternatives must be fewer than beam_size, so at most {widest - 1} here"
            )
    return search_options(
        settings,
        beam_size=asked.beam_size,
        num_hypotheses=num_hypotheses,
        length_penalty=asked.length_penalty,
        max_length=asked.max_length,
        glossary=asked.glossary,
    )


async def _stream(request: Request, services: Services, asked: TranslateRequest) -> Response:
    text = asked.q
    if not isinstance(text, str):
        raise InvalidInput("q must be a string, not a list, where the answer is a stream")
    if (asked.beam_size or 1) > 1 or (asked.num_hypotheses or 1) > 1 or asked.alternatives:
        raise InvalidInput(
            "a stream is translated by greedy search: leave out beam_size, num_hypotheses and "
            "alternatives, or ask for application/json"
        )
    if asked.format == "html":
        raise InvalidInput("a stream is of text: leave out format, or ask for application/json")
    options = _options(asked.model_copy(update={"beam_size": 1}), services.settings)
    call = services.inference.call(request, 1)
    if asked.source.lower() == AUTO:
        with locating("q", text):
            (found,) = await detect_sources(
                services, [text], asked.target, asked.model, replace(call)
            )
        if _is_target(found.language, asked):
            return _unchanged(text)
        asked = asked.model_copy(update={"source": found.language})
    lease = services.repository.translator(asked.source, asked.target, asked.model, asked.version)
    parts = services.answers.stream(lease, text, options, call)
    stream = LeasedStream(lease, parts)
    language = lease.pipeline.languages.source
    with locating("q", text):
        first, warnings = await stream.begin(
            services.languages.alongside(anext(parts), [text], language, call)
        )

    async def events() -> AsyncIterator[bytes]:
        yield _event(first)
        async for part in parts:
            yield _event(part)

    answer = stream.answer(events(), lambda reason: event("error", {"error": reason}))
    answer.headers.update(warning_header("q", warnings, single=True))
    return answer


def _is_target(found: str, asked: TranslateRequest) -> bool:
    """Whether a text is in the target's language already; AUTO: nobody knows what it is in."""
    return found.lower() == asked.target.lower() and found != AUTO


def _unchanged(text: str) -> Response:
    async def events() -> AsyncIterator[bytes]:
        yield _event(Alternative(text, 0.0))

    async def close() -> None:
        pass

    return EventStream(events(), close)


def _event(part: str | Alternative) -> bytes:
    if isinstance(part, str):
        return event("token", {"text": part})
    return event("done", {"translatedText": part.text})
