"""Routes that are called without the framework in between, which costs more than all else of HTTP.

Each takes the request, reads the body itself and answers with a Response.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from fastapi import Request
from fastapi.responses import Response
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Receive, Scope, Send

from service.api.errors import answer_error

Endpoint = Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True)
class DirectRoute:
    """A route that is called without the framework in between."""

    path: str  # the template, which has no parameters
    endpoint: Endpoint


class DirectRoutes:
    """Calls those routes, and the app for all others; for use below other layers of ASGI."""

    def __init__(self, app: ASGIApp, routes: Mapping[tuple[str, str], DirectRoute]) -> None:
        """routes: by method and path."""
        self._app = app
        self._routes = routes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request. Other protocols pass through."""
        http = scope["type"] == "http"
        route = self._routes.get((scope["method"], scope["path"])) if http else None
        if route is None:
            await self._app(scope, receive, send)
            return
        scope["route"] = route
        response = await call(route.endpoint, Request(scope, receive))
        await response(scope, receive, send)


async def call(endpoint: Endpoint, request: Request) -> Response:
    """The answer of an endpoint, or the one to the error that it raises."""
    try:
        return await endpoint(request)
    except ClientDisconnect:
        raise
    except Exception as error:
        return await answer_error(request, error)
