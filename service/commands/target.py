"""Where the answers of a run go, as its flags say. Opens it when everything else is known."""

import argparse
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from service.files.errors import FileError
from service.files.formats import STANDARD_INPUT, Format, encoder_of, format_of
from service.files.journal import Progress
from service.files.output import (
    FileOutput,
    Output,
    ParquetOutput,
    Run,
    StreamOutput,
    begun,
    unwritable,
)
from service.files.parquet import ParquetTable
from service.files.rows import Rows

Column = tuple[str, type]  # name, and str or float


@dataclass(frozen=True)
class Target:
    """A file or a stream, and its format."""

    path: Path | None  # None for standard output
    layout: Format
    header: bool
    resume: bool
    overwrite: bool

    @property
    def resumable(self) -> bool:
        """Whether a run that was stopped can be gone on with."""
        parquet = self.layout is Format.PARQUET
        return self.path is not None and not parquet and not _is_stream(self.path)

    def begun(self, run: Run) -> Progress | None:
        """What an earlier run left to go on with. Raises FileError and Complete."""
        if self.path is None or _is_stream(self.path):
            return None
        if self.layout is Format.PARQUET:
            if self.path.exists() and not self.overwrite:
                raise FileError(f"{self.path} exists; --overwrite begins again")
            return None
        return begun(self.path, run, self.resume, self.overwrite)

    def open(
        self, rows: Rows, columns: Sequence[Column], run: Run, progress: Progress | None
    ) -> Output:
        """The output, ready for rows. columns: those that are added. Raises FileError."""
        if self.layout is Format.PARQUET:
            assert self.path is not None
            return _parquet(self.path, rows, columns)
        names = [name for name, _ in columns]
        encoder = encoder_of(self.layout, rows.columns, names, self.header)
        if self.path is None:
            return StreamOutput(sys.stdout.buffer, "standard output", encoder)
        if _is_stream(self.path):
            try:
                stream = self.path.open("wb")
            except OSError as error:
                raise unwritable(self.path, error) from None
            return StreamOutput(stream, str(self.path), encoder)
        return FileOutput(self.path, encoder, run, progress)


def target_of(chosen: argparse.Namespace, layout: Format) -> Target:
    """What the flags say; layout: the format of the input. Raises FileError."""
    path: Path | None = chosen.output
    target = Target(path, _layout(chosen, layout), chosen.header, chosen.resume, chosen.overwrite)
    if path is None:
        if chosen.resume:
            raise FileError("--resume needs --output: standard output keeps nothing to go on with")
        if target.layout is Format.PARQUET:
            raise FileError("Parquet cannot be written to standard output; name a file: --output")
        return target
    if target.layout is Format.PARQUET and chosen.resume:
        raise FileError(
            "Parquet output cannot be continued, because the file ends with an index of itself; "
            "write CSV or JSON lines where a run may have to be resumed"
        )
    source = Path(chosen.file)
    named = chosen.file != STANDARD_INPUT
    if named and source.exists() and path.exists() and path.samefile(source):
        raise FileError(f"{path} is the input; name another file for the output")
    return target


def _layout(chosen: argparse.Namespace, layout: Format) -> Format:
    if chosen.output_format is not None:
        return Format(chosen.output_format)
    if chosen.output is None or not chosen.output.suffix:
        return layout
    return format_of(str(chosen.output), None, "--output-format")


def _is_stream(path: Path) -> bool:
    return path.exists() and not path.is_file()


def _parquet(path: Path, rows: Rows, columns: Sequence[Column]) -> ParquetOutput:
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        return ParquetOutput(ParquetTable(temporary, rows, columns), temporary, path)
    except OSError as error:
        raise unwritable(path, error) from None
