"""Adds the routes of a model to a router, each as the protocol has it: with a version and without.

It knows nothing about what they answer.
"""

import inspect
from collections.abc import Awaitable, Callable
from enum import Enum
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request

from service.api.openapi import ModelName
from service.errors import InvalidInput, quote

# Of each router, and not of where they are put together: a route is logged by its own path.
PREFIX = "/v2"
TAGS: list[str | Enum] = ["open inference protocol"]
Version = Annotated[str, Path(description="number of a version", examples=["1"])]
Handler = Callable[[Request, str, int | None], Awaitable[Any]]
_VERSION_DIGITS = 9


def add_model_route(
    router: APIRouter, method: str, suffix: str, handler: Handler, **documented: Any
) -> None:
    """Adds /models/NAME/SUFFIX and /models/NAME/versions/VERSION/SUFFIX.

    The handler gets the version as a number, or None. documented: what /docs shows of both.
    """

    async def active(request: Request, name: ModelName) -> Any:
        return await handler(request, name, None)

    async def numbered(request: Request, name: ModelName, version: Version) -> Any:
        return await handler(request, name, _number(version))

    # What the document's ids of operations are made of.
    active.__name__, numbered.__name__ = handler.__name__, f"{handler.__name__}_of_version"
    documented["description"] = inspect.cleandoc(handler.__doc__ or "")
    for endpoint, version, which in (
        (active, "", ""),
        (numbered, "/versions/{version}", " (of one version)"),
    ):
        router.add_api_route(
            f"/models/{{name}}{version}{suffix}",
            endpoint,
            methods=[method],
            **documented | {"summary": documented["summary"] + which},
        )


def _number(version: str) -> int:
    """The number of a version. Raises InvalidInput."""
    if not (version.isascii() and version.isdigit() and len(version) <= _VERSION_DIGITS):
        raise InvalidInput(f"the version is {quote(version)}; send its number, such as 1")
    return int(version)
