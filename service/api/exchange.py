"""One request and its answer: what the app is handed as `receive` and `send`.

It takes the place of uvicorn's own, which writes the head of an answer and its body one after the
other: two calls of the system, where most answers need one. It belongs to the event loop and knows
nothing about parsing; the protocol gives it the parts of the body as they come.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable, MutableMapping
from http import HTTPStatus
from typing import Any

from starlette.types import ASGIApp, Message
from uvicorn.protocols.http.flow_control import FlowControl

logger = logging.getLogger(__name__)

_STATUS_LINES = {
    status.value: f"HTTP/1.1 {status.value} {status.phrase}\r\n".encode("ascii")
    for status in HTTPStatus
}
_WITHOUT_BODY = (HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED)
_DEFECT = b'{"error":"internal error; the log says more"}'


class Exchange:
    """One request and its answer.

    The protocol sets `keep_alive`, hands over the body, and reads `body_bytes`, `started` and
    `response_complete`.
    """

    __slots__ = (
        "_asks_first",
        "_chunked",
        "_flow",
        "_head",
        "_more_body",
        "_on_complete",
        "_parts",
        "_remaining",
        "_server_headers",
        "_transport",
        "body_bytes",
        "disconnected",
        "keep_alive",
        "message_event",
        "response_complete",
        "scope",
        "started",
    )

    def __init__(
        self,
        scope: MutableMapping[str, Any],
        transport: asyncio.Transport,
        flow: FlowControl,
        server_headers: Iterable[tuple[bytes, bytes]],
        *,
        asks_first: bool,
        keep_alive: bool,
        on_complete: Callable[[], None],
    ) -> None:
        self.scope = scope
        self.keep_alive = keep_alive
        self.body_bytes = 0  # that wait for the app
        self.disconnected = False
        self.started = False
        self.response_complete = False
        self.message_event = asyncio.Event()  # there is something to receive
        self._asks_first = asks_first  # Expect: 100-continue
        self._transport = transport
        self._flow = flow
        self._server_headers = server_headers
        self._on_complete = on_complete
        self._parts: list[bytes] = []
        self._more_body = True
        self._head = b""  # written together with the first part of the body
        self._chunked = False
        self._remaining = 0  # bytes of the answer, where its length was announced

    def add_body(self, part: bytes) -> None:
        """Keeps a part of the request's body until the app asks for it."""
        self._parts.append(part)
        self.body_bytes += len(part)
        self.message_event.set()

    def end_body(self) -> None:
        """Lets the app know that the body is complete."""
        self._more_body = False
        self.message_event.set()

    def lose(self) -> None:
        """Lets the app know that there is nobody any more to answer."""
        self.disconnected = True
        self.message_event.set()

    async def run_asgi(self, app: ASGIApp) -> None:
        """Has the app answer. Where it fails, the connection ends."""
        try:
            await app(self.scope, self.receive, self.send)
        except asyncio.CancelledError:
            self._transport.close()
        except (KeyboardInterrupt, SystemExit, GeneratorExit):
            raise
        # A panic in a library written in Rust is no Exception, and its client waits all the same.
        except BaseException as error:
            logger.error("unexpected error", exc_info=error)
            self._give_up()
        else:
            if not self.response_complete and not self.disconnected:
                logger.error("a request was not answered to its end")
                self._give_up()
        finally:
            self._on_complete = _nothing

    async def receive(self) -> Message:
        """The next part of the body; after the last, the end of the connection or the answer."""
        if self._asks_first and not self._transport.is_closing():
            self._asks_first = False
            self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        if not self.disconnected and not self.response_complete:
            self._flow.resume_reading()
            await self.message_event.wait()
            self.message_event.clear()
        if self.disconnected or self.response_complete:
            return {"type": "http.disconnect"}
        body = b"".join(self._parts)
        self._parts.clear()
        self.body_bytes = 0
        return {"type": "http.request", "body": body, "more_body": self._more_body}

    async def send(self, message: Message) -> None:
        """Takes the head of the answer, or a part of its body."""
        if self._flow.write_paused and not self.disconnected:
            await self._flow.drain()
        if self.disconnected:
            return
        kind = message["type"]
        if kind == "http.response.body" and self.started and not self.response_complete:
            self._write(message.get("body", b""), message.get("more_body", False))
        elif kind == "http.response.start" and not self.started:
            self._head = self._start(message["status"], message.get("headers", ()))
            self.started = True
            self._asks_first = False
        else:
            raise RuntimeError(f"{kind} does not come next in an answer")

    def _start(self, status: int, headers: Iterable[tuple[bytes, bytes]]) -> bytes:
        parts = [_STATUS_LINES.get(status) or b"HTTP/1.1 %d \r\n" % status]
        lines = 1
        framed = closes = False
        for pairs in (self._server_headers, headers):
            for name, value in pairs:
                name = name.lower()
                if name == b"content-length":
                    self._remaining = int(value)
                    framed = True
                elif name == b"transfer-encoding":
                    self._chunked = framed = value.lower() == b"chunked"
                elif name == b"connection" and b"close" in value.lower():
                    self.keep_alive = False
                    closes = True
                parts += (name, b": ", value, b"\r\n")
                lines += 1
        if not self.keep_alive and not closes:
            parts.append(b"connection: close\r\n")
            lines += 1
        if not framed and self.scope["method"] != "HEAD" and status not in _WITHOUT_BODY:
            self._chunked = True
            parts.append(b"transfer-encoding: chunked\r\n")
            lines += 1
        head = b"".join(parts)
        # A line break in a value would let whoever chose the value write headers of his own.
        if not head.count(b"\r") == head.count(b"\n") == lines:
            raise RuntimeError("a header of the answer holds a line break")
        return head + b"\r\n"

    def _write(self, body: bytes, more: bool) -> None:
        if self.scope["method"] == "HEAD":
            body = b""
            self._remaining = 0
        elif self._chunked:
            if body:
                body = b"%x\r\n%b\r\n" % (len(body), body)
            if not more:
                body += b"0\r\n\r\n"
        else:
            self._remaining -= len(body)
            if self._remaining < 0 or (self._remaining and not more):
                raise RuntimeError("the answer has not the length that it announced")
        self._transport.write(self._head + body)
        self._head = b""
        if not more:
            self.response_complete = True
            self.message_event.set()
            if not self.keep_alive:
                self._transport.close()
            self._on_complete()

    def _give_up(self) -> None:
        if self.response_complete or self.disconnected:
            return
        if not self.started or self._head:  # nothing is written yet
            self._transport.write(
                b"HTTP/1.1 500 Internal Server Error\r\ncontent-type: application/json\r\n"
                b"x-content-type-options: nosniff\r\n"
                b"content-length: %d\r\nconnection: close\r\n\r\n%b" % (len(_DEFECT), _DEFECT)
            )
        self._transport.close()


def _nothing() -> None:
    pass
