"""Reads requests that come as a form, as LibreTranslate's clients and web pages send them.

A body that begins like JSON is JSON, whatever its Content-Type: curl calls everything a form.
"""

from collections.abc import AsyncGenerator, Iterable
from typing import Any, TypeVar
from urllib.parse import parse_qsl

from fastapi import Request
from pydantic import BaseModel, ValidationError
from starlette.formparsers import MultiPartException, MultiPartParser

from service.api.body import parse_body, request_schema
from service.api.validation import describe, first_errors
from service.errors import InvalidInput, listing, quote

Body = TypeVar("Body", bound=BaseModel)

_URL_ENCODED, _MULTIPART = "application/x-www-form-urlencoded", "multipart/form-data"
MEDIA_TYPES = (_URL_ENCODED, _MULTIPART)
_MAX_FIELDS = 32
_JSON_BEGINS = (b"{", b"[", b'"')


async def parse_body_or_form(request: Request, body: bytes, schema: type[Body]) -> Body:
    """The request in a body of JSON or of form data, or, without a body, in the query.

    Raises InvalidInput, which names the field or the position.
    """
    if body[:1] == b"{":  # as nearly all are
        return parse_body(body, schema)
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    query = request.scope["query_string"]
    is_form = media_type in MEDIA_TYPES or (query and not body)
    if not is_form or body.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(_JSON_BEGINS):
        return parse_body(body, schema)
    pairs = _url_encoded(query)
    if media_type == _MULTIPART:
        pairs += await _multipart(request, body)
    else:
        pairs += _url_encoded(body)
    try:
        return schema.model_validate_strings(_fields(pairs))
    except ValidationError as error:
        # The cause would carry the user's text into the log.
        raise InvalidInput(describe(first_errors(error), schema)) from None


def form_schema(schema: type[BaseModel]) -> dict[str, Any]:
    """What /docs shows of a body that is JSON or a form (`openapi_extra`)."""
    shown = request_schema(schema)
    content = shown["requestBody"]["content"]
    as_json = content["application/json"]["schema"]
    properties = {
        name: {"type": "string", **_without_null(part)}
        for name, part in as_json["properties"].items()
    }
    for media_type in MEDIA_TYPES:
        content[media_type] = {"schema": {**as_json, "properties": properties}}
    return shown


def _without_null(part: dict[str, Any]) -> dict[str, Any]:
    """The schema of a field of a form, which holds no null and no list."""
    kinds = [kind for kind in part.get("anyOf", []) if kind["type"] not in ("null", "array")]
    plain = {key: value for key, value in part.items() if key not in ("anyOf", "default")}
    return {**plain, **(kinds[0] if kinds else {})}


def _fields(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Each field's value. One that was left empty was not filled in, unless it is the text."""
    fields: dict[str, str] = {}
    for name, value in pairs:
        if name in fields:
            raise InvalidInput(
                f"the form has the field {quote(name)} twice; send it once, and lists as JSON"
            )
        # A form ends lines with CR LF, whatever its author typed (HTML, section 4.10.21.8).
        fields[name] = value.replace("\r\n", "\n")
    return {name: value for name, value in fields.items() if value or name == "q"}


def _url_encoded(data: bytes) -> list[tuple[str, str]]:
    try:
        text = data.decode("ascii")  # what is not stands as %XX, but for careless clients
    except UnicodeDecodeError:
        text = _utf8(data)
    try:
        return parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=_MAX_FIELDS)
    except UnicodeDecodeError:
        raise InvalidInput("the form is not UTF-8; encode its characters in UTF-8") from None
    except ValueError:
        raise InvalidInput(f"the form has more than {_MAX_FIELDS} fields; send fewer") from None


async def _multipart(request: Request, body: bytes) -> list[tuple[str, str]]:
    _utf8(body)

    async def chunks() -> AsyncGenerator[bytes, None]:
        yield body

    parser = MultiPartParser(
        request.headers, chunks(), max_files=0, max_fields=_MAX_FIELDS, max_part_size=len(body)
    )
    try:
        form = await parser.parse()
    except UnicodeError:  # of what "charset" names, which may be a codec that always fails
        raise InvalidInput("the form has a charset of its own; send UTF-8, and name none") from None
    except MultiPartException as error:
        raise InvalidInput(
            f"the form cannot be read: {error.message} Send {listing(MEDIA_TYPES)} or JSON"
        ) from None
    return [(name, value) for name, value in form.multi_items() if isinstance(value, str)]


def _utf8(data: bytes) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise InvalidInput(
            f"the form is not UTF-8: byte {error.start} is 0x{data[error.start]:02x}; encode its "
            "characters in UTF-8"
        ) from None
