"""What a route may know of the connection that its request came on: whether the client has gone.

The server's protocol makes one for each connection and puts it into the ASGI scope of its requests.
It belongs to the event loop: every call, and every callback, is made there.
"""

import logging
from collections.abc import Callable, Mapping
from typing import Any

logger = logging.getLogger(__name__)

EXTENSION = "gatehouse.connection"


class Connection:
    """Tells those who asked that the client has gone. Requests on one connection share it."""

    def __init__(self) -> None:
        self.lost = False
        self._callbacks: list[Callable[[], None]] = []

    def on_disconnect(self, callback: Callable[[], None]) -> None:
        """Has `callback` called once when the client goes; at once where it has gone already."""
        if self.lost:
            callback()
        else:
            self._callbacks.append(callback)

    def remove(self, callback: Callable[[], None]) -> None:
        """Forgets a callback; does nothing where it is not known, or was called."""
        if callback in self._callbacks:
            self._callbacks.remove(callback)

    def lose(self) -> None:
        """Calls what waits for the client's going. The protocol's call, and nobody else's."""
        self.lost = True
        callbacks, self._callbacks = self._callbacks, []
        for callback in callbacks:
            try:
                callback()
            except Exception as error:
                logger.error("unexpected error", exc_info=error)


def connection_of(scope: Mapping[str, Any]) -> Connection | None:
    """The connection of a request; None under a server whose protocol is not ours."""
    connection = scope.get("extensions", {}).get(EXTENSION)
    return connection if isinstance(connection, Connection) else None
