"""One process that serves: the clock of its connections, and an orderly end.

uvicorn's server looks ten times a second whether it should end; this one is told. It knows nothing
about models and routes, and belongs to the event loop that it runs.
"""

import asyncio
import contextlib
import logging
import signal
import socket
from collections.abc import Callable, Iterator
from types import FrameType

import uvicorn
from uvicorn.config import STARTUP_FAILURE

from service.acceptor import Acceptor
from service.api.draining import begin_draining
from service.api.protocol import GatehouseProtocol

logger = logging.getLogger(__name__)

_SECOND = 1.0
_LAST_WORDS = 1.0  # seconds for answers that are written and not yet sent
_POLL = 0.01  # seconds between two looks at what is left, while the server ends


class Server(uvicorn.Server):
    """Serves until SIGTERM or SIGINT, and then ends in order.

    1. Readiness fails, and every answer from now on tells its client to connect elsewhere.
    2. For `shutdown_delay` seconds all requests are answered, new connections' too: as long as a
       load balancer may need to notice.
    3. It listens no more. Requests that have begun are answered, for at most as long as the
       configuration's timeout_graceful_shutdown; the others are cancelled.
    4. All connections are closed, and the app ends.
    """

    def __init__(
        self,
        config: uvicorn.Config,
        shutdown_delay: float,
        request_read_timeout: float,
        every_second: Callable[[], None] = lambda: None,
    ) -> None:
        """Times are in seconds; `every_second` is called in the event loop, as long as it turns."""
        super().__init__(config)
        self._every_second = every_second
        self._shutdown_delay = shutdown_delay
        self._request_read_timeout = request_read_timeout
        self._loop: asyncio.AbstractEventLoop | None = None
        self._signalled = asyncio.Event()
        self._acceptors: list[Acceptor] = []

    async def serve(self, sockets: list[socket.socket] | None = None) -> None:
        """Serves on listening sockets, until a signal."""
        self._loop = asyncio.get_running_loop()
        await super().serve(sockets)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Starts the app, and then to accept."""
        await self.lifespan.startup()
        if self.lifespan.should_exit:
            raise SystemExit(STARTUP_FAILURE)

        def protocol() -> asyncio.BaseProtocol:
            return GatehouseProtocol(
                config=self.config, server_state=self.server_state, app_state=self.lifespan.state
            )

        self._acceptors = [
            Acceptor(listener, protocol, lambda: len(self.server_state.connections))
            for listener in sockets or ()
        ]
        self.started = True
        logger.info("accepting requests")

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Lets signals end the server. One that is ignored stays so: a supervisor sees to it."""
        before = {
            number: signal.signal(number, self.handle_exit)
            for number in (signal.SIGTERM, signal.SIGINT)
            if signal.getsignal(number) is not signal.SIG_IGN
        }
        try:
            yield
        finally:
            for number, handler in before.items():
                # Whoever was told to end is not to be hit by a second signal while it does.
                signal.signal(number, signal.SIG_IGN if self.should_exit else handler)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Notes the signal, between two instructions of whatever runs, and wakes the loop."""
        super().handle_exit(sig, frame)
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._signalled.set)

    async def main_loop(self) -> None:
        """Keeps the time until a signal comes."""
        while not self.should_exit:
            await self._keep_time(_SECOND)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Ends in the order that the class describes."""
        begin_draining(self.lifespan.state)
        for connection in self._connections():
            connection.shutdown()
        loop = asyncio.get_running_loop()
        end = loop.time() + self._shutdown_delay
        while not self.force_exit and (left := end - loop.time()) > 0:
            await self._keep_time(min(left, _SECOND))
        for acceptor in self._acceptors:
            await acceptor.close()
        for listener in sockets or ():
            listener.close()
        grace = self.config.timeout_graceful_shutdown or 0
        if not await self._until(self._nothing_begun, grace):
            tasks = tuple(self.server_state.tasks)
            logger.warning("requests that %s seconds were not enough for: %d", grace, len(tasks))
            for task in tasks:
                task.cancel()
            await self._until(lambda: not self.server_state.tasks, _LAST_WORDS)
        for connection in self._connections():
            connection.transport.close()
        await self._until(lambda: not self.server_state.connections, _LAST_WORDS)
        await self.lifespan.shutdown()

    async def _keep_time(self, seconds: float) -> None:
        self._signalled.clear()
        self._every_second()
        await self.on_tick(0)  # the date that answers bear
        for connection in self._connections():
            connection.second_passed(self.config.timeout_keep_alive, self._request_read_timeout)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._signalled.wait()

    async def _until(self, condition: Callable[[], bool], seconds: float) -> bool:
        loop = asyncio.get_running_loop()
        end = loop.time() + seconds
        while not condition():
            if self.force_exit or loop.time() >= end:
                return False
            await asyncio.sleep(_POLL)
        return True

    def _nothing_begun(self) -> bool:
        return not any(connection.busy for connection in self._connections())

    def _connections(self) -> list[GatehouseProtocol]:
        return [
            connection
            for connection in self.server_state.connections
            if isinstance(connection, GatehouseProtocol)
        ]
