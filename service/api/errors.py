"""The only table from classes of errors to HTTP status codes, and the one shape of error bodies.

Every answer that is no success is exactly {"error": "what is wrong, and what would be right"}.
"""

from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from service.api.schemas import Error
from service.errors import (
    GatehouseError,
    InvalidInput,
    LimitExceeded,
    ModelsNotReady,
    Overloaded,
    UnknownModel,
    quote,
)

STATUS_OF = {
    InvalidInput: HTTPStatus.BAD_REQUEST,
    UnknownModel: HTTPStatus.NOT_FOUND,
    LimitExceeded: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    Overloaded: HTTPStatus.TOO_MANY_REQUESTS,
    ModelsNotReady: HTTPStatus.SERVICE_UNAVAILABLE,
}
RETRY_SECONDS = "1"
_WORTH_A_RETRY = (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE)


def error_response(
    status: int, message: str, headers: dict[str, str] | None = None
) -> JSONResponse:
    """An answer in the one shape of errors."""
    more = {"Retry-After": RETRY_SECONDS} if status in _WORTH_A_RETRY else {}
    return JSONResponse({"error": message}, status, {**more, **(headers or {})})


def error_responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """What /docs says of the errors that a route answers with."""
    return {
        status: {"model": Error, "description": HTTPStatus(status).phrase} for status in statuses
    }


def add_error_handlers(app: FastAPI) -> None:
    """Makes the app answer every error of the tree, and of the framework, in the one shape."""
    app.add_exception_handler(GatehouseError, _answer_domain_error)
    app.add_exception_handler(HTTPException, _answer_http_error)
    app.add_exception_handler(RequestValidationError, _answer_validation_error)


async def _answer_domain_error(request: Request, error: Exception) -> JSONResponse:
    for kind, status in STATUS_OF.items():
        if isinstance(error, kind):
            return error_response(status, str(error))
    raise error  # none that a request can cause: answered like any other defect


async def _answer_validation_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    place = " ".join(str(part) for part in first["loc"])
    return error_response(HTTPStatus.BAD_REQUEST, f"{quote(place)}: {first['msg']}")


async def _answer_http_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    path = quote(request.scope["path"])
    message = str(error.detail)
    headers = dict(error.headers or {})
    if error.status_code == HTTPStatus.NOT_FOUND:
        known = ", ".join(sorted([*request.app.openapi()["paths"], "/docs"]))
        message = f"there is nothing at {path}; try one of {known}"
    elif error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        allowed = set(headers.get("Allow", "").split(", "))
        if "GET" in allowed:
            allowed.add("HEAD")
        headers["Allow"] = ", ".join(sorted(allowed))
        method = quote(request.method)
        message = f"{path} does not answer {method}; it answers {headers['Allow']}"
    return error_response(error.status_code, message, headers)
