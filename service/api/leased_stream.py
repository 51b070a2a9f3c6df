"""A text as server-sent events, from its first part to the end of its lease.

How the parts are written is the routes' own.
"""

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from typing import Any, TypeVar

from service.api.event_stream import EventStream
from service.errors import GatehouseError
from service.repository import Lease

Parts = AsyncGenerator[Any, None]  # bit by bit, and at last the whole
Begun = TypeVar("Begun")


class LeasedStream:
    """The parts of one text, which `Answers.stream` or `Generations.stream` gives."""

    def __init__(self, lease: Lease[Any], parts: Parts) -> None:
        """lease: of the version that answers, released at the end."""
        self._lease = lease
        self._parts = parts

    async def begin(self, first: Awaitable[Begun]) -> Begun:
        """What `first` gives, which waits for the first part.

        Whatever is wrong with the request shows here, and gets its own status.
        """
        try:
            return await first
        except BaseException:
            await self.close()
            raise

    def answer(self, events: AsyncIterator[bytes], failed: Callable[[str], bytes]) -> EventStream:
        """The answer. events: made of all parts; failed: the event that tells of an error."""

        async def written() -> AsyncIterator[bytes]:
            try:
                async for event in events:
                    yield event
            except GatehouseError as error:
                yield failed(str(error))

        return EventStream(written(), self.close)

    async def close(self) -> None:
        """Ends the work, wherever it is."""
        await self._parts.aclose()
        self._lease.release()
