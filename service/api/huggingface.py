"""POST /huggingface/NAME: a model, as Hugging Face's InferenceClient asks a URL.

That client has one URL for a model, reads nested lists, and knows the task by itself; what a model
does here follows from its manifest.
"""

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Request
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field, JsonValue

from service.api.answer import json_answer
from service.api.body import one_of_schemas, parse_body, read_body
from service.api.errors import error_responses
from service.api.inference import TIMEOUT_PARAMETER
from service.api.languages import WARNING_HEADERS, warning_header
from service.api.openapi import ModelName
from service.api.schemas import (
    FirstErrorOnly,
    LengthPenalty,
    Prediction,
    RequestBody,
    Texts,
    TopK,
)
from service.api.search_options import search_options
from service.api.services import Services, services_of
from service.api.tag import written
from service.api.texts import check_texts, locating
from service.artifact import Languages, TaggingManifest, TranslationManifest
from service.errors import InvalidInput, quote
from service.pipelines.tagging import TaggedWord, entities
from service.runtime.search import SearchOptions
from service.settings import Settings

router = APIRouter(prefix="/huggingface", tags=["Hugging Face"])


class ClassificationParameters(RequestBody):
    """What the client may ask of a classification."""

    top_k: TopK = None
    function_to_apply: Annotated[
        Literal["softmax"] | None, Field(description="what scores are; there are no others")
    ] = None


class GenerateParameters(RequestBody):
    """How the search for a translation goes, by the names that transformers gives it."""

    num_beams: Annotated[int | None, Field(description="5 by default; 1 is greedy", ge=1)] = None
    num_return_sequences: Annotated[
        int | None, Field(description="translations of each text, at most num_beams", ge=1)
    ] = None
    max_new_tokens: Annotated[
        int | None, Field(description="tokens after which a sentence is cut", ge=1)
    ] = None
    max_length: Annotated[int | None, Field(description="the same", ge=1)] = None
    length_penalty: LengthPenalty = None
    do_sample: Annotated[Literal[False] | None, Field(description="never done")] = None
    early_stopping: Annotated[bool | None, Field(description="taken, and without effect")] = None


class TranslationParameters(RequestBody):
    """What the client may ask of a translation."""

    src_lang: Annotated[
        str | None, Field(description="the model's own, which may also be left out")
    ] = None
    tgt_lang: Annotated[str | None, Field(description="likewise")] = None
    generate_parameters: GenerateParameters | None = None
    clean_up_tokenization_spaces: Annotated[
        bool | None, Field(description="taken, and without effect: there are none")
    ] = None
    truncation: Annotated[
        Literal["do_not_truncate", "longest_first", "only_first", "only_second"] | None,
        Field(description="taken, and without effect: a text is translated whole"),
    ] = None


class ClassificationRequest(RequestBody):
    """Texts to classify."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"inputs": "What a film!", "parameters": {"top_k": 1}}]}
    )

    inputs: Annotated[Texts, Field(description="a text, or a list of texts")]
    parameters: ClassificationParameters | None = None
    options: Annotated[
        dict[str, JsonValue] | None, Field(description="taken, and without effect")
    ] = None


class TranslationRequest(RequestBody):
    """Texts to translate."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "inputs": "A man rides a bike.",
                    "parameters": {
                        "src_lang": "en",
                        "tgt_lang": "de",
                        "generate_parameters": {"num_beams": 3},
                    },
                }
            ]
        }
    )

    inputs: Annotated[Texts, Field(description="a text, or a list of texts")]
    parameters: TranslationParameters | None = None
    options: Annotated[
        dict[str, JsonValue] | None, Field(description="taken, and without effect")
    ] = None


class TaggingParameters(RequestBody):
    """What the client may ask of a tagging."""

    aggregation_strategy: Annotated[
        Literal["none", "simple", "first", "average", "max"] | None,
        Field(
            description="none: every word by itself; others, by default: words of an entity as one"
        ),
    ] = None
    ignore_labels: Annotated[
        Annotated[list[str], FirstErrorOnly()] | None,
        Field(description="tags or kinds of entities to leave out; O by default"),
    ] = None
    stride: Annotated[
        int | None, Field(description="taken, and without effect: a text is read whole")
    ] = None


class TaggingRequest(RequestBody):
    """Texts whose words are to be tagged."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "inputs": "Tesla is a car company.",
                    "parameters": {"aggregation_strategy": "simple"},
                }
            ]
        }
    )

    inputs: Annotated[Texts, Field(description="a text, or a list of texts")]
    parameters: TaggingParameters | None = None
    options: Annotated[
        dict[str, JsonValue] | None, Field(description="taken, and without effect")
    ] = None


class TokenClass(BaseModel):
    """A word with its tag (`entity`), or an entity with its kind (`entity_group`)."""

    entity: Annotated[str | None, Field(examples=["B-corporation"])] = None
    entity_group: Annotated[str | None, Field(examples=["corporation"])] = None
    score: Annotated[float, Field(ge=0, le=1, examples=[0.93])]
    word: Annotated[str, Field(examples=["Tesla"])]
    start: Annotated[int, Field(ge=0, examples=[0])]
    end: Annotated[int, Field(ge=0, examples=[5])]


class TranslationText(BaseModel):
    """A translation."""

    translation_text: Annotated[str, Field(examples=["Ein Mann fährt Fahrrad."])]


@router.post(
    "/{name}",
    summary="Ask a model as Hugging Face's client does",
    response_model=list[list[Prediction]]
    | list[TranslationText]
    | list[TokenClass]
    | list[list[TokenClass]],
    response_model_exclude_none=True,
    responses={
        200: {"headers": WARNING_HEADERS},
        **error_responses(400, 404, 413, 429, 503, 504),
    },
    openapi_extra={
        **one_of_schemas(ClassificationRequest, TranslationRequest, TaggingRequest),
        "parameters": [TIMEOUT_PARAMETER],
    },
)
async def ask(name: ModelName, request: Request) -> Response:
    """For `huggingface_hub.InferenceClient(model="http://HOST:PORT/huggingface/NAME")`.

    Of a classification model a list of labels for each text, also for a single one, best first; of
    a translation model its translations, `num_return_sequences` of each text, one after the other;
    of a tagging model the entities or words of a text, or a list of these for each of a list.
    """
    services = services_of(request)
    body = await read_body(request, services.settings.max_body_bytes)
    manifest = services.repository.manifest(name)
    if isinstance(manifest, TranslationManifest):
        return await _translate(name, request, services, body, manifest.languages)
    if isinstance(manifest, TaggingManifest):
        return await _tag(name, request, services, body)
    return await _classify(name, request, services, body)


async def _classify(name: str, request: Request, services: Services, body: bytes) -> Response:
    asked = parse_body(body, ClassificationRequest)
    parameters = asked.parameters or ClassificationParameters()
    texts = check_texts("inputs", asked.inputs, services.settings)
    call = services.inference.call(request, len(texts))
    with services.repository.classifier(name) as chosen, locating("inputs", asked.inputs):
        answer = services.answers.classify(chosen, texts, call)
        language = chosen.pipeline.manifest.language
        results, warnings = await services.languages.alongside(answer, texts, language, call)
    labels = [
        [{"label": label, "score": score} for label, score in result[: parameters.top_k]]
        for result in results
    ]
    headers = warning_header("inputs", warnings, isinstance(asked.inputs, str))
    return json_answer(labels, headers=headers)


async def _translate(
    name: str, request: Request, services: Services, body: bytes, languages: Languages
) -> Response:
    asked = parse_body(body, TranslationRequest)
    parameters = asked.parameters or TranslationParameters()
    texts = check_texts("inputs", asked.inputs, services.settings)
    options = _search(parameters.generate_parameters or GenerateParameters(), services.settings)
    call = services.inference.call(request, len(texts))
    source, target = languages.source, languages.target
    _check_language("src_lang", parameters.src_lang, source, name)
    _check_language("tgt_lang", parameters.tgt_lang, target, name)
    with (
        services.repository.translator(source, target, name) as chosen,
        locating("inputs", asked.inputs),
    ):
        answer = services.answers.translate(chosen, texts, options, call)
        results, warnings = await services.languages.alongside(answer, texts, source, call)
    headers = warning_header("inputs", warnings, isinstance(asked.inputs, str))
    translations = [{"translation_text": part.text} for ranked in results for part in ranked]
    return json_answer(translations, headers=headers)


async def _tag(name: str, request: Request, services: Services, body: bytes) -> Response:
    asked = parse_body(body, TaggingRequest)
    parameters = asked.parameters or TaggingParameters()
    texts = check_texts("inputs", asked.inputs, services.settings)
    call = services.inference.call(request, len(texts))
    with (
        services.repository.other("tagging", name) as chosen,
        locating("inputs", asked.inputs),
    ):
        grouped = chosen.pipeline.bio and parameters.aggregation_strategy != "none"
        answer = services.answers.tag(chosen, texts, call)
        language = chosen.pipeline.manifest.language
        tagged, warnings = await services.languages.alongside(answer, texts, language, call)
    single = isinstance(asked.inputs, str)
    headers = warning_header("inputs", warnings, single)

    def write() -> Response:
        found = [
            _token_classes(text, words, grouped, parameters)
            for text, words in zip(texts, tagged, strict=True)
        ]
        return json_answer(found[0] if single else found, headers=headers)

    return await written(write, tagged)


def _token_classes(
    text: str, words: Sequence[TaggedWord], grouped: bool, parameters: TaggingParameters
) -> list[dict[str, Any]]:
    """As transformers writes them: entities, or words, without those that are outside of any."""
    ignored = ["O"] if parameters.ignore_labels is None else parameters.ignore_labels
    by_itself = parameters.aggregation_strategy == "none"
    key = "entity" if by_itself else "entity_group"
    parts = entities(text, words) if grouped else words
    return [
        {key: label, "score": score, "word": word, "start": start, "end": end}
        for word, start, end, label, score in parts
        if label not in ignored
    ]


def _check_language(field: str, asked: str | None, own: str, name: str) -> None:
    """Raises InvalidInput for another language than the model's; en_XX is one of en."""
    if asked is None:
        return
    code = asked.lower().replace("_", "-")
    if not (code == own.lower() or code.startswith(own.lower() + "-")):
        raise InvalidInput(
            f"{field} is {quote(asked)}, but {name} has {quote(own)} there; leave it out, or ask "
            "another model"
        )


def _search(asked: GenerateParameters, settings: Settings) -> SearchOptions:
    """The search that is asked for. Raises InvalidInput where it is beyond the limits."""
    limits = [limit for limit in (asked.max_new_tokens, asked.max_length) if limit is not None]
    beams, wanted = asked.num_beams, asked.num_return_sequences
    for field, value, limit in (
        ("num_beams", beams, settings.max_beam_size),
        ("num_return_sequences", wanted, beams or settings.max_beam_size),
        ("max_new_tokens", min(limits, default=None), settings.max_translation_tokens),
    ):
        if value is not None and value > limit:
            raise InvalidInput(
                f"parameters: generate_parameters: {field} must be {limit} or less here"
            )
    return search_options(
        settings,
        beam_size=beams,
        num_hypotheses=wanted,
        length_penalty=asked.length_penalty,
        max_length=min(limits, default=None),
    )
