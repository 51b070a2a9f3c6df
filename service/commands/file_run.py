"""One run of a command over a file: what is read, what answers, where it goes, and how it ends.

Everything that can be wrong is looked for before the first row is answered, cheapest first.
"""

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from typing import Protocol

from service.artifact import Artifact
from service.commands.answering import Answerer, Answering, OnError
from service.commands.interruption import Interrupted, Interruption
from service.commands.progress import ProgressLine
from service.commands.target import Column, Target, target_of
from service.errors import quote
from service.files.errors import FileError
from service.files.formats import Format, format_of, open_rows
from service.files.output import Complete
from service.files.rows import Rows

__all__ = ["Column", "LoadedAnswerer", "Terminal", "run_file"]

Choices = Mapping[str, str | int | bool | None]


class LoadedAnswerer(Answerer, Protocol):
    """What answers, and which columns it adds."""

    artifact: Artifact
    columns: tuple[Column, ...]

    def close(self) -> None:
        """It is not needed any more."""


class Terminal:
    """Who watches a run, and may want it to end."""

    def __init__(self, line: ProgressLine, interruption: Interruption) -> None:
        self._line = line
        self._interruption = interruption

    def held(self) -> AbstractContextManager[None]:
        """What is done inside is not interrupted."""
        return self._interruption.held()

    def show(self, rows: int, share: float | None) -> None:
        """How far it has come; see `ProgressLine`."""
        self._line.show(rows, share)

    def note(self, text: str) -> None:
        """What has to be said in any case."""
        self._line.note(text)


def run_file(
    chosen: argparse.Namespace, load: Callable[[], LoadedAnswerer], choices: Choices
) -> int:
    """Answers a file and returns the exit status.

    chosen: see `arguments`. load: what gives the model. choices: those that decide the answers, so
    that a run cannot go on with others. Raises FileError, and whatever `load` does.
    """
    line = ProgressLine(sys.stderr, chosen.command, chosen.quiet)
    answering: Answering | None = None
    target: Target | None = None
    with Interruption() as interruption, ExitStack() as stack:
        stack.callback(line.end)
        try:
            layout = format_of(chosen.file, chosen.format, "--format")
            target = target_of(chosen, layout)
            rows = open_rows(chosen.file, layout, target.layout, chosen.column, chosen.header)
            stack.callback(rows.source.close)
            answerer = load()
            stack.callback(answerer.close)
            columns = _added(answerer.columns, chosen.prefix, rows, target.layout)
            run = _facts(chosen, answerer.artifact, choices, layout, target.layout)
            progress = target.begun(run)
            terminal = Terminal(line, interruption)
            answering = Answering(rows, answerer, OnError(chosen.on_error), terminal)
            if progress is not None:
                answering.resume(progress)
                line.resume(progress.rows)
            output = target.open(rows, columns, run, progress)
            stack.callback(output.close)
            answering.run(output)
        except Complete as complete:
            line.note(str(complete))
        except Interrupted as interrupted:
            line.note(_stopped(answering, target))
            return interrupted.status
    return 0


def _added(columns: Sequence[Column], prefix: str, rows: Rows, layout: Format) -> list[Column]:
    """The columns of the answers. Raises FileError where the input has one of that name."""
    added = [(f"{prefix}{name}", kind) for name, kind in columns]
    taken = [name for name, _ in added if name in rows.columns]
    if taken and layout is not Format.TEXT:
        raise FileError(
            f"the input has a column {quote(taken[0])} already; name the answers' columns with "
            "--prefix, such as --prefix predicted_"
        )
    return added


def _facts(
    chosen: argparse.Namespace,
    artifact: Artifact,
    choices: Choices,
    layout: Format,
    output: Format,
) -> dict[str, str | int | bool | None]:
    """What decides the answers and how they are written."""
    return {
        "command": chosen.command,
        "model": f"{artifact.name} {artifact.version}",
        "digest": artifact.manifest.digest,
        **choices,
        "format": layout.value,
        "output_format": output.value,
        "column": chosen.column,
        "header": chosen.header,
        "prefix": chosen.prefix,
        "on_error": chosen.on_error,
    }


def _stopped(answering: Answering | None, target: Target | None) -> str:
    if answering is None or target is None:
        return "stopped before the first row"
    done = f"stopped after {answering.rows:,} rows"
    return f"{done}; --resume goes on from there" if target.resumable else done
