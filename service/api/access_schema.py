"""What the OpenAPI document says of keys and limits, where the settings have any."""

from http import HTTPStatus
from typing import Any

from fastapi import FastAPI

from service.api.access import METRICS, OPEN_PATHS
from service.settings import Settings

_SCHEMES = {
    "bearer": {
        "type": "http",
        "scheme": "bearer",
        "description": "a key, as `python -m service keys new` prints it",
    },
    "header": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
}
_ERROR = {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}


def describe_access(app: FastAPI, settings: Settings) -> None:
    """Has the app's document say which routes want a key, and how they refuse."""
    describe = app.openapi

    def openapi() -> dict[str, Any]:
        made = app.openapi_schema is not None
        document = describe()
        if not made:
            _add(document, settings)
        return document

    app.openapi = openapi  # type: ignore[method-assign]  # as FastAPI's documentation has it


def _add(document: dict[str, Any], settings: Settings) -> None:
    statuses = [HTTPStatus.TOO_MANY_REQUESTS]
    if settings.keys_file is not None:
        document["components"]["securitySchemes"] = _SCHEMES
        statuses += [HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN]
    for path, operations in document["paths"].items():
        if path in OPEN_PATHS or (path == METRICS and settings.open_metrics):
            continue
        for operation in operations.values():
            if settings.keys_file is not None:
                operation["security"] = [{name: []} for name in _SCHEMES]
            for status in statuses:
                answer = {"description": status.phrase, "content": _ERROR}
                operation["responses"].setdefault(str(status.value), answer)
