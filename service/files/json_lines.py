"""JSON lines: an object a line. What stands in it is written again as it was."""

import json
from collections.abc import Iterator, Sequence
from itertools import chain

from service.errors import quote
from service.files.errors import BadRow, FileError
from service.files.lines import Lines
from service.files.rows import Row, Rows, as_json, text_column


def read_json_lines(lines: Lines, column: str | None, fixed: bool) -> Rows:
    """The rows of JSON lines.

    column: the field of the texts. fixed: whether every row must have the fields of the first, as
    a table needs. Raises FileError where the first row lacks the column.
    """
    records = _records(lines)
    first = next(records, None)
    if first is None:
        return Rows(lines, (), iter(()))
    columns = tuple(first.values)
    if first.problem:
        if fixed:
            raise FileError(
                f"{lines.name}, {first.place}: {first.problem}; the output takes its columns from "
                "the first line"
            )
    else:
        column = text_column(lines.name, columns, column)
    rows = _rows(chain([first], records), column, columns if fixed else None)
    return Rows(lines, columns, rows)


def _records(lines: Lines) -> Iterator[Row]:
    """Rows without their texts."""
    for line in lines:
        place, problem = f"line {lines.number}", lines.problem
        lines.problem = ""
        if problem:
            yield Row(place, problem=problem)
            continue
        try:
            value = json.loads(line)
            if "\\u" in line:
                json.dumps(value, ensure_ascii=False).encode()
        except UnicodeEncodeError:
            yield Row(place, problem="it holds half of a surrogate pair, which is no character")
        except (ValueError, RecursionError) as error:
            what = "an empty line" if not line.strip() else f"no JSON ({error})"
            yield Row(place, problem=f"{what}; expected one object a line")
        else:
            if isinstance(value, dict):
                yield Row(place, values=value, original=line)
            else:
                yield Row(place, problem="no JSON object; expected one object a line")


def _rows(records: Iterator[Row], column: str | None, fixed: Sequence[str] | None) -> Iterator[Row]:
    for row in records:
        if not row.problem:
            if column is None:  # the first row could not be read
                column = text_column(row.place, tuple(row.values), None)
            row.problem = _problem(row, column, fixed)
            if not row.problem:
                row.text = _as_text(row.values[column]) or ""
        yield row


def _problem(row: Row, column: str, fixed: Sequence[str] | None) -> str:
    if column not in row.values:
        return f"no {quote(column)}; it has {', '.join(map(quote, row.values)) or 'nothing'}"
    if _as_text(row.values[column]) is None:
        value = row.values[column]
        kind = "null" if value is None else type(value).__name__
        return f"{quote(column)} is {kind}; expected a text"
    if fixed is not None:
        for name in row.values:
            if name not in fixed:
                return (
                    f"{quote(name)} is no field of the first line, which gave the output its "
                    "columns; write JSON lines"
                )
    return ""


def _as_text(value: object) -> str | None:
    if isinstance(value, str):
        return value
    if isinstance(value, bool | int | float):
        return json.dumps(value)
    return None


class JsonEncoder:
    """Objects with the answers in further fields."""

    def __init__(self, answers: Sequence[str]) -> None:
        self._answers = answers

    def header(self) -> bytes:
        """Nothing stands before the first row."""
        return b""

    def encode(self, row: Row, answers: Sequence[object] | None) -> bytes:
        """The line of a row; its answers are null where it has none."""
        values = answers or [None] * len(self._answers)
        added = dict(zip(self._answers, values, strict=True))
        for name in self._answers:
            if name in row.values:
                raise BadRow(
                    f"{row.place} has a field {quote(name)} already; name the answers' fields with "
                    "--prefix, such as --prefix predicted_"
                )
        if isinstance(row.original, str):
            # Put in behind the object's own text, so that no number is written another way.
            kept = row.original.strip()[:-1].rstrip()
            comma = ", " if row.values else ""
            line = f"{kept}{comma}{as_json(added)[1:]}"
        else:
            line = as_json({**row.values, **added})
        return line.encode("utf-8", "replace") + b"\n"
