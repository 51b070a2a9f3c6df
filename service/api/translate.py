"""POST /translate: translations of texts, in the shape that LibreTranslate's clients read."""

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from service.api.body import parse_body, read_body, request_schema
from service.api.errors import error_responses
from service.api.schemas import TranslateRequest, Translation
from service.api.services import services_of
from service.api.texts import check_texts, locating
from service.errors import InvalidInput
from service.pipelines.translation import SearchOptions

router = APIRouter(tags=["translation"])

DEFAULT_BEAM_SIZE = 5


@router.post(
    "/translate",
    summary="Translate texts",
    response_model=Translation,
    responses=error_responses(400, 404, 413, 429, 503),
    openapi_extra=request_schema(TranslateRequest),
)
async def translate(request: Request) -> JSONResponse:
    """The translation of a text; for a list of texts, a list of translations.

    A text is split into sentences, and its own white space and line breaks are kept.
    """
    services = services_of(request)
    settings = services.settings
    asked = parse_body(await read_body(request, settings.max_body_bytes), TranslateRequest)
    for field, value, limit in (
        ("beam_size", asked.beam_size, settings.max_beam_size),
        ("max_length", asked.max_length, settings.max_translation_tokens),
    ):
        if value is not None and value > limit:
            raise InvalidInput(f"{field} must be {limit} or less, as this service is set up")
    texts = check_texts("q", asked.q, settings)
    pipeline = services.repository.translator(asked.source, asked.target, asked.model)
    options = SearchOptions(
        beam_size=asked.beam_size or min(DEFAULT_BEAM_SIZE, settings.max_beam_size),
        length_penalty=asked.length_penalty,
        max_length=asked.max_length,
    )
    with locating("q", asked.q):
        results = await services.translation.run(lambda: pipeline.translate(texts, options))
    services.metrics.texts.labels(pipeline.artifact.name).inc(len(texts))
    return JSONResponse({"translatedText": results[0] if isinstance(asked.q, str) else results})
