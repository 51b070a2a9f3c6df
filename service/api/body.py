"""Reads and checks the body of a request, whatever its Content-Type says.

Clients exist that send JSON and no Content-Type, which FastAPI's own reading refuses. A body is
counted while it arrives, so that one that is too long is never held whole.
"""

from collections.abc import Mapping
from typing import Any, TypeVar

from fastapi import Request
from pydantic import BaseModel, ValidationError
from starlette.requests import ClientDisconnect

from service.api.validation import describe, first_errors, plain_json
from service.errors import InvalidInput, LimitExceeded

Body = TypeVar("Body", bound=BaseModel)
_DROPPED_BYTES = 64 << 20  # of a body that is too long anyway


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
            f"the body is longer than {limit:,} bytes; send fewer or shorter inputs at a time"
        )
    return bytes(body)


def parse_body(body: bytes, schema: type[Body]) -> Body:
    """The request in a body. Raises InvalidInput, which names the field or the position."""
    try:
        return schema.model_validate_json(plain_json(body))
    except ValidationError as error:
        # The cause would carry the user's text into the log.
        raise InvalidInput(describe(first_errors(error), schema)) from None


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
