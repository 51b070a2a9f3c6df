"""uvicorn's HTTP protocol, mended where a client could lose its request or the server its memory.

One object a connection, in the event loop. It knows nothing about routes.

- Its answer to bytes that are no HTTP, which no app sees, has the one shape of errors.
- A request that offers to change to another protocol is answered as if it did not, which RFC 9110
  (section 7.8) allows. Some clients offer HTTP/2 with their first request, a POST too, and
  httptools would take the body behind such a head for the bytes of the other protocol.
- The head of a request has a limit; httptools would collect it without end.
"""

import json
from http import HTTPStatus

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MAX_HEAD_BYTES = 1 << 16


class _HeadTooLong(Exception):
    """Raised in a callback of the parser, which reports it as the context of its own error."""


class JsonErrorsProtocol(HttpToolsProtocol):
    """Answers malformed HTTP with {"error": ...}, and offers of other protocols with HTTP/1.1."""

    _head_bytes = 0  # of the complete header fields of this request, trailers included
    _unfinished_bytes = 0  # received since the parser last had something to report
    _offers_upgrade = False

    def data_received(self, data: bytes) -> None:
        """Feeds the parser, whose callbacks start requests and hand them their bodies."""
        self._unset_keepalive_if_required()
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
        super().on_message_begin()

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header field, or a trailer, is complete."""
        self._unfinished_bytes = 0
        self._head_bytes += len(name) + len(value)
        if self._head_bytes > MAX_HEAD_BYTES:
            raise _HeadTooLong
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """The head is complete, and the request starts."""
        self._unfinished_bytes = 0
        if self.parser.get_method() == b"CONNECT":
            raise httptools.HttpParserError("this is no proxy")
        self._offers_upgrade = self.parser.should_upgrade()
        if not self._offers_upgrade:
            super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """A part of the body."""
        self._unfinished_bytes = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """The request is complete."""
        self._unfinished_bytes = 0
        if not self._offers_upgrade:
            super().on_message_complete()

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
            b"content-length: %d\r\nconnection: close\r\n\r\n%b"
            % (status, status.phrase.encode("ascii"), len(body), body)
        )
        self.transport.close()
