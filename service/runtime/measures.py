"""What an engine measures of itself. The service counts it (`service.metrics`); others need not."""

from typing import Protocol


class Measures(Protocol):
    """Called from the engine's thread."""

    def batch(self, rows: int, tokens: int, seconds: float) -> None:
        """A batch was computed by a one-shot graph: rows, tokens with padding, time."""

    def step(self, rows: int, seconds: float) -> None:
        """A decoder took a step: its rows, and the time with search and encoding."""

    def load(self, waiting: int, running: int) -> None:
        """Rows that wait and sequences that are decoded, now."""


class Unmeasured:
    """For engines that nobody watches."""

    def batch(self, rows: int, tokens: int, seconds: float) -> None:
        """Forget it."""

    def step(self, rows: int, seconds: float) -> None:
        """Forget it."""

    def load(self, waiting: int, running: int) -> None:
        """Forget it."""
