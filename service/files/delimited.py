"""CSV and TSV, with a first line of names or without.

CSV has quoted fields, which may hold line breaks; TSV has none: one line is one row. They are what
they are for `training` too.
"""

import csv
import io
from collections.abc import Iterator, Sequence
from itertools import chain

from service.files.errors import FileError
from service.files.lines import MAX_LINE_BYTES, Lines
from service.files.plain_text import plain_line
from service.files.rows import Row, Rows, as_cell, check_names, text_column

Record = tuple[str, list[str], str]  # place, fields, problem


def read_delimited(lines: Lines, tabs: bool, header: bool, column: str | None) -> Rows:
    """The rows of a delimited file.

    header: whether the first line holds the names; else they are "1", "2" and so on. column: that
    of the texts. Raises FileError where there is no header, or no such column.
    """
    records = _tab_records(lines) if tabs else _comma_records(lines)
    first = next(records, None)
    if first is None:
        if not header:
            return Rows(lines, (), iter(()))
        raise FileError(f"{lines.name} is empty; expected a first line with the names of columns")
    place, names, problem = first
    if problem:
        raise FileError(f"{lines.name}, {place}: {problem}")
    if not header:
        names = [str(number) for number in range(1, len(names) + 1)]
        records = chain([first], records)
    check_names(lines.name, names)
    wanted = text_column(lines.name, names, column)
    return Rows(lines, tuple(names), _rows(records, names, wanted))


def _rows(records: Iterator[Record], names: Sequence[str], column: str) -> Iterator[Row]:
    for place, fields, problem in records:
        if not problem and len(fields) != len(names):
            problem = f"{len(fields)} fields; expected {len(names)}, as in the first line"
        if problem:
            yield Row(place, problem=problem)
        else:
            values = dict(zip(names, fields, strict=True))
            yield Row(place, values[column], values)


def _tab_records(lines: Lines) -> Iterator[Record]:
    for line in lines:
        yield f"line {lines.number}", line.removesuffix("\r").split("\t"), lines.problem
        lines.problem = ""


def _comma_records(lines: Lines) -> Iterator[Record]:
    former = csv.field_size_limit(MAX_LINE_BYTES)
    try:
        reader = csv.reader((f"{line}\n" for line in lines), strict=True)
        while True:
            number, lines.problem = lines.number + 1, ""
            try:
                fields = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                yield f"line {number}", [], _csv_problem(lines, number, error)
                continue
            if fields:  # a blank line is no row
                yield f"line {number}", fields, lines.problem
    finally:
        csv.field_size_limit(former)


def _csv_problem(lines: Lines, number: int, error: csv.Error) -> str:
    """What to say of a row that is no CSV. Raises FileError where no next row can be found."""
    if "unexpected end" in str(error) or "field limit" in str(error):
        raise FileError(
            f"{lines.name}, line {number}: a quoted field begins in this row and does not end; "
            "expected a closing quote, and quotes doubled inside a quoted field"
        ) from None
    return f"no CSV ({error}); expected quotes doubled inside a quoted field"


class DelimitedEncoder:
    """Rows of CSV or TSV with the answers in further columns."""

    def __init__(
        self, columns: Sequence[str], answers: Sequence[str], tabs: bool, header: bool
    ) -> None:
        """columns: those of the input, kept; answers: the columns that are added."""
        self._columns = columns
        self._answers = answers
        self._tabs = tabs
        self._header = header

    def header(self) -> bytes:
        """The names of the columns, where they are wanted."""
        return self._line([*self._columns, *self._answers]) if self._header else b""

    def encode(self, row: Row, answers: Sequence[object] | None) -> bytes:
        """The lines of a row; the answers' fields are empty where it has none."""
        kept = [row.values.get(column) for column in self._columns]
        return self._line([*kept, *(answers or [None] * len(self._answers))])

    def _line(self, fields: Sequence[object]) -> bytes:
        if self._tabs:
            return plain_line(fields)
        buffer = io.StringIO()
        # The writer quotes a field for the characters of the line's end, so CR has to be in it.
        csv.writer(buffer, lineterminator="\r\n").writerow(map(as_cell, fields))
        return (buffer.getvalue()[:-2] + "\n").encode("utf-8", "replace")
