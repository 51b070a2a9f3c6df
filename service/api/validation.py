"""What is wrong with a request, in words: made of what pydantic found in its JSON.

Pure. It knows schemas and nothing about routes.
"""

import json
from collections.abc import Sequence
from typing import get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from service.errors import InvalidInput, listing, quote

BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_DESCRIBED = 8  # errors that are looked at, of which one is told
_READ = 1 << 12  # characters: no further error is looked at behind these
_JSON_TYPES = {
    "str": "a string",
    "int": "a number",
    "float": "a number",
    "bool": "true or false",
    "NoneType": "null",
    "list": "a list",
    "dict": "an object",
}


def plain_json(body: bytes, what: str = "the body") -> bytes:
    """A body without a byte order mark. Raises InvalidInput where it is not UTF-8."""
    body = body.removeprefix(BYTE_ORDER_MARK)  # RFC 8259, section 8.1: may be ignored
    try:
        body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise InvalidInput(
            f"{what} is not UTF-8: byte {error.start} is 0x{body[error.start]:02x}; "
            "send JSON in UTF-8"
        ) from None
    return body


def first_errors(error: ValidationError) -> list[ErrorDetails]:
    """The first errors of a schema.

    pydantic makes an object of every one, of which a body of 80,000 unknown fields has as many,
    and the event loop would stand still for a quarter of a second. Of many it writes JSON, which
    takes a tenth of that, and of which only the beginning is read.
    """
    if error.error_count() <= _DESCRIBED:
        return error.errors(include_url=False)
    found = _first_written(error.json(include_url=False, include_input=False))
    if any(details["type"].endswith("_type") for details in found):
        # What the value is will be said; of a field that is missing it would be the whole body.
        return _first_written(error.json(include_url=False))
    return found


def _first_written(errors: str) -> list[ErrorDetails]:
    """The first of a list of errors in JSON, of which no more is read."""
    decoder = json.JSONDecoder()
    found: list[ErrorDetails] = []
    place = 1  # behind the bracket, and later behind a comma
    while len(found) < _DESCRIBED and place < _READ:
        details, place = decoder.raw_decode(errors, place)
        details["loc"] = tuple(details["loc"])
        details.setdefault("input")
        found.append(details)
        place += 1
    return found


def describe(errors: Sequence[ErrorDetails], schema: type[BaseModel]) -> str:
    """What is wrong with a request, and what would be right."""
    error, kinds = most_telling(errors)
    kind, place = error["type"], error["loc"]
    inner = _inner_schema(schema, place)
    if inner is not None:
        inside = [
            {**other, "loc": other["loc"][1:]} for other in errors if other["loc"][:1] == place[:1]
        ]
        return f"{place[0]}: {describe(inside, inner)}"  # type: ignore[arg-type]
    if kind == "json_invalid":
        return f"the body is no JSON: {reason(error)}; send an object such as {_example(schema)}"
    if not place:
        return f"the body is {given(error)}; send an object such as {_example(schema)}"
    field = str(place[0])
    if kind == "extra_forbidden":
        return f"unknown field {quote(field)}; known fields are {listing(schema.model_fields)}"
    if kind == "missing":
        return f"the field {field} is missing; send an object such as {_example(schema)}"
    return requirement(field + _behind(schema, place), error, kinds)


def most_telling(errors: Sequence[ErrorDetails]) -> tuple[ErrorDetails, set[str]]:
    """The error to tell, and the kinds of all of the same field.

    A value that fits no member of a union gives an error for each member: the member that got
    furthest into a list is what was meant.
    """
    same = [error for error in errors if error["loc"][:1] == errors[0]["loc"][:1]]
    return max(same, key=_depth), {error["type"] for error in same}


def requirement(place: str, error: ErrorDetails, kinds: set[str]) -> str:
    """What the value at a place must be; kinds: of all errors of the field."""
    kind, message, found = error["type"], error["msg"], given(error)
    if kind in ("too_long", "too_short"):
        context = error["ctx"]
        limit = f"{context['max_length']:,} at most" if kind == "too_long" else "at least one"
        return f"{place} has {context['actual_length'] or 0:,} items; send {limit}"
    if kinds == {"string_type", "list_type"} and not place.endswith("]"):
        return f"{place} must be a string or a list of strings, not {found}"
    if kind == "list_type":
        return f"{place} must be a list, not {found}"
    if kind in ("dict_type", "model_type"):
        return f"{place} must be an object, not {found}"
    if kind == "string_type" and place.endswith("]"):
        return f"{place} must be a string, not {found}"
    wanted = message.replace("Input should be", "must be", 1)
    if wanted == message:
        return f"{place}: {message[:1].lower()}{message[1:]}"
    return f"{place} {wanted}" + (f", not {found}" if kind.endswith("_type") else "")


def reason(error: ErrorDetails) -> str:
    """Why a body is no JSON, and where."""
    found = error["msg"].removeprefix("Invalid JSON: ")
    if "hex escape" in found or "surrogate" in found:
        found += " (an escape from \\ud800 to \\udfff needs its other half)"
    return found


def given(error: ErrorDetails) -> str:
    """What a value is, in JSON's words."""
    return _JSON_TYPES.get(type(error["input"]).__name__, "something else")


def _depth(error: ErrorDetails) -> tuple[int, list[int]]:
    indices = [part for part in error["loc"][1:] if isinstance(part, int)]
    return len(indices), indices


def _behind(schema: type[BaseModel], place: tuple[int | str, ...]) -> str:
    """Where in a field's value: indices of lists, and the names in an object."""
    field = schema.model_fields.get(str(place[0]))
    kinds = () if field is None else (field.annotation, *get_args(field.annotation))
    names = any(get_origin(kind) is dict for kind in kinds)  # else they are members of a union
    return "".join(
        f"[{part}]" if isinstance(part, int) else f"[{quote(part)}]"
        for part in place[1:]
        if names or isinstance(part, int)
    )


def _inner_schema(schema: type[BaseModel], place: tuple[int | str, ...]) -> type[BaseModel] | None:
    """The schema of the object in which an error lies, where that is a field's value."""
    field = schema.model_fields.get(str(place[0])) if len(place) > 1 else None
    if field is None:
        return None
    kinds = (field.annotation, *get_args(field.annotation))
    return next((k for k in kinds if isinstance(k, type) and issubclass(k, BaseModel)), None)


def _example(schema: type[BaseModel]) -> str:
    extra = schema.model_config.get("json_schema_extra")
    examples = extra.get("examples") if isinstance(extra, dict) else None
    return json.dumps(examples[0]) if isinstance(examples, list) else "{}"
