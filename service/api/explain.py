"""POST /explain: why a text has its label, a word its tag, or what a translation attended to."""

from collections.abc import Collection, Sequence

from fastapi import APIRouter, Request
from fastapi.responses import Response
from pydantic_core import from_json

from service.api.accept import preferred
from service.api.body import one_of_schemas, parse_body, read_body
from service.api.errors import error_responses
from service.api.explanation_schemas import (
    ExplainLabelRequest,
    ExplainTagRequest,
    ExplainTranslationRequest,
    LabelExplanation,
    TagExplanation,
    TranslationExplanation,
)
from service.api.inference import TIMEOUT_PARAMETER
from service.api.languages import WARNING_HEADERS, warning_header
from service.api.search_options import search_options
from service.api.services import Services, services_of
from service.api.sources import AUTO
from service.api.texts import check_texts, locating
from service.api.validation import BYTE_ORDER_MARK
from service.artifact import TaggingManifest
from service.errors import InvalidInput, NotAcceptable, quote
from service.explanation.classification import Question
from service.explanation.forms import FORMS, JSON, PNG, SVG

router = APIRouter(tags=["explanations"])

_EXAMPLES = {
    "a label": {
        "value": {
            "label": "negative",
            "against": "positive",
            "score": 0.93,
            "tokens": [
                {"text": "Not", "start": 0, "end": 3, "contribution": 1.06},
                {"text": "bad", "start": 4, "end": 7, "contribution": 1.49},
            ],
            "bias": -0.04,
            "logit": 2.51,
        }
    },
    "a tag": {
        "value": {
            "token": 0,
            "text": "Teddy",
            "start": 0,
            "end": 5,
            "tag": "B-person",
            "against": "O",
            "score": 0.83,
            "forward": 0.42,
            "backward": 1.31,
            "bias": -0.12,
            "logit": 1.61,
        }
    },
    "a translation": {
        "value": {
            "translatedText": "Guten Tag",
            "blocks": [
                {
                    "source": [
                        {"text": "Hello", "start": 0, "end": 5},
                        {"text": "", "start": 5, "end": 5},
                    ],
                    "target": [
                        {"text": "Guten", "start": 0, "end": 5},
                        {"text": "Tag", "start": 6, "end": 9},
                    ],
                    "attention": [[0.9, 0.1], [0.7, 0.3]],
                }
            ],
        }
    },
}
_PICTURE = '<svg xmlns="http://www.w3.org/2000/svg" width="720" height="264" …>…</svg>'
# A picture is written as it is, and no JSON text.
_CONTENT = {
    JSON: {"examples": _EXAMPLES},
    SVG: {"schema": {"type": "string"}, "example": _PICTURE},
    PNG: {
        "schema": {"type": "string", "contentMediaType": PNG},
        "example": "(the bytes of a PNG file)",
    },
}


@router.post(
    "/explain",
    summary="Explain an answer",
    response_model=LabelExplanation | TranslationExplanation | TagExplanation,
    response_model_exclude_none=True,
    responses={
        200: {
            "content": _CONTENT,
            "headers": WARNING_HEADERS,
        },
        **error_responses(400, 404, 406, 413, 429, 503, 504),
    },
    openapi_extra={
        **one_of_schemas(ExplainLabelRequest, ExplainTranslationRequest, ExplainTagRequest),
        "parameters": [TIMEOUT_PARAMETER],
    },
)
async def explain(request: Request) -> Response:
    """Why a text has its label, a word its tag, or what a translation attended to.

    Of a label (`inputs`): what each word adds to its logit. Nothing is approximated: the
    contributions and the bias add up to the logit of the very graph that answers `/predict`. With
    `gates`, also the input, forget and output gates of every LSTM layer at every token.

    Of a word's tag (`inputs` and `token`): what the reading forwards and the reading backwards add
    to its logit, which is split exactly, too.

    Of a translation (`q`): its tokens, those of the text, and the attention of the decoder that
    answers `/translate` between them.

    With `Accept: image/svg+xml` or `image/png`, a picture of it: of the words, of the attention,
    or, with `gates`, of the gates.
    """
    services = services_of(request)
    body = await read_body(request, services.settings.max_body_bytes)
    fields = _fields(body)
    of_tag = "token" in fields or "tag" in fields
    form = _form(request, (JSON,) if of_tag else FORMS)
    if of_tag:
        explanation, headers = await _tag(request, services, parse_body(body, ExplainTagRequest))
    elif "q" in fields:
        explanation, headers = await _translation(
            request, services, parse_body(body, ExplainTranslationRequest), form
        )
    else:
        explanation, headers = await _label(
            request, services, parse_body(body, ExplainLabelRequest), form
        )
    return Response(explanation, headers={**headers, "Vary": "Accept"}, media_type=form)


def _form(request: Request, offered: Sequence[str]) -> str:
    """The form that the client wants most of those that there are. Raises NotAcceptable."""
    accept = ", ".join(request.headers.getlist("accept"))
    form = preferred(accept, offered)
    if form is None and offered == (JSON,):
        raise NotAcceptable(
            f"Accept is {quote(accept)}; there are no pictures of tags: ask for {JSON}"
        )
    if form is None:
        raise NotAcceptable(
            f"Accept is {quote(accept)}; an explanation can be had as {', '.join(FORMS)}"
        )
    if form == PNG:
        from service.explanation.pictures.png import NEEDED, can_paint

        if not can_paint():
            form = preferred(accept, [other for other in FORMS if other != PNG])
        if form is None:
            raise NotAcceptable(NEEDED)
    return form


def _fields(body: bytes) -> Collection[str]:
    """The fields of a body, which tell what is to be explained; none of one that is wrong."""
    try:
        document = from_json(body.removeprefix(BYTE_ORDER_MARK))
    except ValueError:
        return ()
    return document if isinstance(document, dict) else ()


async def _label(
    request: Request, services: Services, asked: ExplainLabelRequest, form: str
) -> tuple[bytes, dict[str, str]]:
    """The explanation, and its headers."""
    check_texts("inputs", asked.inputs, services.settings)
    _require_no_tagger(services, asked.model)
    units = tuple(dict.fromkeys(asked.units or ()))
    question = Question(asked.label, asked.against, bool(asked.gates), units)
    call = services.inference.call(request, 1)
    with (
        services.repository.classifier(asked.model, asked.version) as chosen,
        locating("inputs", asked.inputs),
    ):
        answer = services.explanations.of_label(chosen.pipeline, asked.inputs, question, form, call)
        language = chosen.pipeline.manifest.language
        explanation, warnings = await services.languages.alongside(
            answer, [asked.inputs], language, call
        )
    return explanation, warning_header("inputs", warnings, single=True)


def _require_no_tagger(services: Services, name: str | None) -> None:
    """Raises InvalidInput where the model named gives tags, and which word is not said."""
    status = services.repository.models().get(name) if name is not None else None
    if status is not None and isinstance(status.manifest, TaggingManifest):
        raise InvalidInput(
            f"{name} is a tagging model: say with token which word's tag is to be explained, from 0"
        )


async def _tag(
    request: Request, services: Services, asked: ExplainTagRequest
) -> tuple[bytes, dict[str, str]]:
    """The explanation, and its headers."""
    from service.explanation.tagging import TagQuestion

    check_texts("inputs", asked.inputs, services.settings)
    question = TagQuestion(asked.token, asked.tag, asked.against)
    call = services.inference.call(request, 1)
    with (
        services.repository.other("tagging", asked.model, asked.version) as chosen,
        locating("inputs", asked.inputs),
    ):
        answer = services.explanations.of_tag(chosen.pipeline, asked.inputs, question, call)
        language = chosen.pipeline.manifest.language
        explanation, warnings = await services.languages.alongside(
            answer, [asked.inputs], language, call
        )
    return explanation, warning_header("inputs", warnings, single=True)


async def _translation(
    request: Request, services: Services, asked: ExplainTranslationRequest, form: str
) -> tuple[bytes, dict[str, str]]:
    """The explanation, and its headers."""
    check_texts("q", asked.q, services.settings)
    if asked.source.lower() == AUTO:
        raise InvalidInput(
            f"source is {quote(asked.source)}, which is not found out here; send the language of "
            "the text, such as en (POST /detect tells it)"
        )
    options = search_options(
        services.settings,
        beam_size=asked.beam_size,
        length_penalty=asked.length_penalty,
        max_length=asked.max_length,
        glossary=asked.glossary,
    )
    call = services.inference.call(request, 1)
    with (
        services.repository.translator(
            asked.source, asked.target, asked.model, asked.version
        ) as chosen,
        locating("q", asked.q),
    ):
        answer = services.explanations.of_translation(chosen.pipeline, asked.q, options, form, call)
        language = chosen.pipeline.languages.source
        explanation, warnings = await services.languages.alongside(
            answer, [asked.q], language, call
        )
    return explanation, warning_header("q", warnings, single=True)
