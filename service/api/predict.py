"""POST /predict: the labels of texts, in the shape that clients of text classification read."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from service.api.answer import json_answer
from service.api.body import parse_body, read_body, request_schema
from service.api.errors import error_responses
from service.api.inference import TIMEOUT_PARAMETER
from service.api.schemas import Prediction, PredictRequest
from service.api.services import services_of
from service.api.texts import check_texts, locating

router = APIRouter(tags=["classification"])


@router.post(
    "/predict",
    summary="Classify texts",
    response_model=list[Prediction] | list[list[Prediction]],
    responses=error_responses(400, 404, 413, 429, 503, 504),
    openapi_extra={**request_schema(PredictRequest), "parameters": [TIMEOUT_PARAMETER]},
)
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
        results = await services.answers.classify(chosen, texts, call)
    answer = [
        [{"label": label, "score": score} for label, score in result[: asked.top_k]]
        for result in results
    ]
    return json_answer(answer[0] if isinstance(asked.inputs, str) else answer)
