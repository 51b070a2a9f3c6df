"""Bodies of inference: the JSON of a request with the binary tensors behind it, and of an answer.

Pure. It knows nothing about models, and of HTTP only the length of the JSON, which stands in the
header Inference-Header-Content-Length where binary data follows.
"""

from collections.abc import Sequence
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, JsonValue, ValidationError
from pydantic_core import ErrorDetails, to_json

from service.api.open_inference.tensors import OutputTensor
from service.api.validation import (
    first_errors,
    given,
    most_telling,
    plain_json,
    reason,
    requirement,
)
from service.errors import InvalidInput, listing, quote

LENGTH_HEADER = "Inference-Header-Content-Length"
_LENGTH_DIGITS = 15  # more are no length of a body
# Some clients write null for what they leave out.
Parameters = Annotated[
    dict[str, JsonValue], BeforeValidator(lambda given: {} if given is None else given)
]
Size = Annotated[int, Field(ge=0, le=2**31 - 1)]


class Message(BaseModel):
    """A part of a request. What the protocol does not know is passed over, as it is elsewhere."""

    model_config = ConfigDict(frozen=True, strict=True)


Parsed = TypeVar("Parsed", bound=BaseModel)


class InputTensor(Message):
    """A tensor of a request; its values are here, or among the binary data behind the JSON."""

    name: Annotated[str, Field(examples=["text_input"])]
    shape: Annotated[list[Size], Field(min_length=1, max_length=8, examples=[[1]])]
    datatype: Annotated[str, Field(examples=["BYTES"])]
    parameters: Annotated[
        Parameters,
        Field(description="binary_data_size: bytes of its values behind the JSON"),
    ] = {}
    data: Annotated[
        JsonValue, Field(description="its values, in a flat or nested list", examples=[["Good."]])
    ] = None


class RequestedOutput(Message):
    """An output that is wanted."""

    name: Annotated[str, Field(examples=["label"])]
    parameters: Annotated[
        Parameters,
        Field(
            description="binary_data: whether its values come behind the JSON; classification: "
            "how many of the highest values to answer with, as value:index:label"
        ),
    ] = {}


class InferenceRequest(Message):
    """Tensors for a model."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": "42",
                    "inputs": [
                        {"name": "text_input", "shape": [1], "datatype": "BYTES", "data": ["Good."]}
                    ],
                },
                {
                    "inputs": [
                        {
                            "name": "tokens",
                            "shape": [2, 3],
                            "datatype": "INT32",
                            "data": [[17, 9, 33], [21, 8, 0]],
                        },
                        {"name": "lengths", "shape": [2], "datatype": "INT32", "data": [3, 2]},
                    ]
                },
            ]
        }
    )

    id: Annotated[str | None, Field(description="comes back in the answer")] = None
    parameters: Annotated[
        Parameters, Field(description="of the model, and of how the request is run")
    ] = {}
    inputs: Annotated[list[InputTensor], Field(min_length=1, max_length=16)]
    outputs: Annotated[
        list[RequestedOutput] | None, Field(description="all by default", max_length=16)
    ] = None


class AnsweredTensor(BaseModel):
    """A tensor of an answer."""

    name: Annotated[str, Field(examples=["label"])]
    shape: Annotated[list[int], Field(examples=[[1, 1]])]
    datatype: Annotated[str, Field(examples=["BYTES"])]
    parameters: Annotated[
        dict[str, JsonValue] | None,
        Field(description="binary_data_size: bytes of its values behind the JSON"),
    ] = None
    data: Annotated[list[JsonValue] | None, Field(examples=[["positive"]])] = None


class InferenceAnswer(BaseModel):
    """The outputs of a model."""

    model_name: Annotated[str, Field(examples=["sentiment"])]
    model_version: Annotated[str, Field(examples=["1"])]
    id: Annotated[str | None, Field(description="of the request, where it had one")] = None
    parameters: Annotated[
        dict[str, str] | None,
        Field(description="warning: of texts in another language than the model reads"),
    ] = None
    outputs: list[AnsweredTensor]


def parse_json(body: bytes, schema: type[Parsed], place: str = "the body") -> Parsed:
    """The message in some JSON. Raises InvalidInput, which names the field or the position."""
    try:
        return schema.model_validate_json(plain_json(body, place))
    except ValidationError as error:
        raise InvalidInput(_describe(first_errors(error)[0], place)) from None


def parse_parameters(parameters: dict[str, JsonValue], schema: type[Parsed]) -> Parsed:
    """The parameters of a request. Raises InvalidInput for unknown ones and wrong values."""
    unknown = next((name for name in parameters if name not in schema.model_fields), None)
    if unknown is not None:
        raise InvalidInput(
            f"unknown parameter {quote(unknown)}; known here are {listing(schema.model_fields)}"
        )
    try:
        return schema.model_validate(parameters)
    except ValidationError as error:
        first, kinds = most_telling(first_errors(error))
        name, *inside = first["loc"]
        # What is no index is the member of a union that did not fit.
        where = _path(["parameters", name, *(part for part in inside if isinstance(part, int))])
        raise InvalidInput(requirement(where, first, kinds)) from None


def read_request(
    body: bytes, json_length: str | None
) -> tuple[InferenceRequest, list[bytes | None]]:
    """The request in a body, and the binary data of each input that has some.

    json_length: the header's value. Raises InvalidInput.
    """
    length = len(body) if json_length is None else _length(json_length, len(body))
    request = parse_json(body[:length], InferenceRequest, "the JSON of the body")
    parts: list[bytes | None] = []
    for tensor in request.inputs:
        size = tensor.parameters.get("binary_data_size")
        if size is None:
            parts.append(None)
            continue
        if type(size) is not int or size < 0:
            raise InvalidInput(f"binary_data_size of {quote(tensor.name)} is no number of bytes")
        if tensor.data is not None:
            raise InvalidInput(
                f"{quote(tensor.name)} has data and binary_data_size; send one of them"
            )
        if size > len(body) - length:
            raise InvalidInput(
                f"binary_data_size of {quote(tensor.name)} is {quote(str(size))}, and "
                f"{len(body) - length:,} bytes are left of the body; send {LENGTH_HEADER} with "
                "the length of the JSON, and the binary data behind it"
            )
        parts.append(body[length : length + size])
        length += size
    if length != len(body):
        raise InvalidInput(
            f"{len(body) - length:,} bytes of the body belong to no input; say in "
            "binary_data_size how long each one's binary data is"
        )
    return request, parts


def write_answer(
    model_name: str,
    model_version: str,
    identifier: str | None,
    outputs: Sequence[tuple[OutputTensor, bool]],
    warning: str | None = None,
) -> tuple[bytes, int | None]:
    """The body of an answer, and the length of its JSON where binary data follows.

    outputs: each with whether it goes behind the JSON.
    """
    described: list[dict[str, object]] = []
    parts: list[bytes] = []
    for tensor, binary in outputs:
        facts: dict[str, object] = {
            "name": tensor.name,
            "shape": list(tensor.shape),
            "datatype": tensor.datatype,
        }
        if binary:
            parts.append(tensor.to_bytes())
            facts["parameters"] = {"binary_data_size": len(parts[-1])}
        else:
            facts["data"] = tensor.to_json()
        described.append(facts)
    answer: dict[str, object] = {"model_name": model_name, "model_version": model_version}
    if identifier is not None:
        answer["id"] = identifier
    if warning is not None:
        answer["parameters"] = {"warning": warning}
    header = to_json(answer | {"outputs": described})
    return b"".join([header, *parts]), len(header) if parts else None


def _length(value: str, body_length: int) -> int:
    """The length of the JSON. Raises InvalidInput where there is not so much of a body."""
    plain = value.isascii() and value.isdigit() and len(value) <= _LENGTH_DIGITS
    if not plain or int(value) > body_length:
        raise InvalidInput(
            f"{LENGTH_HEADER} is {quote(value)}; send the length of the JSON in bytes, of a body "
            f"that has {body_length:,}"
        )
    return int(value)


def _describe(error: ErrorDetails, place: str) -> str:
    if error["type"] == "json_invalid":
        return f"{place} is no JSON: {reason(error)}"
    where = _path(error["loc"])
    if not where:
        return f"{place} is {given(error)}; send an object"
    if error["type"] == "missing":
        return f"{where} is missing"
    return requirement(where, error, {error["type"]})


def _path(location: Sequence[Any]) -> str:
    """Where in a document, such as inputs[0].shape; the names are the protocol's or quoted."""
    path = ""
    for part in location:
        if isinstance(part, int):
            path += f"[{part}]"
        else:
            name = part if part.isidentifier() and len(part) <= 40 else quote(part)
            path += f".{name}" if path else name
    return path
