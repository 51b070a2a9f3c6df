"""uvicorn's HTTP protocol, mended where a client could lose its request or the server its memory.

One object a connection, in the event loop. It knows nothing about routes. uvicorn's is the parser's
other half and keeps the connections; requests and their answers are Exchanges of our own.

- Its answer to bytes that are no HTTP, which no app sees, has the one shape of errors.
- A request that offers to change to another protocol is answered as if it did not, which RFC 9110
  (section 7.8) allows. Some clients offer HTTP/2 with their first request, a POST too, and
  httptools would take the body behind such a head for the bytes of the other protocol.
- The head of a request has a limit; httptools would collect it without end.
"""

import asyncio
import json
from collections import deque
from http import HTTPStatus
from typing import Any
from urllib.parse import unquote

import httptools
from uvicorn.protocols.http.flow_control import HIGH_WATER_LIMIT
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from service.api.connection import EXTENSION, Connection
from service.api.draining import is_draining
from service.api.exchange import Exchange

MAX_HEAD_BYTES = 1 << 16


class _HeadTooLong(Exception):
    """Raised in a callback of the parser, which reports it as the context of its own error."""


class GatehouseProtocol(HttpToolsProtocol):
    """Answers malformed HTTP with {"error": ...}, and offers of other protocols with HTTP/1.1."""

    cycle: Exchange | None  # type: ignore[assignment]  # of the newest request
    scope: dict[str, Any]  # type: ignore[assignment]
    pipeline: deque[Exchange]  # type: ignore[assignment]  # in order, those that wait

    _head_bytes = 0  # of the complete header fields of this request, trailers included
    _unfinished_bytes = 0  # received since the parser last had something to report
    _offers_upgrade = False
    _receiving = False  # a request has begun and is not complete
    _head_complete = False
    _seconds = 0  # that the client has kept us waiting, by the server's clock

    def connection_made(  # type: ignore[override]  # as uvicorn has it
        self, transport: asyncio.Transport
    ) -> None:
        """A client has connected."""
        super().connection_made(transport)
        self._connection = Connection()
        self._extensions = {EXTENSION: self._connection}

    def connection_lost(self, exc: Exception | None) -> None:
        """The client has gone, or was told to go."""
        super().connection_lost(exc)
        self._connection.lose()

    def data_received(self, data: bytes) -> None:
        """Feeds the parser, whose callbacks start requests and hand them their bodies."""
        self._unfinished_bytes += len(data)
        try:
            self._feed(data)
            if self._unfinished_bytes > MAX_HEAD_BYTES:
                raise _HeadTooLong
        except (httptools.HttpParserError, _HeadTooLong) as error:
            if isinstance(error, _HeadTooLong) or isinstance(error.__context__, _HeadTooLong):
                self._refuse(
                    HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
                    f"The head of the request is longer than {MAX_HEAD_BYTES:,} bytes. "
                    "Send texts in the body, and shorter headers",
                )
            else:
                self.send_400_response("Invalid HTTP request received.")

    def send_400_response(self, msg: str) -> None:
        """Writes the whole answer and closes the connection."""
        self._refuse(HTTPStatus.BAD_REQUEST, f"{msg} Send HTTP/1.1, such as GET /health/live")

    def on_message_begin(self) -> None:
        """A request begins."""
        self._head_bytes = 0
        self._offers_upgrade = False
        self._receiving = True
        self._head_complete = False
        self._seconds = 0
        super().on_message_begin()

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header field, or a trailer, is complete."""
        self._unfinished_bytes = 0
        self._head_bytes += len(name) + len(value)
        if self._head_bytes > MAX_HEAD_BYTES:
            raise _HeadTooLong
        name = name.lower()
        if name == b"expect" and value.lower() == b"100-continue":
            self.expect_100_continue = True
        self.headers.append((name, value))

    def on_headers_complete(self) -> None:
        """The head is complete, and the request starts."""
        self._unfinished_bytes = 0
        self._head_complete = True
        method = self.parser.get_method()
        if method == b"CONNECT":
            raise httptools.HttpParserError("this is no proxy")
        if self.parser.should_upgrade():
            self._offers_upgrade = True
            return
        url = httptools.parse_url(self.url)
        path = url.path.decode("ascii")
        version = self.parser.get_http_version()
        self.scope["method"] = method.decode("ascii")
        self.scope["http_version"] = version
        self.scope["path"] = unquote(path) if "%" in path else path
        self.scope["raw_path"] = url.path
        self.scope["query_string"] = url.query or b""
        self.scope["extensions"] = self._extensions
        keep_alive = version != "1.0" and self.parser.should_keep_alive()
        before = self.cycle
        self.cycle = Exchange(
            self.scope,
            self.transport,
            self.flow,
            self.server_state.default_headers,
            asks_first=self.expect_100_continue,
            keep_alive=keep_alive and not is_draining(self.app_state),
            on_complete=self.on_response_complete,
        )
        if before is None or before.response_complete:
            self._start(self.cycle)
        else:
            # Answers go out in the order of the requests.
            self.flow.pause_reading()
            self.pipeline.append(self.cycle)

    def on_body(self, body: bytes) -> None:
        """A part of the body."""
        self._unfinished_bytes = 0
        exchange = self.cycle
        if exchange is not None and not exchange.response_complete:
            exchange.add_body(body)
            if exchange.body_bytes > HIGH_WATER_LIMIT:
                self.flow.pause_reading()

    def on_message_complete(self) -> None:
        """The request is complete."""
        self._unfinished_bytes = 0
        if self._offers_upgrade:
            return
        self._receiving = False
        if self.cycle is not None:
            self.cycle.end_body()

    def on_response_complete(self) -> None:
        """The answer is written; the next request may have theirs."""
        self.server_state.total_requests += 1
        self._seconds = 0
        if not self.transport.is_closing():
            self.flow.resume_reading()
            if self.pipeline:
                self._start(self.pipeline.popleft())

    @property
    def busy(self) -> bool:
        """Whether a request has begun that is not answered yet."""
        return self._receiving or self._answering

    @property
    def _answering(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def shutdown(self) -> None:
        """Tells the client, with the newest answer that it waits for, to come no more."""
        if self.cycle is not None:
            self.cycle.keep_alive = False

    def second_passed(self, keep_alive: float, request_read: float) -> None:
        """Ends a connection that has sent nothing for `keep_alive` seconds, or half a request.

        Called by the server, once a second for all connections: a timer for each request would
        cost more than all of this.
        """
        reads_body = self._receiving and self._head_complete
        if self.flow.read_paused or (self._answering and not reads_body):
            return  # it is not the client that keeps us waiting
        self._seconds += 1
        if self._seconds <= (keep_alive if self.cycle and not self._receiving else request_read):
            return
        if not self._receiving or (reads_body and self.cycle and self.cycle.started):
            self.transport.close()
            return
        if reads_body and self.cycle:
            self.cycle.lose()
        self._refuse(
            HTTPStatus.REQUEST_TIMEOUT,
            f"the request was not complete within {request_read:g} s; send it faster",
        )

    def _start(self, exchange: Exchange) -> None:
        task = self.loop.create_task(exchange.run_asgi(self.app))
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    def _feed(self, data: bytes) -> None:
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            # The parser has stopped behind the head. Another one reads the head without the offer,
            # and then the body.
            head = [self.parser.get_method(), b" ", self.url]
            head += [b" HTTP/", self.parser.get_http_version().encode("ascii"), b"\r\n"]
            for name, value in self.headers:
                if name != b"upgrade":
                    head += [name, b": ", value, b"\r\n"]
            self.parser = httptools.HttpRequestParser(self)
            self.parser.set_dangerous_leniencies(lenient_data_after_close=True)
            offset: int = upgrade.args[0]
            self._feed(b"".join([*head, b"\r\n", data[offset:]]))

    def _refuse(self, status: HTTPStatus, message: str) -> None:
        self.logger.warning("%d %s: the bytes of a client are no request", status, status.phrase)
        body = json.dumps({"error": message}).encode()
        self.transport.write(
            b"HTTP/1.1 %d %b\r\ncontent-type: application/json\r\n"
            b"x-content-type-options: nosniff\r\n"
            b"content-length: %d\r\nconnection: close\r\n\r\n%b"
            % (status, status.phrase.encode("ascii"), len(body), body)
        )
        self.transport.close()
