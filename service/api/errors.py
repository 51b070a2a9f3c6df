"""The only table from classes of errors to HTTP status codes, and the one shape of error bodies.

Every answer that is no success is exactly {"error": "what is wrong, and what would be right"}.
"""

import difflib
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from service.api.answer import json_answer
from service.api.schemas import Error
from service.errors import (
    ChangesNotAllowed,
    ChangeUnfinished,
    DeadlineExceeded,
    GatehouseError,
    InvalidInput,
    KeyMissing,
    KeyRefused,
    LimitExceeded,
    ModelsNotReady,
    NotAcceptable,
    Overloaded,
    RoutingConflict,
    ShuttingDown,
    UnknownModel,
    UnknownVersion,
    quote,
)

STATUS_OF = {
    InvalidInput: HTTPStatus.BAD_REQUEST,
    KeyMissing: HTTPStatus.UNAUTHORIZED,
    KeyRefused: HTTPStatus.FORBIDDEN,
    ChangesNotAllowed: HTTPStatus.FORBIDDEN,
    UnknownModel: HTTPStatus.NOT_FOUND,
    UnknownVersion: HTTPStatus.NOT_FOUND,
    NotAcceptable: HTTPStatus.NOT_ACCEPTABLE,
    RoutingConflict: HTTPStatus.CONFLICT,
    LimitExceeded: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    Overloaded: HTTPStatus.TOO_MANY_REQUESTS,
    ModelsNotReady: HTTPStatus.SERVICE_UNAVAILABLE,
    ShuttingDown: HTTPStatus.SERVICE_UNAVAILABLE,
    ChangeUnfinished: HTTPStatus.SERVICE_UNAVAILABLE,
    DeadlineExceeded: HTTPStatus.GATEWAY_TIMEOUT,
}
RETRY_SECONDS = "1"
_WORTH_A_RETRY = (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE)


def error_response(status: int, message: str, headers: dict[str, str] | None = None) -> Response:
    """An answer in the one shape of errors."""
    more = {"Retry-After": RETRY_SECONDS} if status in _WORTH_A_RETRY else {}
    return json_answer({"error": message}, status, {**more, **(headers or {})})


def error_responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """What /docs says of the errors that a route answers with."""
    return {
        status: {"model": Error, "description": HTTPStatus(status).phrase} for status in statuses
    }


def add_error_handlers(app: FastAPI) -> None:
    """Makes the app answer every error of the tree, and of the framework, in the one shape."""
    for kind in (GatehouseError, HTTPException, RequestValidationError):
        app.add_exception_handler(kind, answer_error)


async def answer_error(request: Request, error: Exception) -> Response:
    """The answer to an error. Raises it again where no request can be its cause."""
    if isinstance(error, GatehouseError):
        for kind, status in STATUS_OF.items():
            if isinstance(error, kind):
                headers = None
                if isinstance(error, Overloaded):
                    headers = {"Retry-After": str(error.retry_seconds)}
                elif isinstance(error, KeyMissing):
                    headers = {"WWW-Authenticate": 'Bearer realm="gatehouse"'}
                return error_response(status, str(error), headers)
    if isinstance(error, HTTPException):
        return _http_error_response(request, error)
    if isinstance(error, RequestValidationError):
        first = error.errors()[0]
        place = " ".join(str(part) for part in first["loc"])
        return error_response(HTTPStatus.BAD_REQUEST, f"{quote(place)}: {first['msg']}")
    raise error


def _http_error_response(request: Request, error: HTTPException) -> Response:
    path = quote(request.scope["path"])
    message = str(error.detail)
    headers = dict(error.headers or {})
    if error.status_code == HTTPStatus.NOT_FOUND:
        asked = request.scope["path"].removeprefix(request.scope.get("root_path", ""))
        near = difflib.get_close_matches(asked, request.app.openapi()["paths"], n=3)
        guess = f"did you mean {' or '.join(near)}? " if near else ""
        message = f"there is nothing at {path}; {guess}/docs shows what there is"
    elif error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        allowed = set(headers.get("Allow", "").split(", "))
        if "GET" in allowed:
            allowed.add("HEAD")
        headers["Allow"] = ", ".join(sorted(allowed))
        method = quote(request.method)
        message = f"{path} does not answer {method}; it answers {headers['Allow']}"
    return error_response(error.status_code, message, headers)
