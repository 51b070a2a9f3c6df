"""POST /explain: why a text has its label, or what a translation attended to."""

from fastapi import APIRouter, Request
from fastapi.responses import Response
from pydantic_core import from_json

from service.api.body import one_of_schemas, parse_body, read_body
from service.api.errors import error_responses
from service.api.explanation_schemas import (
    ExplainLabelRequest,
    ExplainTranslationRequest,
    LabelExplanation,
    TranslationExplanation,
)
from service.api.inference import TIMEOUT_PARAMETER
from service.api.languages import WARNING_HEADERS, warning_header
from service.api.search_options import search_options
from service.api.services import Services, services_of
from service.api.texts import check_texts, locating
from service.explanation.classification import Question

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


@router.post(
    "/explain",
    summary="Explain an answer",
    response_model=LabelExplanation | TranslationExplanation,
    response_model_exclude_none=True,
    responses={
        200: {
            "content": {"application/json": {"examples": _EXAMPLES}},
            "headers": WARNING_HEADERS,
        },
        **error_responses(400, 404, 413, 429, 503, 504),
    },
    openapi_extra={
        **one_of_schemas(ExplainLabelRequest, ExplainTranslationRequest),
        "parameters": [TIMEOUT_PARAMETER],
    },
)
async def explain(request: Request) -> Response:
    """Why a text has its label (`inputs`), or what its translation attended to (`q`).

    Of a label: what each word adds to its logit. Nothing is approximated: the contributions and
    the bias add up to the logit of the very graph that answers `/predict`. With `gates`, also the
    input, forget and output gates of every LSTM layer at every token.

    Of a translation: its tokens, those of the text, and the attention of the decoder that answers
    `/translate` between them.
    """
    services = services_of(request)
    body = await read_body(request, services.settings.max_body_bytes)
    if _asks_for_translation(body):
        explanation, headers = await _translation(
            request, services, parse_body(body, ExplainTranslationRequest)
        )
    else:
        explanation, headers = await _label(
            request, services, parse_body(body, ExplainLabelRequest)
        )
    return Response(explanation, headers=headers, media_type="application/json")


def _asks_for_translation(body: bytes) -> bool:
    """Whether a body has the field of a text to translate. Says nothing of one that is wrong."""
    try:
        document = from_json(body)
    except ValueError:
        return False
    return isinstance(document, dict) and "q" in document


async def _label(
    request: Request, services: Services, asked: ExplainLabelRequest
) -> tuple[bytes, dict[str, str]]:
    """The explanation, and its headers."""
    check_texts("inputs", asked.inputs, services.settings)
    question = Question(asked.label, asked.against, asked.gates, tuple(dict.fromkeys(asked.units)))
    call = services.inference.call(request, 1)
    with (
        services.repository.classifier(asked.model, asked.version) as chosen,
        locating("inputs", asked.inputs),
    ):
        answer = services.explanations.of_label(chosen.pipeline, asked.inputs, question, call)
        language = chosen.pipeline.manifest.language
        explanation, warnings = await services.languages.alongside(
            answer, [asked.inputs], language, call
        )
    return explanation, warning_header("inputs", warnings, single=True)


async def _translation(
    request: Request, services: Services, asked: ExplainTranslationRequest
) -> tuple[bytes, dict[str, str]]:
    """The explanation, and its headers."""
    check_texts("q", asked.q, services.settings)
    options = search_options(
        services.settings,
        beam_size=asked.beam_size,
        length_penalty=asked.length_penalty,
        max_length=asked.max_length,
    )
    call = services.inference.call(request, 1)
    with (
        services.repository.translator(
            asked.source, asked.target, asked.model, asked.version
        ) as chosen,
        locating("q", asked.q),
    ):
        answer = services.explanations.of_translation(chosen.pipeline, asked.q, options, call)
        language = chosen.pipeline.languages.source
        explanation, warnings = await services.languages.alongside(
            answer, [asked.q], language, call
        )
    return explanation, warning_header("q", warnings, single=True)
