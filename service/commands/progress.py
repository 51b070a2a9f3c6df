"""How far a run has come, as one line on a terminal that is written over again and again.

Where standard error is no terminal there is no such line; notes are written in any case.
"""

import time
from typing import TextIO

_INTERVAL = 0.2  # seconds between two lines
_CLEAR = "\r\x1b[K"


class ProgressLine:
    """The line, and the notes that must not be lost in it."""

    def __init__(self, stream: TextIO, command: str, quiet: bool) -> None:
        self._stream = stream
        self._command = command
        self._shown = not quiet and stream.isatty()
        self._began = time.perf_counter()
        self._next = 0.0  # when the line is written again
        self._before = 0  # rows that an earlier run did

    def resume(self, rows: int) -> None:
        """That many rows were done before."""
        self._before = rows
        self._began = time.perf_counter()

    def show(self, rows: int, share: float | None) -> None:
        """rows: done so far; share: of the input, 0 to 1, where it is known."""
        now = time.perf_counter()
        if not self._shown or now < self._next:
            return
        self._next = now + _INTERVAL
        line = describe(rows, rows - self._before, now - self._began, share)
        self._stream.write(f"{_CLEAR}{self._command}: {line}")
        self._stream.flush()

    def note(self, text: str) -> None:
        """A line that stays."""
        self.end()
        self._stream.write(f"{self._command}: {text}\n")
        self._stream.flush()

    def end(self) -> None:
        """Take the line away."""
        if self._shown:
            self._stream.write(_CLEAR)
            self._stream.flush()


def describe(rows: int, new: int, seconds: float, share: float | None) -> str:
    """rows: done; new: of them, in this run of so many seconds; share: of the input read."""
    rate = new / seconds if seconds > 0 else 0.0
    parts = [f"{rows:,} rows", f"{rate:,.0f} a second"]
    if share:
        parts.insert(1, f"{share:.0%}")
        total = rows / share
        if rate > 0:
            parts.append(f"{_clock((total - rows) / rate)} left")
    return ", ".join(parts)


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(max(0.0, seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
