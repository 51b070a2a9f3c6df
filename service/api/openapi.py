"""What the OpenAPI document says otherwise than FastAPI would, which sees the routes alone.

Knows nothing about what the routes do.
"""

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import FastAPI, Path

ModelName = Annotated[
    str, Path(description="name of a model, as GET /models lists it", examples=["sentiment"])
]

_METHODS = {"get", "put", "post", "delete", "options", "head", "patch", "trace"}
# FastAPI says of every route with parameters that it answers 422 with a body of its own; ours
# answer 400 with the one shape of errors.
_NEVER_ANSWERED = ("422", "#/components/schemas/HTTPValidationError")
_ITS_SCHEMAS = ("HTTPValidationError", "ValidationError")


def correct_document(app: FastAPI) -> None:
    """Makes the app's document leave out answers that no route gives. To be called once."""
    generate: Callable[[], dict[str, Any]] = app.openapi

    def document() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _corrected(generate())
        return app.openapi_schema

    app.openapi = document  # type: ignore[method-assign]  # FastAPI's own way to change it


def _corrected(document: dict[str, Any]) -> dict[str, Any]:
    status, reference = _NEVER_ANSWERED
    for item in document["paths"].values():
        for operation in (item[method] for method in item.keys() & _METHODS):
            responses = operation["responses"]
            content = responses.get(status, {}).get("content", {})
            if content.get("application/json", {}).get("schema") == {"$ref": reference}:
                del responses[status]
    for name in _ITS_SCHEMAS:
        document["components"]["schemas"].pop(name, None)
    return document
