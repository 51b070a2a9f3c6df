"""POST /v2/models/NAME/generate and generate_stream: one text in, one text out.

A translator answers with the translation, a classifier with the best label, a generator with what
it writes behind the text.
"""

from collections.abc import AsyncIterator, Awaitable
from typing import Annotated, TypeVar

from fastapi import APIRouter, Request
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field, JsonValue
from pydantic_core import to_json

from service.api.answer import json_answer
from service.api.body import read_body, request_schema
from service.api.errors import error_responses
from service.api.event_stream import MEDIA_TYPE, EventStream
from service.api.inference import TIMEOUT_PARAMETER, Call
from service.api.languages import WARNING_HEADERS, warning_header
from service.api.leased_stream import LeasedStream
from service.api.open_inference.content_coding import inflated
from service.api.open_inference.lookup import reads, translator
from service.api.open_inference.messages import Parameters, parse_json
from service.api.open_inference.parameters import (
    RequestParameters,
    TranslationParameters,
    read_parameters,
)
from service.api.open_inference.routes import PREFIX, TAGS, add_model_route
from service.api.services import Services, services_of
from service.api.texts import check_texts, locating
from service.artifact import (
    ClassificationManifest,
    GenerationManifest,
    Manifest,
    TranslationManifest,
)
from service.errors import InvalidInput
from service.pipelines.classification import ClassificationPipeline
from service.pipelines.translation import TranslationPipeline
from service.repository import Lease

router = APIRouter(prefix=PREFIX, tags=TAGS)

Result = TypeVar("Result")

_NO_PARAMETER = "stream"  # which route was called says it; clients of other servers send it as well


class GenerateRequest(BaseModel):
    """A text. Further fields are parameters, as they would be in `parameters`."""

    model_config = ConfigDict(
        extra="allow",
        frozen=True,
        strict=True,
        json_schema_extra={
            "examples": [
                {"text_input": "A man rides a bike."},
                {"text_input": "A man rides a bike.", "parameters": {"beam_size": 1}},
            ]
        },
    )
    __pydantic_extra__: dict[str, JsonValue]

    text_input: Annotated[str, Field(description="what to translate, to classify or to continue")]
    parameters: Annotated[
        Parameters, Field(description="of the model, and of how the request is run")
    ] = {}

    def given(self) -> dict[str, JsonValue]:
        """All parameters."""
        together = {**(self.model_extra or {}), **self.parameters}
        together.pop(_NO_PARAMETER, None)
        return together


class GenerateAnswer(BaseModel):
    """A text."""

    model_name: Annotated[str, Field(examples=["translation-en-de"])]
    model_version: Annotated[str, Field(examples=["1"])]
    text_output: Annotated[str, Field(examples=["Ein Mann fährt Fahrrad."])]


async def generate(request: Request, name: str, version: int | None) -> Response:
    """Answers a text with its translation, with its best label, or with what may follow it."""
    services = services_of(request)
    asked = await _read(request, services)
    manifest = services.repository.manifest(name)
    _check_text(asked, manifest, services)
    if isinstance(manifest, ClassificationManifest):
        answer, headers = await _label(request, services, name, version, asked)
        return json_answer(answer, headers=headers)
    if isinstance(manifest, GenerationManifest):
        return await _continuation(request, services, name, version, asked)
    if not isinstance(manifest, TranslationManifest):
        raise _no_text(manifest)
    parameters = read_parameters(asked.given(), TranslationParameters)
    if (parameters.num_hypotheses or 1) > 1:
        raise InvalidInput("the answer is one text; ask infer for num_hypotheses")
    options = parameters.search(services.settings)
    call = parameters.call(request, services, 1)
    with (
        translator(services.repository, manifest, version) as lease,
        locating("text_input", asked.text_input),
    ):
        translating = services.answers.translate(lease, [asked.text_input], options, call)
        results, headers = await _warned(services, translating, asked, lease, call)
        return json_answer(_answer(name, lease.version, results[0][0].text), headers=headers)


async def generate_stream(request: Request, name: str, version: int | None) -> Response:
    """Answers a text bit by bit, as server-sent events; each `text_output` goes behind the last.

    A translation is found by greedy search. A classifier's answer is one event. A generator's goes
    behind the text that was sent.
    """
    services = services_of(request)
    asked = await _read(request, services)
    manifest = services.repository.manifest(name)
    _check_text(asked, manifest, services)
    if isinstance(manifest, ClassificationManifest):
        return _one_event(*await _label(request, services, name, version, asked))
    if isinstance(manifest, GenerationManifest):
        return await _continuation_stream(request, services, name, version, asked)
    if not isinstance(manifest, TranslationManifest):
        raise _no_text(manifest)
    return await _stream(request, services, manifest, version, asked)


async def _continuation(
    request: Request, services: Services, name: str, version: int | None, asked: GenerateRequest
) -> Response:
    """What a generator writes behind a text."""
    from service.api.open_inference import generation

    parameters = read_parameters(asked.given(), generation.GenerationParameters)
    call = parameters.call(request, services, 1)
    with (
        services.repository.other("generation", name, version) as lease,
        locating("text_input", asked.text_input),
    ):
        text = await generation.generate(services, lease, asked.text_input, parameters, call)
        return json_answer(_answer(name, lease.version, text))


async def _continuation_stream(
    request: Request, services: Services, name: str, version: int | None, asked: GenerateRequest
) -> Response:
    """The same as it is written."""
    from service.api.open_inference import generation

    parameters = read_parameters(asked.given(), generation.GenerationParameters)
    options = parameters.sampling(services.settings)
    call = parameters.call(request, services, 1)
    lease = services.repository.other("generation", name, version)
    parts = services.generations.stream(lease, asked.text_input, options, call)
    stream = LeasedStream(lease, parts)
    with locating("text_input", asked.text_input):
        first = await stream.begin(anext(parts))

    async def events() -> AsyncIterator[bytes]:
        # The whole comes last, and was written already, but for one that is empty.
        yield _event(_answer(name, lease.version, first if isinstance(first, str) else first.text))
        async for part in parts:
            if isinstance(part, str):
                yield _event(_answer(name, lease.version, part))

    return stream.answer(events(), lambda reason: _event({"error": reason}))


def _no_text(manifest: Manifest) -> InvalidInput:
    return InvalidInput(
        f"{manifest.name} is a {manifest.task} model, which does not answer a text with a text; "
        f"GET /v2/models/{manifest.name} says what it takes"
    )


async def _read(request: Request, services: Services) -> GenerateRequest:
    limit = services.settings.max_body_bytes
    body = await read_body(request, limit)
    body = inflated(body, request.headers.get("content-encoding", ""), limit)
    return parse_json(body, GenerateRequest)


def _check_text(asked: GenerateRequest, manifest: Manifest, services: Services) -> None:
    """Raises InvalidInput and LimitExceeded. What a generator continues may be empty."""
    if isinstance(manifest, GenerationManifest):
        from service.api.generations import check_prompt

        check_prompt("text_input", asked.text_input, services.settings)
    else:
        check_texts("text_input", asked.text_input, services.settings)


async def _label(
    request: Request, services: Services, name: str, version: int | None, asked: GenerateRequest
) -> tuple[dict[str, str], dict[str, str]]:
    """The answer with a text's best label, and its headers."""
    parameters = read_parameters(asked.given(), RequestParameters)
    call = parameters.call(request, services, 1)
    with (
        services.repository.classifier(name, version) as lease,
        locating("text_input", asked.text_input),
    ):
        classifying = services.answers.classify(lease, [asked.text_input], call)
        results, headers = await _warned(services, classifying, asked, lease, call)
        return _answer(name, lease.version, results[0][0].label), headers


async def _warned(
    services: Services,
    answer: Awaitable[Result],
    asked: GenerateRequest,
    lease: Lease[ClassificationPipeline] | Lease[TranslationPipeline],
    call: Call,
) -> tuple[Result, dict[str, str]]:
    """An answer, and the header of a text in another language than the model's."""
    language = reads(lease.pipeline.manifest)
    result, warnings = await services.languages.alongside(
        answer, [asked.text_input], language, call
    )
    return result, warning_header("text_input", warnings, single=True)


async def _stream(
    request: Request,
    services: Services,
    manifest: TranslationManifest,
    version: int | None,
    asked: GenerateRequest,
) -> Response:
    parameters = read_parameters(asked.given(), TranslationParameters)
    if (parameters.beam_size or 1) > 1 or (parameters.num_hypotheses or 1) > 1:
        raise InvalidInput(
            "a stream is translated by greedy search: leave out beam_size and num_hypotheses, or "
            "ask generate"
        )
    options = parameters.model_copy(update={"beam_size": 1}).search(services.settings)
    call = parameters.call(request, services, 1)
    lease = translator(services.repository, manifest, version)
    parts = services.answers.stream(lease, asked.text_input, options, call)
    stream = LeasedStream(lease, parts)
    with locating("text_input", asked.text_input):
        first, headers = await stream.begin(_warned(services, anext(parts), asked, lease, call))

    async def events() -> AsyncIterator[bytes]:
        text = first if isinstance(first, str) else first.text
        yield _event(_answer(manifest.name, lease.version, text))
        async for part in parts:
            if isinstance(part, str):  # the whole comes last, and was written already
                yield _event(_answer(manifest.name, lease.version, part))

    response = stream.answer(events(), lambda reason: _event({"error": reason}))
    response.headers.update(headers)
    return response


def _one_event(answer: dict[str, str], headers: dict[str, str]) -> Response:
    async def events() -> AsyncIterator[bytes]:
        yield _event(answer)

    async def close() -> None:
        pass

    response = EventStream(events(), close)
    response.headers.update(headers)
    return response


def _answer(name: str, version: int, text: str) -> dict[str, str]:
    return {"model_name": name, "model_version": str(version), "text_output": text}


def _event(data: dict[str, str]) -> bytes:
    return b"data: %b\n\n" % to_json(data)


_STREAM = """\
data: {"model_name":"translation-en-de","model_version":"1","text_output":"Ein"}

data: {"model_name":"translation-en-de","model_version":"1","text_output":" Mann"}

"""
_ERRORS = error_responses(400, 404, 413, 429, 503, 504)
_DOCUMENTED_REQUEST = {**request_schema(GenerateRequest), "parameters": [TIMEOUT_PARAMETER]}
add_model_route(
    router,
    "POST",
    "/generate",
    generate,
    summary="Give a model a text",
    response_model=GenerateAnswer,
    responses={200: {"headers": WARNING_HEADERS}, **_ERRORS},
    openapi_extra=_DOCUMENTED_REQUEST,
)
add_model_route(
    router,
    "POST",
    "/generate_stream",
    generate_stream,
    summary="Give a model a text, and read its answer as it comes",
    response_class=Response,
    responses={
        200: {
            "content": {MEDIA_TYPE: {"schema": {"type": "string"}, "example": _STREAM}},
            "headers": WARNING_HEADERS,
        },
        **_ERRORS,
    },
    openapi_extra=_DOCUMENTED_REQUEST,
)
