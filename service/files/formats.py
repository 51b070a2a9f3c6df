"""The formats of files of texts: which one a name means, and what reads it.

The one table from format to reader and encoder.
"""

import os
from collections.abc import Sequence
from enum import StrEnum
from io import FileIO
from pathlib import Path
from typing import Protocol

from service.errors import quote
from service.files.delimited import DelimitedEncoder, read_delimited
from service.files.errors import FileError
from service.files.json_lines import JsonEncoder, read_json_lines
from service.files.lines import Lines
from service.files.parquet import read_parquet
from service.files.plain_text import TextEncoder, read_text
from service.files.rows import Row, Rows

STANDARD_INPUT = "-"


class Format(StrEnum):
    """How rows are laid out in a file."""

    TEXT = "text"
    CSV = "csv"
    TSV = "tsv"
    JSONL = "jsonl"
    PARQUET = "parquet"


_SUFFIXES = {
    ".txt": Format.TEXT,
    ".csv": Format.CSV,
    ".tsv": Format.TSV,
    ".jsonl": Format.JSONL,
    ".ndjson": Format.JSONL,
    ".parquet": Format.PARQUET,
}
_TABLES = (Format.CSV, Format.TSV, Format.PARQUET)  # every row has the same columns


class Encoder(Protocol):
    """Turns rows with their answers into bytes."""

    def header(self) -> bytes:
        """What stands before the first row."""

    def encode(self, row: Row, answers: Sequence[object] | None) -> bytes:
        """A row with its answers, or with none."""


def format_of(name: str, wanted: str | None, flag: str) -> Format:
    """The format of a file: the one wanted, or the one that its suffix means.

    Standard input is plain text unless somebody says otherwise. flag: the option that says so.
    Raises FileError.
    """
    if wanted is not None:
        return Format(wanted)
    if name == STANDARD_INPUT:
        return Format.TEXT
    found = _SUFFIXES.get(Path(name).suffix.lower())
    if found is None:
        raise FileError(
            f"the suffix of {quote(name)} says nothing about its format; known are "
            f"{', '.join(_SUFFIXES)}: say it with {flag}"
        )
    return found


def open_rows(
    name: str, layout: Format, output: Format, column: str | None = None, header: bool = True
) -> Rows:
    """The rows of a file, or of standard input for "-".

    output: the format that they will be written in. column: that of the texts. header: whether
    the first line of CSV and TSV holds the names of the columns. Raises FileError.
    """
    if layout is Format.PARQUET:
        if name == STANDARD_INPUT:
            raise FileError("Parquet cannot be read from standard input; give the file's name")
        return read_parquet(Path(name), column, values=output is not Format.PARQUET)
    lines = _open_lines(name)
    try:
        if layout is Format.TEXT:
            if column is not None:
                raise FileError(f"plain text has no columns; leave out --column {column}")
            return read_text(lines)
        if layout is Format.JSONL:
            return read_json_lines(lines, column, fixed=output in _TABLES)
        return read_delimited(lines, layout is Format.TSV, header, column)
    except BaseException:
        lines.close()
        raise


def encoder_of(
    layout: Format, columns: Sequence[str], answers: Sequence[str], header: bool
) -> Encoder:
    """What writes rows in any format but Parquet: see `DelimitedEncoder`."""
    if layout is Format.TEXT:
        return TextEncoder()
    if layout is Format.JSONL:
        return JsonEncoder(answers)
    return DelimitedEncoder(columns, answers, layout is Format.TSV, header)


def _open_lines(name: str) -> Lines:
    if name == STANDARD_INPUT:
        return Lines(FileIO(0, closefd=False), "standard input")
    try:
        return Lines(FileIO(name), name)
    except OSError as error:
        raise FileError(f"{name} cannot be read: {os.strerror(error.errno or 0)}") from None
