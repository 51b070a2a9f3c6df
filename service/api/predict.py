"""POST /predict: the labels of texts, in the shape that clients of text classification read."""

from typing import Any

from fastapi import Request
from fastapi.responses import Response

from service.api.answer import json_answer
from service.api.body import parse_body, read_body, request_schema
from service.api.direct import DirectRouter
from service.api.errors import error_responses
from service.api.inference import TIMEOUT_PARAMETER
from service.api.languages import WARNING_HEADERS, warning_header
from service.api.schemas import Prediction, PredictRequest
from service.api.services import services_of
from service.api.texts import check_texts, locating

routes = DirectRouter("classification")


def _description() -> dict[str, Any]:
    return {
        "summary": "Classify texts",
        "response_model": list[Prediction] | list[list[Prediction]],
        "responses": {
            200: {"headers": WARNING_HEADERS},
            **error_responses(400, 404, 413, 429, 503, 504),
        },
        "openapi_extra": {**request_schema(PredictRequest), "parameters": [TIMEOUT_PARAMETER]},
    }


@routes.route("POST", "/predict", _description)
async def predict(request: Request) -> Response:
    """The labels of a text with their scores, best first; for a list of texts, a list of these.

    A text is read whole, however long it is.
    """
    services = services_of(request)
    body = await read_body(request, services.settings.max_body_bytes)
    asked = parse_body(body, PredictRequest)
    texts = check_texts("inputs", asked.inputs, services.settings)
    call = services.inference.call(request, len(texts))
    with (
        services.repository.classifier(asked.model, asked.version) as chosen,
        locating("inputs", asked.inputs),
    ):
        answer = services.answers.classify(chosen, texts, call)
        language = chosen.pipeline.manifest.language
        results, warnings = await services.languages.alongside(answer, texts, language, call)
    labels = [
        [{"label": label, "score": score} for label, score in result[: asked.top_k]]
        for result in results
    ]
    single = isinstance(asked.inputs, str)
    headers = warning_header("inputs", warnings, single)
    return json_answer(labels[0] if single else labels, headers=headers)
