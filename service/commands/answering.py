"""Answers a file of texts, window by window, with bounded memory and answers in its order.

Knows the rows and what answers texts, and nothing about tasks or formats. A window is as many rows
as fill the model's batches well; inside it the pipeline sorts by length. What is written of a
window is written as a whole.
"""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from enum import StrEnum
from itertools import islice
from typing import Protocol

from service.errors import TextError
from service.files.errors import BadRow, FileError
from service.files.journal import Progress
from service.files.output import Output
from service.files.rows import Row, Rows

_NAMED = 20  # bad rows that are named one by one

Answers = tuple[object, ...]  # one for each column that is added


class OnError(StrEnum):
    """What becomes of a row that cannot be answered."""

    STOP = "stop"  # the run ends there
    SKIP = "skip"  # the row is left out
    BLANK = "blank"  # the row is kept, without answers


class Answerer(Protocol):
    """A loaded model as a command sees it."""

    window_rows: int  # rows that are answered together, at most
    window_characters: int  # of their texts; one more text may begin below that

    def check(self, text: str) -> None:
        """Raises TextError for a text that cannot be answered."""

    def answer(self, texts: Sequence[str]) -> Sequence[Answers]:
        """The answers to each text. Raises TextError."""


class Terminal(Protocol):
    """Who watches, and may want it to end."""

    def held(self) -> AbstractContextManager[None]:
        """What is done inside is not interrupted."""

    def show(self, rows: int, share: float | None) -> None:
        """How far it has come; see `ProgressLine`."""

    def note(self, text: str) -> None:
        """What has to be said in any case."""


class Answering:
    """One run over an input. `rows` and `bad` count what has been done."""

    def __init__(
        self, rows: Rows, answerer: Answerer, on_error: OnError, terminal: Terminal
    ) -> None:
        self.rows = 0  # of the input
        self.bad = 0  # of these, have no answer
        self._input = rows
        self._answerer = answerer
        self._on_error = on_error
        self._terminal = terminal
        self._known = (0, "")  # rows that are written as a whole window, and their fingerprint
        self._broken = False  # what is read behind them is no row, but in the fingerprint

    def resume(self, progress: Progress) -> None:
        """Pass over the rows that an earlier run answered.

        Raises FileError where they are not the same.
        """
        passed = sum(1 for _ in islice(self._input, progress.known_rows))
        same = not progress.known_rows or self._input.source.fingerprint() == progress.fingerprint
        passed += sum(1 for _ in islice(self._input, progress.rows - progress.known_rows))
        if not same or passed < progress.rows:
            raise FileError(
                f"the first {progress.rows:,} rows of the input are not those that the output was "
                "begun with; give the same input, or begin again with --overwrite"
            )
        self.rows = progress.rows
        self._known = (progress.known_rows, progress.fingerprint)

    def run(self, output: Output) -> None:
        """Answer all rows that are left. Raises BadRow where one ends the run, and FileError."""
        answerer = self._answerer
        rows = self._until_broken()
        for window in windows(rows, answerer.window_rows, answerer.window_characters):
            self._run(window, output)
            self._terminal.show(self.rows, self._input.source.share())
        if self.bad > _NAMED:
            self._terminal.note(f"and {self.bad - _NAMED:,} more")
        output.finish()

    def _until_broken(self) -> Rows:
        """The rows of the input, whose end by an error is noted."""

        def rows() -> Iterator[Row]:
            try:
                yield from self._input
            except FileError:
                self._broken = True
                raise

        return replace(self._input, rows=rows())

    def _run(self, window: Sequence[Row], output: Output) -> None:
        problems = [row.problem or _blank(row.text) for row in window]
        answers = self._answers(window[: self._end(problems)], problems)
        end = self._end(problems)
        answered = [
            (row, values)
            for row, values in zip(window[:end], answers, strict=False)
            if values is not None or self._on_error is OnError.BLANK
        ]
        with self._terminal.held():
            if end == len(window) and not self._broken:
                self._known = (self.rows + end, self._input.source.fingerprint())
            self.rows += end
            output.write(answered, self.rows, *self._known)
        for row, problem in zip(window[: end + 1], problems, strict=False):
            if problem:
                self._report(row, problem)

    def _end(self, problems: Sequence[str]) -> int:
        """How many rows are done, given what is wrong with each."""
        if self._on_error is OnError.STOP:
            return next((i for i, problem in enumerate(problems) if problem), len(problems))
        return len(problems)

    def _answers(self, window: Sequence[Row], problems: list[str]) -> list[Answers | None]:
        """The answers of each row that has no problem; what else is found wrong is added."""
        try:
            return self._computed(window, problems)
        except TextError:
            for i, row in enumerate(window):
                if not problems[i]:
                    try:
                        self._answerer.check(row.text)
                    except TextError as error:
                        problems[i] = error.reason
            return self._computed(window[: self._end(problems)], problems)

    def _computed(self, window: Sequence[Row], problems: Sequence[str]) -> list[Answers | None]:
        texts = [row.text for row, bad in zip(window, problems, strict=False) if not bad]
        answers = iter(self._answerer.answer(texts) if texts else ())
        return [None if bad else next(answers) for _, bad in zip(window, problems, strict=False)]

    def _report(self, row: Row, problem: str) -> None:
        if self._on_error is OnError.STOP:
            raise BadRow(
                f"{self._input.source.name}, {row.place}: {problem}. The rows before it are "
                "answered; --on-error skip leaves such rows out, --on-error blank keeps them "
                "without an answer"
            )
        self.bad += 1
        if self.bad <= _NAMED:
            done = "left out" if self._on_error is OnError.SKIP else "kept without an answer"
            self._terminal.note(f"{row.place}: {problem}; {done}")


def windows(rows: Rows, most_rows: int, most_characters: int) -> Iterator[list[Row]]:
    """The rows in lists of bounded size; shorter ones where more would have to be waited for."""
    window: list[Row] = []
    characters = 0
    try:
        for row in rows:
            window.append(row)
            characters += len(row.text)
            full = len(window) >= most_rows or characters >= most_characters
            if full or not rows.source.ready():
                yield window
                window, characters = [], 0
    except FileError:
        # The rest cannot be read. What was read before is answered nevertheless.
        if window:
            yield window
        raise
    if window:
        yield window


def _blank(text: str) -> str:
    if text.strip():
        return ""
    return f"the text is {'only white space' if text else 'empty'}"
