"""What else LibreTranslate's clients ask for, besides POST /translate."""

from enum import Enum
from typing import Annotated

from fastapi import APIRouter, Request
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field

from service.api.access import admit_with_body_key
from service.api.answer import json_answer
from service.api.body import read_body
from service.api.errors import error_responses
from service.api.form import form_schema, parse_body_or_form
from service.api.health import ready as service_ready
from service.api.inference import TIMEOUT_PARAMETER
from service.api.languages import language_name
from service.api.schemas import DetectedLanguage, RequestBody, Status
from service.api.services import services_of
from service.api.sources import language_pairs, percent
from service.api.texts import check_texts, locating

router = APIRouter()

_TAGS: list[str | Enum] = ["translation"]
_FRONTEND_TIMEOUT_MS = 500  # that LibreTranslate's page waits after a key was pressed


class DetectRequest(RequestBody):
    """A text whose language is wanted."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"q": "Two dogs are playing."}]})

    q: Annotated[str, Field(description="a text")]
    api_key: Annotated[str | None, Field(description="the key, where it is not in a header")] = None


class Language(BaseModel):
    """A language that is translated, or into which others are."""

    code: Annotated[str, Field(examples=["en"])]
    name: Annotated[str, Field(description="in English", examples=["English"])]
    targets: Annotated[
        list[str], Field(description="into which it is translated", examples=[["de"]])
    ]


class NamedLanguage(BaseModel):
    """A language's code and name."""

    code: Annotated[str, Field(examples=["en"])]
    name: Annotated[str, Field(examples=["English"])]


class FrontendLanguages(BaseModel):
    """What a page has chosen at first."""

    source: NamedLanguage
    target: NamedLanguage


class FrontendSettings(BaseModel):
    """What a page for LibreTranslate has to know, by LibreTranslate's names."""

    charLimit: Annotated[int, Field(description="characters of a text", examples=[20000])]  # noqa: N815
    frontendTimeout: Annotated[  # noqa: N815
        int, Field(description="milliseconds to wait for more keys", examples=[500])
    ]
    apiKeys: Annotated[bool, Field(description="whether there are API keys")]  # noqa: N815
    keyRequired: Annotated[bool, Field(description="whether a request needs one")]  # noqa: N815
    suggestions: Annotated[bool, Field(description="never taken")] = False
    filesTranslation: Annotated[bool, Field(description="files are not")] = False  # noqa: N815
    supportedFilesFormat: list[str] = []  # noqa: N815
    language: FrontendLanguages | None


@router.get("/languages", summary="List the languages", tags=_TAGS)
async def languages(request: Request) -> list[Language]:
    """The languages that are translated or translated into, by code."""
    pairs = language_pairs(services_of(request).repository)
    codes = sorted(pairs.keys() | {target for targets in pairs.values() for target in targets})
    return [
        Language(code=code, name=language_name(code), targets=sorted(pairs.get(code, ())))
        for code in codes
    ]


@router.post(
    "/detect",
    summary="Tell the language of a text",
    response_model=list[DetectedLanguage],
    responses=error_responses(400, 404, 413, 429, 503, 504),
    openapi_extra={**form_schema(DetectRequest), "parameters": [TIMEOUT_PARAMETER]},
    tags=_TAGS,
)
async def detect(request: Request) -> Response:
    """The languages that the text may be in, the likeliest first, with percentages.

    Those of less than one percent are left out, but for the first.
    """
    services = services_of(request)
    settings = services.settings
    body = await read_body(request, settings.max_body_bytes)
    asked = await parse_body_or_form(request, body, DetectRequest)
    admit_with_body_key(request, asked.api_key)
    texts = check_texts("q", asked.q, settings)
    call = services.inference.call(request, 1)
    with locating("q", asked.q):
        (ranked,) = await services.languages.detect(texts, call)
    shares = [(percent(found), found.language) for found in ranked]
    return json_answer(
        [
            {"confidence": share, "language": language}
            for place, (share, language) in enumerate(shares)
            if share >= 1 or place == 0
        ]
    )


@router.get("/frontend/settings", summary="What a page for LibreTranslate has to know", tags=_TAGS)
async def frontend_settings(request: Request) -> FrontendSettings:
    """The limits and the languages to begin with; null where nothing is translated."""
    services = services_of(request)
    pairs = language_pairs(services.repository)
    chosen = None
    if pairs:
        source = min(pairs)
        target = min(pairs[source])
        chosen = FrontendLanguages(
            source=NamedLanguage(code=source, name=language_name(source)),
            target=NamedLanguage(code=target, name=language_name(target)),
        )
    keys = services.settings.keys_file is not None
    return FrontendSettings(
        charLimit=services.settings.max_text_characters,
        frontendTimeout=_FRONTEND_TIMEOUT_MS,
        apiKeys=keys,
        keyRequired=keys,
        language=chosen,
    )


@router.get(
    "/health",
    summary="Does the service answer, as LibreTranslate says it?",
    responses=error_responses(503),
    tags=["health"],
)
async def health(request: Request) -> Status:
    """As /health/ready, without the models: 503 until every one of them answers."""
    await service_ready(request)
    return Status(status="ok")
