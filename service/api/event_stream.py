"""Server-sent events (WHATWG HTML, section 9.2) as an answer that ends with its source.

Plain ASGI: each event is sent as it comes, and the source is closed however the answer ends, a
client that has gone included, which the source itself hears of.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping

from pydantic_core import to_json
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

MEDIA_TYPE = "text/event-stream"
_SEND_SECONDS = 30.0  # that a client may leave an event unread, before it counts as gone


class EventStream(Response):
    """An answer of events."""

    media_type = MEDIA_TYPE

    def __init__(self, events: AsyncIterator[bytes], close: Callable[[], Awaitable[None]]) -> None:
        """close: called once, however the answer ends."""
        super().__init__()
        self.init_headers({"Cache-Control": "no-store", "X-Accel-Buffering": "no"})
        del self.headers["content-length"]
        self._events = events
        self._close = close

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the events one by one."""
        try:
            await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
            async for event in self._events:
                try:
                    async with asyncio.timeout(_SEND_SECONDS):
                        await send({"type": "http.response.body", "body": event, "more_body": True})
                except TimeoutError:
                    raise ClientDisconnect from None
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            await self._close()


def event(name: str, data: Mapping[str, object]) -> bytes:
    """An event of a name, with an object of JSON."""
    return b"event: %b\ndata: %b\n\n" % (name.encode("ascii"), to_json(data))
