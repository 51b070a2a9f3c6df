"""POST /tag: the words of texts with their tags, and the entities that they make up."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Request
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field

from service.api.answer import json_answer
from service.api.body import parse_body, read_body, request_schema
from service.api.errors import error_responses
from service.api.inference import TIMEOUT_PARAMETER, Call
from service.api.languages import WARNING_HEADERS, warning_header
from service.api.schemas import AskedVersion, FirstErrorOnly, RequestBody, Texts
from service.api.services import Services, services_of
from service.api.texts import check_texts, locating
from service.errors import InvalidInput, LimitExceeded
from service.pipelines.tagging import TaggedWord, TaggingPipeline, entities
from service.repository import Lease
from service.settings import Settings

router = APIRouter(tags=["tagging"])

_INLINE_WORDS = 4096  # an answer of more is written in a thread

Sentence = Annotated[list[str], FirstErrorOnly()]


class TagRequest(RequestBody):
    """Texts to tag, or sentences whose words were split already."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"inputs": "Teddy Roosevelt was a great president."},
                {"tokens": ["Tesla", "is", "a", "car", "company"]},
            ]
        }
    )

    inputs: Annotated[
        Texts | None, Field(description="a text, or a list of texts; or send tokens")
    ] = None
    tokens: Annotated[
        Sentence | Annotated[list[Sentence], FirstErrorOnly()] | None,
        Field(description="the words of a sentence, or a list of such lists, in place of inputs"),
    ] = None
    model: Annotated[
        str | None, Field(description="name of a tagging model; by default the only one")
    ] = None
    version: AskedVersion = None
    aggregate: Annotated[
        bool | None,
        Field(description="whether to answer with entities, too; by default if the model has any"),
    ] = None


class TaggedToken(BaseModel):
    """A word, text[start:end] of its text in characters (code points), and its tag."""

    text: Annotated[str, Field(examples=["Roosevelt"])]
    start: Annotated[int, Field(ge=0, examples=[6])]
    end: Annotated[int, Field(ge=0, examples=[15])]
    tag: Annotated[str, Field(examples=["I-person"])]
    score: Annotated[float, Field(description="its probability", ge=0, le=1, examples=[0.91])]


class FoundEntity(BaseModel):
    """Words that belong together, text[start:end]."""

    text: Annotated[str, Field(examples=["Teddy Roosevelt"])]
    start: Annotated[int, Field(ge=0, examples=[0])]
    end: Annotated[int, Field(ge=0, examples=[15])]
    label: Annotated[str, Field(examples=["person"])]
    score: Annotated[float, Field(description="mean of its words'", ge=0, le=1, examples=[0.88])]


class TaggedText(BaseModel):
    """A text's words in order; of a model for entities, these too."""

    tokens: list[TaggedToken]
    entities: list[FoundEntity] | None = None


@router.post(
    "/tag",
    summary="Tag words and find entities",
    response_model=TaggedText | list[TaggedText],
    response_model_exclude_none=True,
    responses={
        200: {"headers": WARNING_HEADERS},
        **error_responses(400, 404, 413, 429, 503, 504),
    },
    openapi_extra={**request_schema(TagRequest), "parameters": [TIMEOUT_PARAMETER]},
)
async def tag(request: Request) -> Response:
    """The tag of every word of a text, with its place; for a list of texts, a list of answers.

    A text is split into sentences and words by rules. Words that were split elsewhere are sent as
    `tokens`, a sentence a list; offsets are then into the words joined by single spaces.
    """
    services = services_of(request)
    body = await read_body(request, services.settings.max_body_bytes)
    asked = parse_body(body, TagRequest)
    if (asked.inputs is None) == (asked.tokens is None):
        raise InvalidInput("send either inputs (a text or a list of texts) or tokens")
    if asked.tokens is not None:
        return await _tag_words(request, services, asked, asked.tokens)
    assert asked.inputs is not None
    texts = check_texts("inputs", asked.inputs, services.settings)
    call = services.inference.call(request, len(texts))
    with (
        services.repository.other("tagging", asked.model, asked.version) as chosen,
        locating("inputs", asked.inputs),
    ):
        wanted = _entities_wanted(chosen.pipeline, asked.aggregate)
        answer = services.answers.tag(chosen, texts, call)
        language = chosen.pipeline.manifest.language
        tagged, warnings = await services.languages.alongside(answer, texts, language, call)
    single = isinstance(asked.inputs, str)
    headers = warning_header("inputs", warnings, single)
    return await _answer(texts, tagged, wanted, single, headers)


async def _tag_words(
    request: Request, services: Services, asked: TagRequest, tokens: Sentence | list[Sentence]
) -> Response:
    sentences, single = check_tokens(tokens, services.settings)
    call: Call = services.inference.call(request, len(sentences))
    place: str | list[str] = "" if single else []
    with (
        services.repository.other("tagging", asked.model, asked.version) as chosen,
        locating("tokens", place),
    ):
        wanted = _entities_wanted(chosen.pipeline, asked.aggregate)
        lease: Lease[TaggingPipeline] = chosen
        tagged = await services.answers.tag_words(lease, sentences, call)
    texts = [" ".join(sentence) for sentence in sentences]
    return await _answer(texts, tagged, wanted, single, None)


def check_tokens(
    tokens: Sentence | list[Sentence], settings: Settings
) -> tuple[list[Sentence], bool]:
    """The sentences of a request, and whether it is of a single one.

    Raises InvalidInput for none and for an empty one, LimitExceeded for too many or too long ones.
    """
    single = bool(tokens) and isinstance(tokens[0], str)
    sentences: list[Any] = [tokens] if single else list(tokens)
    if not sentences:
        raise InvalidInput("tokens is an empty list; send at least one word")
    if len(sentences) > settings.max_texts:
        raise LimitExceeded(
            f"tokens holds {len(sentences):,} sentences; the limit is {settings.max_texts:,} a "
            "request"
        )
    for index, sentence in enumerate(sentences):
        place = "tokens" if single else f"tokens[{index}]"
        if not sentence:
            raise InvalidInput(f"{place} is an empty list; send at least one word")
        characters = sum(map(len, sentence)) + len(sentence) - 1
        if characters > settings.max_text_characters:
            raise LimitExceeded(
                f"{place}: the words have {characters:,} characters with the spaces between them; "
                f"the limit is {settings.max_text_characters:,}"
            )
    return sentences, single


def _entities_wanted(pipeline: TaggingPipeline, asked: bool | None) -> bool:
    """Raises InvalidInput where a model that finds none is asked for entities."""
    if asked and not pipeline.bio:
        raise InvalidInput(
            f"aggregate: the tags of {pipeline.artifact.name} make up no entities; leave it out, "
            "or ask a model whose tags are BIO"
        )
    return pipeline.bio if asked is None else asked


async def _answer(
    texts: Sequence[str],
    tagged: Sequence[Sequence[TaggedWord]],
    with_entities: bool,
    single: bool,
    headers: dict[str, str] | None,
) -> Response:
    def write() -> Response:
        answers = []
        for text, words in zip(texts, tagged, strict=True):
            answer: dict[str, Any] = {"tokens": [word._asdict() for word in words]}
            if with_entities:
                answer["entities"] = [found._asdict() for found in entities(text, words)]
            answers.append(answer)
        return json_answer(answers[0] if single else answers, headers=headers)

    return await written(write, tagged)


async def written(
    write: Callable[[], Response], tagged: Sequence[Sequence[TaggedWord]]
) -> Response:
    """What ``write`` makes of tagged texts; of many words it does so in a thread."""
    if sum(map(len, tagged)) > _INLINE_WORDS:
        return await asyncio.to_thread(write)
    return write()
