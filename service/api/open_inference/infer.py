"""POST /v2/models/NAME/infer: tensors in, tensors out."""

import asyncio
import math
from functools import partial

from fastapi import APIRouter, Request
from fastapi.responses import Response

from service.api.body import read_body, request_schema
from service.api.errors import error_responses
from service.api.inference import TIMEOUT_PARAMETER
from service.api.languages import WARNING_HEADER, WARNING_HEADERS
from service.api.open_inference import classification, sequences, tagging, translation
from service.api.open_inference.content_coding import deflated, inflated
from service.api.open_inference.inputs import received
from service.api.open_inference.lookup import translator
from service.api.open_inference.messages import (
    LENGTH_HEADER,
    InferenceAnswer,
    InferenceRequest,
    read_request,
    write_answer,
)
from service.api.open_inference.outputs import Outputs, Wanted, wanted_outputs
from service.api.open_inference.parameters import (
    ClassificationParameters,
    RequestParameters,
    TranslationParameters,
    read_parameters,
)
from service.api.open_inference.routes import PREFIX, TAGS, add_model_route
from service.api.open_inference.signatures import signature
from service.api.services import Services, services_of
from service.artifact import (
    ClassificationManifest,
    GenerationManifest,
    SequenceManifest,
    TaggingManifest,
    TranslationManifest,
)
from service.errors import InvalidInput

router = APIRouter(prefix=PREFIX, tags=TAGS)

_INLINE_VALUES = 1 << 12  # an answer of more takes milliseconds to write, and a thread
_BINARY = {
    "application/octet-stream": {
        "schema": {"type": "string", "format": "binary"},
        "example": "the JSON, and behind it the binary data of each tensor",
    }
}
_LENGTH_PARAMETER = {
    "name": LENGTH_HEADER,
    "in": "header",
    "required": False,
    "schema": {"type": "integer", "minimum": 0},
    "description": "bytes of the JSON at the start of the body, where binary data follows",
}


async def infer(request: Request, name: str, version: int | None) -> Response:
    """Gives a model tensors and answers with its own, as JSON or binary data, as each side asks.

    A model of texts takes `text_input`, or `tokens` and `lengths`, one of sequences `features`;
    its metadata has their shapes. Bodies may be compressed with gzip or deflate.
    """
    services = services_of(request)
    message, binary = await _read(request, services)
    manifest = services.repository.manifest(name)
    way = signature(manifest).way([tensor.name for tensor in message.inputs])
    tensors = received(message, binary, way.inputs, services.settings)
    parameters: RequestParameters
    if isinstance(manifest, ClassificationManifest):
        parameters = read_parameters(message.parameters, ClassificationParameters)
        wanted = wanted_outputs(message, way, parameters.binary_data_output)
        with services.repository.classifier(name, version) as classifier:
            outputs = await classification.infer(request, services, classifier, tensors, parameters)
        version = classifier.version
    elif isinstance(manifest, GenerationManifest):
        from service.api.open_inference import generation

        sampling = read_parameters(message.parameters, generation.GenerationParameters)
        wanted = wanted_outputs(message, way, sampling.binary_data_output)
        with services.repository.other("generation", name, version) as generator:
            outputs = await generation.infer(request, services, generator, tensors, sampling)
        version = generator.version
    elif isinstance(manifest, SequenceManifest):
        parameters = read_parameters(message.parameters, RequestParameters)
        wanted = wanted_outputs(message, way, parameters.binary_data_output)
        with services.repository.other("sequence", name, version) as of_columns:
            outputs = await sequences.infer(request, services, of_columns, tensors, parameters)
        version = of_columns.version
    elif isinstance(manifest, TaggingManifest):
        parameters = read_parameters(message.parameters, RequestParameters)
        wanted = wanted_outputs(message, way, parameters.binary_data_output)
        with services.repository.other("tagging", name, version) as tagger:
            outputs = await tagging.infer(request, services, tagger, tensors, parameters)
        version = tagger.version
    elif not isinstance(manifest, TranslationManifest):
        raise InvalidInput(f"{name} is a {manifest.task} model, which takes no tensors here")
    else:
        parameters = read_parameters(message.parameters, TranslationParameters)
        wanted = wanted_outputs(message, way, parameters.binary_data_output)
        with translator(services.repository, manifest, version) as lease:
            outputs = await translation.infer(request, services, lease, tensors, parameters)
        version = lease.version
    values = sum(math.prod(tensor.shape) for tensor in outputs.tensors.values())
    answer = partial(_answer, request, name, version, message.id, outputs, wanted)
    return await asyncio.to_thread(answer) if values > _INLINE_VALUES else answer()


async def _read(
    request: Request, services: Services
) -> tuple[InferenceRequest, list[bytes | None]]:
    limit = services.settings.max_body_bytes
    body = await read_body(request, limit)
    body = inflated(body, request.headers.get("content-encoding", ""), limit)
    return read_request(body, request.headers.get(LENGTH_HEADER))


def _answer(
    request: Request,
    name: str,
    version: int,
    identifier: str | None,
    outputs: Outputs,
    wanted: list[Wanted],
) -> Response:
    content, json_length = write_answer(
        name, str(version), identifier, outputs.select(wanted), outputs.warning
    )
    headers = {"Vary": "Accept-Encoding"}
    if outputs.warning is not None:
        headers[WARNING_HEADER] = outputs.warning
    if json_length is not None:
        headers[LENGTH_HEADER] = str(json_length)
    content, coding = deflated(content, request.headers.get("accept-encoding", ""))
    if coding is not None:
        headers["Content-Encoding"] = coding
    kind = "application/json" if json_length is None else "application/octet-stream"
    return Response(content, headers=headers, media_type=kind)


_DOCUMENTED_BODY = request_schema(InferenceRequest)
_DOCUMENTED_BODY["requestBody"]["content"] |= _BINARY

add_model_route(
    router,
    "POST",
    "/infer",
    infer,
    summary="Give a model tensors",
    response_model=InferenceAnswer,
    responses={
        200: {"content": _BINARY, "headers": WARNING_HEADERS},
        **error_responses(400, 404, 413, 429, 503, 504),
    },
    openapi_extra={**_DOCUMENTED_BODY, "parameters": [TIMEOUT_PARAMETER, _LENGTH_PARAMETER]},
)
