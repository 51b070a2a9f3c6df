"""Progress of long work on standard error: loss, tokens per second and time left.

Knows nothing about the work. A terminal gets a bar; a log file gets a line every half minute.
"""

import sys
import time
from types import TracebackType
from typing import Self

from tqdm import tqdm

LINE_EVERY = 30.0  # seconds


class Progress:
    """One bar an epoch, with the time left until the last epoch."""

    def __init__(self, epochs: int, quiet: bool = False) -> None:
        self.epochs = epochs
        self.tokens_per_second = 0.0
        self._quiet = quiet
        self._bar: tqdm[None] | None = None
        self._terminal = sys.stderr.isatty()
        self._epoch = self._batch = self._batches = 0
        self._loss: float | None = None
        self._began: tuple[float, float] | None = None  # (clock, epochs done) at the first step
        self._ticked = self._lined = time.monotonic()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._close()

    def start_epoch(self, epoch: int, batch: int, batches: int) -> None:
        """``epoch`` and ``batch`` count from 0."""
        self._close()
        self._epoch, self._batch, self._batches = epoch, batch, batches
        self._ticked = time.monotonic()
        if self._began is None:
            self._began = (self._ticked, self._done())
        if self._terminal and not self._quiet:
            self._bar = tqdm(
                total=batches, initial=batch, desc=f"epoch {epoch + 1}/{self.epochs}", unit="batch"
            )

    def step(self, loss: float, tokens: int) -> None:
        """One batch is done."""
        now = time.monotonic()
        rate = tokens / max(now - self._ticked, 1e-9)
        self._ticked = now
        smooth = 0.98 if self.tokens_per_second else 0.0
        self.tokens_per_second = smooth * self.tokens_per_second + (1 - smooth) * rate
        self._loss = loss if self._loss is None else 0.98 * self._loss + 0.02 * loss
        self._batch += 1
        if self._quiet:
            return
        if self._bar is not None:
            self._bar.set_postfix_str(self._figures(), refresh=False)
            self._bar.update()
        elif now - self._lined > LINE_EVERY:
            self._lined = now
            place = f"epoch {self._epoch + 1}/{self.epochs} {self._batch}/{self._batches}"
            print(f"{place}  {self._figures()}", file=sys.stderr, flush=True)

    def say(self, message: str) -> None:
        """A line of its own."""
        if self._quiet:
            return
        if self._bar is not None:
            self._bar.write(message, file=sys.stderr)
        else:
            print(message, file=sys.stderr, flush=True)
        self._ticked = time.monotonic()  # what was just said (a validation) is not training time

    def _done(self) -> float:
        return self._epoch + self._batch / max(self._batches, 1)

    def _figures(self) -> str:
        left = "?"
        if self._began is not None:
            clock, done = self._began
            gained = self._done() - done
            if gained > 0:
                seconds = (time.monotonic() - clock) / gained * (self.epochs - self._done())
                left = (
                    f"{int(seconds // 3600)}:{int(seconds // 60 % 60):02d}:{int(seconds % 60):02d}"
                )
        loss = 0.0 if self._loss is None else self._loss
        return f"loss {loss:.3f}, {self.tokens_per_second:,.0f} tokens/s, {left} left"

    def _close(self) -> None:
        if self._bar is not None:
            self._bar.close()
            self._bar = None
