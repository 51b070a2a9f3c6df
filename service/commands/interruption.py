"""SIGINT and SIGTERM as an exception, at a moment when nothing is half done.

Owned by the main thread, which alone gets signals.
"""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Self

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Interrupted(BaseException):
    """A signal asked for the end. As KeyboardInterrupt, it is no error of whatever it ended."""

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)
        self.status = 128 + number  # as shells report it


class Interruption:
    """While it is entered, the first signal raises Interrupted, and a second ends the process."""

    def __init__(self) -> None:
        self._held = False
        self._number: int | None = None  # of the signal that came

    def __enter__(self) -> Self:
        self._former = [signal.signal(number, self._handle) for number in _SIGNALS]
        return self

    def __exit__(self, *_: object) -> None:
        for number, former in zip(_SIGNALS, self._former, strict=True):
            signal.signal(number, former)

    @contextmanager
    def held(self) -> Iterator[None]:
        """What is done inside is done to its end, and the signal raises after it."""
        self._held = True
        try:
            yield
        finally:
            self._held = False
        if self._number is not None:
            raise Interrupted(self._number)

    def _handle(self, number: int, frame: FrameType | None) -> None:
        if self._number is not None:
            os._exit(128 + number)
        self._number = number
        if not self._held:
            raise Interrupted(number)
