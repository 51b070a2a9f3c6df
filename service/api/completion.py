"""The part of an app that can wait until the service answers.

Routes that few requests ask for, and FastAPI's description of all of them, take long to import and
to make, and nothing that must answer at once needs them. They are added in a thread as soon as the
models are ready, or when the first of their requests comes; such requests wait until they are
there.
"""

import asyncio
import logging
import threading
from collections.abc import Callable

from starlette.types import ASGIApp, Receive, Scope, Send

logger = logging.getLogger(__name__)


class Completion:
    """Adds that part once. Thread-safe."""

    def __init__(self, add: Callable[[], None]) -> None:
        """add: in whichever thread comes first."""
        self._add = add
        self._lock = threading.Lock()
        self.done = False

    def complete(self) -> None:
        """Returns when it is there. Raises what `add` raises."""
        with self._lock:
            if not self.done:
                self._add()
                self.done = True

    def complete_after(self, wait: Callable[[], None]) -> None:
        """Does so in a thread of its own, once `wait` has returned there."""

        def run() -> None:
            wait()
            try:
                self.complete()
            except Exception as error:  # the next request for them tries again, and says so
                logger.error("not all routes could be added", exc_info=error)

        # A daemon, because a process that is told to stop must not wait for it.
        threading.Thread(target=run, name="routes", daemon=True).start()


class Completed:
    """Passes requests on to an app once it is complete."""

    def __init__(self, app: ASGIApp, completion: Completion) -> None:
        self._app = app
        self._completion = completion

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request. Other protocols pass through."""
        if scope["type"] == "http" and not self._completion.done:
            await asyncio.to_thread(self._completion.complete)
        await self._app(scope, receive, send)
