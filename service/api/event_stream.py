"""Server-sent events (WHATWG HTML, section 9.2) as an answer that ends with its source.

Plain ASGI: each event is sent as it comes, and the source is closed however the answer ends, a
client that has gone included, which the source itself hears of.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping

from pydantic_core import to_json
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from service.api.accept import preferred

MEDIA_TYPE = "text/event-stream"
_JSON = "application/json"
_NAME = b"event-stream"
_SEND_SECONDS = 30.0  # that a client may leave an event unread, before it counts as gone


def wanted(request: Request) -> bool:
    """Whether the client names events in Accept, and likes them no less than JSON.

    Nearly nobody does, and who does not is told from others by one look at the header.
    """
    named = [value for name, value in request.scope["headers"] if name == b"accept"]
    if not any(_NAME in value.lower() for value in named):
        return False
    accept = b", ".join(named).decode("latin-1")
    return preferred(accept, (MEDIA_TYPE, _JSON)) == MEDIA_TYPE


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
