"""Reads and checks the body of a request, whatever its Content-Type says.

Clients exist that send JSON and no Content-Type, which FastAPI's own reading refuses. A body is
counted while it arrives, so that one that is too long is never held whole.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar, get_args

from fastapi import Request
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails
from starlette.requests import ClientDisconnect

from service.errors import InvalidInput, LimitExceeded, listing, quote

Body = TypeVar("Body", bound=BaseModel)
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_DROPPED_BYTES = 64 << 20  # of a body that is too long anyway
_JSON_TYPES = {
    "str": "a string",
    "int": "a number",
    "float": "a number",
    "bool": "true or false",
    "NoneType": "null",
    "list": "a list",
    "dict": "an object",
}


async def read_body(request: Request, limit: int) -> bytes:
    """The body's bytes. Raises LimitExceeded beyond `limit` bytes, announced or counted, and
    starlette's ClientDisconnect where the client goes before its body is here.

    What is too long is read on and dropped, up to a limit of its own: a client that is still
    sending when the connection closes behind the answer sees a reset, and never the answer. One
    that asks before it sends (Expect: 100-continue) is answered at once.
    """
    announced, asks_first = 0, False
    for name, value in request.scope["headers"]:
        if name == b"content-length" and value.isdigit():
            announced = int(value[:20])
        elif name == b"expect":
            asks_first = True
    too_long = announced > limit
    body = bytearray()
    dropped = 0
    more = not (too_long and asks_first)
    while more:
        message = await request.receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        chunk: bytes = message.get("body", b"")
        more = message.get("more_body", False)
        too_long = too_long or len(body) + len(chunk) > limit
        if not too_long:
            if not more and not body:
                return chunk  # nearly every body comes in one piece, and is not copied
            body += chunk
            continue
        dropped += len(chunk)
        if dropped > _DROPPED_BYTES:
            break
    if too_long:
        raise LimitExceeded(
            f"the body is longer than {limit:,} bytes; send fewer or shorter texts at a time"
        )
    return bytes(body)


def parse_body(body: bytes, schema: type[Body]) -> Body:
    """The request in a body. Raises InvalidInput, which names the field or the position."""
    body = body.removeprefix(BYTE_ORDER_MARK)  # RFC 8259, section 8.1: may be ignored
    try:
        body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise InvalidInput(
            f"the body is not UTF-8: byte {error.start} is 0x{body[error.start]:02x}; "
            "send JSON in UTF-8"
        ) from None
    try:
        return schema.model_validate_json(body)
    except ValidationError as error:
        # The cause would carry the user's text into the log.
        raise InvalidInput(describe(error.errors(include_url=False), schema)) from None


def request_schema(schema: type[BaseModel]) -> dict[str, Any]:
    """What /docs shows of a body that FastAPI does not read itself (`openapi_extra`)."""
    json_schema = schema.model_json_schema()
    json_schema = _inlined(json_schema, json_schema.pop("$defs", {}))
    examples = json_schema.pop("examples", [])
    return {
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {
                    "schema": json_schema,
                    "examples": {
                        f"example {number}": {"value": example}
                        for number, example in enumerate(examples, 1)
                    },
                }
            },
        }
    }


def one_of_schemas(*schemas: type[BaseModel]) -> dict[str, Any]:
    """What /docs shows of a body that is one of several."""
    shown = [request_schema(schema)["requestBody"]["content"] for schema in schemas]
    contents = [content["application/json"] for content in shown]
    examples = [example for content in contents for example in content["examples"].values()]
    return {
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {
                    "schema": {"oneOf": [content["schema"] for content in contents]},
                    "examples": {
                        f"example {number}": example for number, example in enumerate(examples, 1)
                    },
                }
            },
        }
    }


def _inlined(part: Any, definitions: Mapping[str, Any]) -> Any:
    """A JSON schema with each reference to a definition replaced by it."""
    if isinstance(part, list):
        return [_inlined(inner, definitions) for inner in part]
    if not isinstance(part, dict):
        return part
    reference = part.get("$ref")
    if isinstance(reference, str):
        part = definitions[reference.removeprefix("#/$defs/")] | {
            key: value for key, value in part.items() if key != "$ref"
        }
    return {key: _inlined(value, definitions) for key, value in part.items()}


def describe(errors: Sequence[ErrorDetails], schema: type[BaseModel]) -> str:
    """What is wrong with a request, and what would be right."""
    # A value that fits no member of a union gives an error for each member; one that lies inside
    # a list says most.
    error = next((e for e in errors if _index(e) is not None), errors[0])
    kind, place, message = error["type"], error["loc"], error["msg"]
    inner = _inner_schema(schema, place)
    if inner is not None:
        return f"{place[0]}: {describe([{**error, 'loc': place[1:]}], inner)}"
    if kind == "json_invalid":
        reason = message.removeprefix("Invalid JSON: ")
        if "hex escape" in reason or "surrogate" in reason:
            reason += " (an escape from \\ud800 to \\udfff needs its other half)"
        return f"the body is no JSON: {reason}; send an object such as {_example(schema)}"
    given = _JSON_TYPES.get(type(error["input"]).__name__, "something else")
    if not place:
        return f"the body is {given}; send an object such as {_example(schema)}"
    field, index = str(place[0]), _index(error)
    if kind == "extra_forbidden":
        return f"unknown field {quote(field)}; known fields are {listing(schema.model_fields)}"
    if kind == "missing":
        return f"the field {field} is missing; send an object such as {_example(schema)}"
    if index is not None and kind == "string_type":
        return f"{field}[{index}] must be a string, not {given}"
    if index is not None:
        field = f"{field}[{index}]"
    if kind == "too_long":
        context = error["ctx"]
        return f"{field} has {context['actual_length']} items; send {context['max_length']} at most"
    if {e["type"] for e in errors} == {"string_type", "list_type"}:
        return f"{field} must be a string or a list of strings, not {given}"
    requirement = message.replace("Input should be", "must be", 1)
    return f"{field} {requirement}" + (f", not {given}" if kind.endswith("_type") else "")


def _inner_schema(schema: type[BaseModel], place: tuple[int | str, ...]) -> type[BaseModel] | None:
    """The schema of the object in which an error lies, where that is a field's value."""
    field = schema.model_fields.get(str(place[0])) if len(place) > 1 else None
    kinds = () if field is None else (field.annotation, *get_args(field.annotation))
    return next((k for k in kinds if isinstance(k, type) and issubclass(k, BaseModel)), None)


def _index(error: ErrorDetails) -> int | None:
    return next((part for part in error["loc"][1:] if isinstance(part, int)), None)


def _example(schema: type[BaseModel]) -> str:
    extra = schema.model_config.get("json_schema_extra")
    examples = extra.get("examples") if isinstance(extra, dict) else None
    return json.dumps(examples[0]) if isinstance(examples, list) else "{}"
