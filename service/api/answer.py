"""Answers in JSON, made with as little work as they need."""

from collections.abc import Mapping

from fastapi.responses import Response
from pydantic_core import to_json

_CONTENT_TYPE = (b"content-type", b"application/json")


class JsonAnswer(Response):
    """An answer of what pydantic can write as JSON: models, lists, objects, numbers, texts.

    FastAPI's own costs ten times as much: the standard library's encoder, made anew for every
    answer, and headers that are looked through for what they may hold already.
    """

    media_type = "application/json"

    def __init__(
        self, content: object, status: int = 200, headers: Mapping[str, str] | None = None
    ) -> None:
        """headers: without Content-Type and Content-Length."""
        self.status_code = status
        self.background = None
        self.body = to_json(content)
        self.raw_headers = [(b"content-length", b"%d" % len(self.body)), _CONTENT_TYPE]
        if headers:
            self.raw_headers += [
                (name.lower().encode("latin-1"), value.encode("latin-1"))
                for name, value in headers.items()
            ]


def json_answer(
    content: object, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """An answer in JSON; `headers` without Content-Type and Content-Length."""
    return JsonAnswer(content, status, headers)
