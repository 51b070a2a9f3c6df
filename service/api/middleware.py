"""What happens around every request: its id, its line in the log, its metrics, the last resort.

Plain ASGI, so that nothing is buffered. It runs in the event loop and knows nothing about routes
but the template of the one that matched, and those few that it calls itself.
"""

import asyncio
import itertools
import logging
import os
import re
import time
from collections.abc import Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING

from fastapi import Request
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.api.access import key_id_of
from service.api.direct import DirectRoute, call
from service.api.errors import error_response
from service.api.security_headers import DATA, SecurityHeaders
from service.logs import request_id
from service.metrics import Metrics

if TYPE_CHECKING:  # what it imports is an extra
    from service.api.tracing import Tracing

logger = logging.getLogger("service.access")

REQUEST_ID_HEADER = b"x-request-id"
_ACCEPTED_ID = re.compile(rb"[A-Za-z0-9._:-]{1,64}")
_METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
_CLIENT_CLOSED_REQUEST = 499  # nginx's number for a client that hung up; nobody receives it


class RequestMiddleware:
    """Gives each request an id and counts it, and answers what nothing else has answered.

    The id comes from the X-Request-ID header where that is plain and short, and is echoed.
    Requests to the routes in `direct`, by method and path, do not pass through the app.
    """

    def __init__(
        self,
        app: ASGIApp,
        metrics: Metrics,
        access_log: bool,
        direct: Mapping[tuple[str, str], DirectRoute],
        tracing: "Tracing | None" = None,
        security: SecurityHeaders | None = None,
    ) -> None:
        self._app = app
        self._metrics = metrics
        self._access_log = access_log
        self._direct = direct
        self._tracing = tracing
        self._security = security or SecurityHeaders("")
        # Random once, and counted from there: unique, without asking the system each time.
        self._prefix = os.urandom(10).hex()
        self._numbers = itertools.count()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request. Other protocols pass through."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        identifier = self._identifier(scope)
        header = (REQUEST_ID_HEADER, identifier.encode("ascii"))
        status: int | None = None
        method = scope["method"]
        direct = self._direct.get((method, scope["path"]))
        if self._tracing is not None:
            self._tracing.begin(scope)

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                own = message.get("headers", ())
                message["headers"] = [*own, header, *self._security.of(scope["path"], own)]
            await send(message)

        request_id.set(identifier)
        try:
            if direct is not None:
                response = await call(direct.endpoint, Request(scope, receive))
                response.raw_headers += (header, *DATA)
                status = response.status_code
                await response(scope, receive, send)
                return
            if method == "HEAD":
                # RFC 9110, section 9.3.2: answered like GET, and the server leaves the body out.
                scope = {**scope, "method": "GET"}
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
        except (KeyboardInterrupt, SystemExit, GeneratorExit):
            raise
        except BaseException as error:  # a panic in a library written in Rust is no Exception
            logger.error("unexpected error", exc_info=error)
            if status is not None:
                raise  # half an answer is out: only cutting the connection is honest
            message = f"internal error; the log says more about request {identifier}"
            response = error_response(HTTPStatus.INTERNAL_SERVER_ERROR, message)
            await response(scope, receive, send_with_id)
        finally:
            seconds = time.perf_counter() - started
            status = status or _CLIENT_CLOSED_REQUEST
            route = direct.path if direct is not None else _template(scope, status)
            method = method if method in _METHODS else "OTHER"
            self._metrics.request_answered(route, method, status, seconds)
            if self._tracing is not None:
                self._tracing.record(scope, route, method, status, started)
            if self._access_log:
                _log(scope, route, method, status, seconds, identifier)

    def _identifier(self, scope: Scope) -> str:
        for name, value in scope["headers"]:
            if name == REQUEST_ID_HEADER and _ACCEPTED_ID.fullmatch(value):
                return str(value, "ascii")
        return f"{self._prefix}{next(self._numbers):012x}"


def _template(scope: Scope, status: int) -> str:
    # The template and not the path: it has few values, and holds nothing a user wrote.
    route: str | None = getattr(scope.get("route"), "path", None)
    if route is not None:
        return route
    # The documentation's pages and files are plain routes, whose path is their template;
    # one that was not found below them is whatever the client wrote.
    found = "endpoint" in scope and status < HTTPStatus.BAD_REQUEST
    path: str = scope["path"].removeprefix(scope.get("root_path", ""))
    return path if found else "unmatched"


def _log(
    scope: Scope, route: str, method: str, status: int, seconds: float, identifier: str
) -> None:
    if not logger.isEnabledFor(logging.INFO):
        return
    milliseconds = seconds * 1000
    key = key_id_of(scope)
    # Made by hand: a logger would walk the stack to find the line that you are reading.
    record = logging.LogRecord(
        logger.name,
        logging.INFO,
        __file__,
        0,
        "%s %s %d %.1f ms" if key is None else "%s %s %d %.1f ms by key %s",
        (method, route, status, milliseconds, *(() if key is None else (key,))),
        None,
    )
    record.request_id = identifier
    record.method = method
    record.route = route
    record.status = status
    record.milliseconds = round(milliseconds, 3)
    if key is not None:
        record.key = key
    record.client = (scope.get("client") or ("-",))[0]
    logger.handle(record)


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
            if path == self._root_path:
                path += "/"
            elif not path.startswith(self._root_path + "/"):
                path = self._root_path + path
            scope = {**scope, "root_path": self._root_path, "path": path}
        await self._app(scope, receive, send)
