"""Routes that are called without the framework in between, which costs more than all else of HTTP.

Each takes the request, reads the body itself and answers with a Response.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Receive, Scope, Send

from service.api.errors import answer_error

Endpoint = Callable[[Request], Awaitable[Response]]


Describe = Callable[[], Mapping[str, Any]]


@dataclass(frozen=True)
class DirectRoute:
    """A route that is called without the framework in between."""

    path: str  # the template, which has no parameters
    endpoint: Endpoint
    method: str = "GET"
    describe: Describe = dict  # what FastAPI's decorators take of a route


class DirectRouter:
    """Routes to call directly. FastAPI learns of them when somebody may ask for the document.

    Its own decorators make schemas of the bodies at once, and a start would wait for them.
    """

    def __init__(self, tag: str) -> None:
        self.routes: list[DirectRoute] = []
        self._tag = tag

    def route(self, method: str, path: str, describe: Describe) -> Callable[[Endpoint], Endpoint]:
        """Declares the decorated function to be a route."""

        def declare(endpoint: Endpoint) -> Endpoint:
            self.routes.append(DirectRoute(path, endpoint, method, describe))
            return endpoint

        return declare

    @property
    def router(self) -> APIRouter:
        """The routes as FastAPI describes them."""
        router = APIRouter(tags=[self._tag])
        for route in self.routes:
            router.add_api_route(
                route.path, route.endpoint, methods=[route.method], **route.describe()
            )
        return router


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
