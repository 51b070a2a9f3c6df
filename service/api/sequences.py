"""POST /sequences: steps of columns in, a forecast or labels out."""

from typing import Annotated, Any

from fastapi import APIRouter, Request
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field, JsonValue, WithJsonSchema

from service.api.answer import json_answer
from service.api.body import parse_body, read_body, request_schema
from service.api.errors import error_responses
from service.api.inference import TIMEOUT_PARAMETER
from service.api.schemas import AskedVersion, Prediction, RequestBody, TopK
from service.api.services import services_of
from service.api.texts import locating
from service.errors import InvalidInput, LimitExceeded, listing, quote
from service.pipelines.sequence import Cells, Forecasted, SequencePipeline
from service.repository import Lease

router = APIRouter(tags=["sequences"])

_DIGITS = 6  # of a forecast: float32 has hardly more


_STEP: JsonValue = {"type": "object", "description": "a value for each column"}
_COLUMNS: JsonValue = {"type": "object", "additionalProperties": {"type": "array"}}
_INPUTS: dict[str, JsonValue] = {
    "anyOf": [
        {"type": "array", "items": {"anyOf": [_STEP, {"type": "array", "items": _STEP}]}},
        _COLUMNS,
    ]
}


class SequencesRequest(RequestBody):
    """Sequences of steps."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "model": "dinner",
                    "inputs": [
                        {
                            "yesterday": "pizza",
                            "weekday": "Monday",
                            "month": "March",
                            "late_meeting": "no",
                        },
                        {
                            "yesterday": "burger",
                            "weekday": "Tuesday",
                            "month": "March",
                            "late_meeting": "yes",
                        },
                    ],
                },
                {"model": "sales", "inputs": {"sold": [31, 28, 40, 37]}, "horizon": 2},
            ]
        }
    )

    inputs: Annotated[
        JsonValue,
        WithJsonSchema(_INPUTS),
        Field(
            description="a sequence, or a list of sequences. A sequence is a list of steps, each "
            "an object of columns, or an object of columns, each a list of values; null: missing"
        ),
    ]
    model: Annotated[str | None, Field(description="name of a sequence model; see /models")] = None
    version: AskedVersion = None
    horizon: Annotated[
        int | None,
        Field(description="steps to forecast; as many as the model does by default", ge=1),
    ] = None
    top_k: TopK = None


class ForecastAnswer(BaseModel):
    """What follows a sequence: a row for each step ahead, a value for each column."""

    columns: Annotated[list[str], Field(examples=[["sold"]])]
    forecast: Annotated[
        list[list[float]],
        Field(description="in the columns' own units", examples=[[[35.2], [36.0]]]),
    ]
    interval: Annotated[
        float | None,
        Field(
            description="share of the values that should lie from lower to upper", examples=[0.8]
        ),
    ] = None
    lower: Annotated[list[list[float]] | None, Field(examples=[[[29.1], [28.3]]])] = None
    upper: Annotated[list[list[float]] | None, Field(examples=[[[41.7], [43.9]]])] = None


@router.post(
    "/sequences",
    summary="Forecast or classify sequences of columns",
    response_model=list[Prediction]
    | list[list[Prediction]]
    | ForecastAnswer
    | list[ForecastAnswer],
    response_model_exclude_none=True,
    responses=error_responses(400, 404, 413, 429, 503, 504),
    openapi_extra={**request_schema(SequencesRequest), "parameters": [TIMEOUT_PARAMETER]},
)
async def sequences(request: Request) -> Response:
    """What follows the steps of a sequence, or its label; for a list of sequences, a list of these.

    Of a model that forecasts: the next values of its columns, in their own units, with an interval
    that held a stated share of the values when the model was made. Of a model that gives labels:
    every label with its score, best first, as `/predict` answers. `GET /models/NAME` has the
    columns that a model reads. Of a longer sequence than its window the last steps are read.
    """
    services = services_of(request)
    body = await read_body(request, services.settings.max_body_bytes)
    asked = parse_body(body, SequencesRequest)
    given, single = _sequences(asked.inputs, services.settings.max_texts)
    call = services.inference.call(request, len(given))
    with services.repository.other("sequence", asked.model, asked.version) as chosen:
        pipeline = _checked(chosen, asked)
        with locating("inputs", "" if single else [""]):
            results = await services.answers.sequences(chosen, given, call)
    if pipeline.manifest.forecast is None:
        answers = [_labels(result, asked.top_k) for result in results]
        return json_answer(answers[0] if single else answers)
    forecasts = [_forecast(pipeline, result, asked.horizon) for result in results]
    return json_answer(forecasts[0] if single else forecasts)


def _checked(chosen: Lease[SequencePipeline], asked: SequencesRequest) -> SequencePipeline:
    """The pipeline of a lease. Raises InvalidInput for a field that says nothing to its model."""
    pipeline = chosen.pipeline
    forecast = pipeline.manifest.forecast
    name = pipeline.artifact.name
    if forecast is None and asked.horizon is not None:
        raise InvalidInput(f"horizon is for a forecast; {name} gives labels: leave it out")
    if forecast is not None and asked.top_k is not None:
        raise InvalidInput(f"top_k is for labels; {name} forecasts: leave it out")
    if forecast is not None and (asked.horizon or 1) > forecast.horizon:
        raise InvalidInput(
            f"horizon is {asked.horizon}; {name} forecasts {forecast.horizon} steps at most"
        )
    return pipeline


def _sequences(inputs: JsonValue, most: int) -> tuple[list[Cells], bool]:
    """The sequences of a request, each column by column, and whether it is one alone.

    Raises InvalidInput, which names the place, and LimitExceeded for more than `most`.
    """
    if isinstance(inputs, dict):
        return [_columns("inputs", inputs)], True
    if not isinstance(inputs, list):
        raise InvalidInput(
            "inputs must be a list of steps, an object of columns, or a list of these"
        )
    if not inputs:
        raise InvalidInput("inputs is an empty list; send at least one step")
    first = inputs[0]
    alone = isinstance(first, dict) and not any(isinstance(v, list) for v in first.values())
    if alone:
        return [_steps("inputs", inputs)], True
    if len(inputs) > most:
        raise LimitExceeded(
            f"inputs holds {len(inputs):,} sequences; the limit is {most:,} a request"
        )
    found: list[Cells] = []
    for index, sequence in enumerate(inputs):
        place = f"inputs[{index}]"
        if isinstance(sequence, dict):
            found.append(_columns(place, sequence))
        elif isinstance(sequence, list):
            found.append(_steps(place, sequence))
        else:
            raise InvalidInput(
                f"{place} is no sequence; send a list of steps, each an object of columns, or an "
                "object of columns, each a list of values"
            )
    return found, False


def _columns(place: str, sequence: dict[str, JsonValue]) -> Cells:
    columns: dict[str, list[JsonValue]] = {}
    for name, values in sequence.items():
        if not isinstance(values, list):
            raise InvalidInput(
                f"{place}: the column {quote(name)} is no list of values; send one for each step"
            )
        columns[name] = values
    if not columns:
        raise InvalidInput(f"{place} is an empty object; send at least one column")
    return columns


def _steps(place: str, sequence: list[JsonValue]) -> Cells:
    columns: dict[str, list[JsonValue]] = {}
    names: set[str] | None = None
    for index, step in enumerate(sequence):
        if not isinstance(step, dict) or not step:
            raise InvalidInput(f"{place}[{index}] is no step; send an object of columns")
        if names is None:
            names = set(step)
            columns = {name: [] for name in step}
        elif set(step) != names:
            raise InvalidInput(
                f"{place}[{index}] has other columns than the first step: {listing(_short(step))}, "
                f"and not {listing(_short(columns))}; send null where a value is missing"
            )
        for name, value in step.items():
            columns[name].append(value)
    if names is None:
        raise InvalidInput(f"{place} is an empty list; send at least one step")
    return columns


def _short(names: dict[str, Any]) -> list[str]:
    """Names for a message: a client can send any, and as many as it likes."""
    return ["".join(c for c in name[:40] if c.isprintable()) for name in list(names)[:20]]


def _labels(ranked: Any, top_k: int | None) -> list[dict[str, object]]:
    return [{"label": label, "score": score} for label, score in ranked[:top_k]]


def _forecast(
    pipeline: SequencePipeline, result: Forecasted, horizon: int | None
) -> dict[str, object]:
    forecast = pipeline.manifest.forecast
    assert forecast is not None
    answer: dict[str, object] = {"columns": list(forecast.columns)}
    answer["forecast"] = _rounded(result.values[:horizon])
    if forecast.interval is not None and result.lower is not None and result.upper is not None:
        answer["interval"] = forecast.interval.share
        answer["lower"] = _rounded(result.lower[:horizon])
        answer["upper"] = _rounded(result.upper[:horizon])
    return answer


def _rounded(values: Any) -> list[list[float]]:
    return [[float(f"{value:.{_DIGITS}g}") for value in row] for row in values.tolist()]
