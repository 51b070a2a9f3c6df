"""What happens around every request: its id, its line in the log, its metrics, the last resort.

Plain ASGI, so that nothing is buffered. It runs in the event loop and knows nothing about routes
but the template of the one that matched.
"""

import asyncio
import logging
import re
import time
import uuid
from http import HTTPStatus

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.api.errors import error_response
from service.logs import request_id
from service.metrics import Metrics

logger = logging.getLogger("service.access")

REQUEST_ID_HEADER = b"x-request-id"
_ACCEPTED_ID = re.compile(r"[A-Za-z0-9._:-]{1,64}")
_METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
_CLIENT_CLOSED_REQUEST = 499  # nginx's number for a client that hung up; nobody receives it


class RequestMiddleware:
    """Gives each request an id and counts it, and answers what nothing else has answered.

    The id comes from the X-Request-ID header where that is plain and short, and is echoed.
    """

    def __init__(self, app: ASGIApp, metrics: Metrics, access_log: bool) -> None:
        self._app = app
        self._metrics = metrics
        self._access_log = access_log

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request. Other protocols pass through."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        identifier = _identifier(scope)
        status: int | None = None
        method = scope["method"]
        if method == "HEAD":
            # RFC 9110, section 9.3.2: answered like GET, and the server leaves the body out.
            scope = {**scope, "method": "GET"}

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [
                    *message.get("headers", ()),
                    (REQUEST_ID_HEADER, identifier.encode("ascii")),
                ]
            await send(message)

        token = request_id.set(identifier)
        started = time.perf_counter()
        try:
            try:
                await self._app(scope, receive, send_with_id)
            except ClientDisconnect:
                status = _CLIENT_CLOSED_REQUEST
            except asyncio.CancelledError:
                if status is not None:
                    raise
                # The server stops, and this request has outlived the grace.
                message = "the service stopped before this was answered; send it again"
                response = error_response(HTTPStatus.SERVICE_UNAVAILABLE, message)
                await response(scope, receive, send_with_id)
            except Exception as error:
                logger.error("unexpected error", exc_info=error)
                if status is not None:
                    raise  # half an answer is out: only cutting the connection is honest
                message = f"internal error; the log says more about request {identifier}"
                response = error_response(HTTPStatus.INTERNAL_SERVER_ERROR, message)
                await response(scope, receive, send_with_id)
        finally:
            seconds = time.perf_counter() - started
            self._record(scope, method, status or _CLIENT_CLOSED_REQUEST, seconds)
            request_id.reset(token)

    def _record(self, scope: Scope, method: str, status: int, seconds: float) -> None:
        # The template and not the path: it has few values, and holds nothing a user wrote.
        route = getattr(scope.get("route"), "path", None)
        if route is None:
            # The documentation's pages and files are plain routes, whose path is their template;
            # one that was not found below them is whatever the client wrote.
            path = scope["path"].removeprefix(scope.get("root_path", ""))
            found = "endpoint" in scope and status < HTTPStatus.BAD_REQUEST
            route = path if found else "unmatched"
        method = method if method in _METHODS else "OTHER"
        self._metrics.requests.labels(route, method, str(status)).inc()
        self._metrics.request_seconds.labels(route).observe(seconds)
        if self._access_log:
            logger.info(
                "%s %s %d %.1f ms",
                method,
                route,
                status,
                seconds * 1000,
                extra={
                    "method": method,
                    "route": route,
                    "status": status,
                    "milliseconds": round(seconds * 1000, 3),
                    "client": (scope.get("client") or ("-",))[0],
                },
            )


def _identifier(scope: Scope) -> str:
    for name, value in scope["headers"]:
        if name == REQUEST_ID_HEADER:
            given = value.decode("latin-1")
            if _ACCEPTED_ID.fullmatch(given):
                return str(given)
    return uuid.uuid4().hex


class RootPathMiddleware:
    """Tells the app under which path a proxy shows it.

    Both kinds of proxy work, those that strip the path from what they hand on and those that
    keep it; uvicorn's own option knows only the first.
    """

    def __init__(self, app: ASGIApp, root_path: str) -> None:
        self._app = app
        self._root_path = root_path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes the request on with root_path set, and at the front of path, as ASGI wants it."""
        if scope["type"] == "http":
            path = scope["path"]
            if path != self._root_path and not path.startswith(self._root_path + "/"):
                path = self._root_path + path
            scope = {**scope, "root_path": self._root_path, "path": path}
        await self._app(scope, receive, send)
