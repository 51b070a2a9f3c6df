"""Takes connections from a listener that several processes share, few at a time.

An event loop of its own accord accepts all that wait, so that the process which wakes first gets
every client that came in one moment, and the others compute nothing. Few at a time, and a pause
after them, leave the next ones to the other processes. Belongs to the event loop.
"""

import asyncio
import logging
import socket
from collections.abc import Callable

logger = logging.getLogger(__name__)

_PAUSE = 0.001  # seconds in which another process may take what comes next
_LONG_PAUSE = 0.1  # after an accept that failed: the process has no file descriptors left
_SHARE = 16  # a process takes one connection at a time, and one more for each so many it has


class Acceptor:
    """Makes a protocol for each connection of a listener, until it is closed."""

    def __init__(
        self,
        listener: socket.socket,
        protocol: Callable[[], asyncio.BaseProtocol],
        connections: Callable[[], int],
    ) -> None:
        """The listener stays the caller's, who closes it. connections: how many are open now."""
        self._listener = listener
        self._protocol = protocol
        self._connections = connections
        self._loop = asyncio.get_running_loop()
        self._tasks: set[asyncio.Task[object]] = set()
        self._paused: asyncio.TimerHandle | None = None
        listener.setblocking(False)
        self._loop.add_reader(listener, self._turn)

    async def close(self) -> None:
        """Accept what waits already, which closing the listener would cut off, and then no more."""
        if self._paused is not None:
            self._paused.cancel()
        else:
            self._loop.remove_reader(self._listener)
        while self._accept():
            pass
        if self._tasks:
            await asyncio.wait(self._tasks)

    def _turn(self) -> None:
        self._loop.remove_reader(self._listener)
        pause = _PAUSE
        for _ in range(1 + self._connections() // _SHARE):
            accepted = self._accept()
            if not accepted:
                pause = _PAUSE if accepted is None else _LONG_PAUSE
                break
        self._paused = self._loop.call_later(pause, self._go_on)

    def _accept(self) -> bool | None:
        """Take one connection. None where none waits, False where it cannot be taken."""
        try:
            connection, _ = self._listener.accept()
        except (BlockingIOError, InterruptedError, ConnectionAbortedError):
            return None  # another process has it, or nobody any more
        except OSError as error:
            logger.error("no connection can be accepted: %s", error.strerror)
            return False
        connection.setblocking(False)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        task: asyncio.Task[object] = self._loop.create_task(
            self._loop.connect_accepted_socket(self._protocol, connection)
        )
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return True

    def _go_on(self) -> None:
        self._paused = None
        self._loop.add_reader(self._listener, self._turn)
