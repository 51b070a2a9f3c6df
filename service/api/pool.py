"""Bounded pools of threads in which models compute, so that the event loop never does.

Each task has a pool of its own: slow translations do not hold up classification. A pool belongs
to one event loop; `run` is called on that loop alone, the functions run in the pool's threads.
"""

import asyncio
import contextvars
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from prometheus_client import Gauge

from service.errors import Overloaded

Result = TypeVar("Result")


class InferencePool:
    """Runs at most `threads` functions at a time, and lets at most `max_waiting` more wait."""

    def __init__(self, name: str, threads: int, max_waiting: int, in_progress: Gauge) -> None:
        self._executor = ThreadPoolExecutor(threads, thread_name_prefix=name)
        self._capacity = threads + max_waiting
        self._in_progress = in_progress
        self._pending = 0

    async def run(self, function: Callable[[], Result]) -> Result:
        """The function's result, or its exception. Raises Overloaded where too many wait."""
        if self._pending >= self._capacity:
            raise Overloaded(
                f"{self._pending} requests of this kind are waiting already; try again in a moment"
            )
        self._pending += 1
        self._in_progress.inc()
        try:
            # The thread gets the request's context, and with it the request id for its logs.
            context = contextvars.copy_context()
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._executor, context.run, function)
        finally:
            self._pending -= 1
            self._in_progress.dec()

    def close(self) -> None:
        """Starts nothing more. Does not wait: requests still running have outlived the grace."""
        self._executor.shutdown(wait=False, cancel_futures=True)
