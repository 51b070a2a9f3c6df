"""One HTTP/1.1 connection as an asyncio protocol, as cheap as Python allows.

It carries one request at a time, knows the answer's length from Content-Length, and tells its
owner of every answer, and of everything else that arrives. Owned by the loop of the generator.
"""

import asyncio
from typing import Protocol, cast

_HEAD_END = b"\r\n\r\n"


class Owner(Protocol):
    """Who is told."""

    def answered(self, connection: "Connection", ticket: int, status: int, head: bytes) -> None:
        """The request of that ticket has its whole answer."""

    def lost(self, connection: "Connection", ticket: int) -> None:
        """The connection ended before the answer to that ticket was whole."""

    def unasked(self, connection: "Connection", size: int) -> None:
        """Bytes arrived that answer nothing."""


class Connection(asyncio.Protocol):
    """Sends requests whose bytes are ready, reads answers."""

    def __init__(self, owner: Owner) -> None:
        self._owner = owner
        self._transport: asyncio.WriteTransport | None = None
        self._ticket: int | None = None
        self._buffer = b""
        self._needed = 0  # bytes of the whole answer; 0 while its head is not complete

    @property
    def is_open(self) -> bool:
        """Whether a request can be sent once the present one is answered."""
        return self._transport is not None and not self._transport.is_closing()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Called by the loop."""
        # Not by isinstance: uvloop's transports are no subclasses.
        self._transport = cast(asyncio.WriteTransport, transport)

    def send(self, ticket: int, request: bytes) -> None:
        """Send a request; the answer will be told under its ticket."""
        assert self._transport is not None and self._ticket is None
        self._ticket = ticket
        self._transport.write(request)

    def close(self) -> None:
        """End the connection; a request under way is lost."""
        if self._transport is not None:
            self._transport.close()

    def data_received(self, data: bytes) -> None:
        """Called by the loop."""
        self._buffer = self._buffer + data if self._buffer else data
        while self._buffer:
            if self._ticket is None:
                self._owner.unasked(self, len(self._buffer))
                self._buffer = b""
                return
            if not self._needed:
                end = self._buffer.find(_HEAD_END)
                if end < 0:
                    return
                self._needed = end + len(_HEAD_END) + body_length(self._buffer[:end])
            if len(self._buffer) < self._needed:
                return
            answer, self._buffer = self._buffer[: self._needed], self._buffer[self._needed :]
            ticket, self._ticket, self._needed = self._ticket, None, 0
            # The owner may send the next request at once: what is left was not asked for by it.
            rest, self._buffer = self._buffer, b""
            if rest:
                self._owner.unasked(self, len(rest))
            head = answer[: answer.find(_HEAD_END)]
            self._owner.answered(self, ticket, int(head[9:12]), head)

    def connection_lost(self, error: Exception | None) -> None:
        """Called by the loop."""
        self._transport = None
        if self._ticket is not None:
            ticket, self._ticket = self._ticket, None
            self._owner.lost(self, ticket)


def body_length(head: bytes) -> int:
    """The Content-Length of an answer's head. Raises ValueError for one without."""
    found = header(head, b"content-length")
    if found is None:
        raise ValueError("an answer without Content-Length; this client reads no other")
    return int(found)


def header(head: bytes, name: bytes) -> bytes | None:
    """The value of a header, whose name is in lower case; None where it is missing."""
    lower = head.lower()
    start = lower.find(b"\r\n" + name + b":")
    if start < 0:
        return None
    start += len(name) + 3
    end = lower.find(b"\r\n", start)
    return head[start : len(head) if end < 0 else end].strip()


def request_bytes(
    method: str, path: str, body: bytes | None, headers: dict[str, str] | None = None
) -> bytes:
    """A whole request for the loopback address."""
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    if body is not None:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("ascii") + (body or b"")
