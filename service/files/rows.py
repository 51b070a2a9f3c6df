"""A row of a file of texts, and what reads rows. Pure: no I/O."""

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from service.errors import quote
from service.files.errors import FileError

TEXT_COLUMN = "text"  # what the column of the texts is called where nobody says otherwise


@dataclass(slots=True)
class Row:
    """One row: where it stands, its text, and everything beside it that is to be kept."""

    place: str  # such as "line 7", where it begins
    text: str = ""
    values: Mapping[str, object] = field(default_factory=dict)  # by column
    problem: str = ""  # why it could not be read; then it has neither text nor values
    original: object = None  # what its format can write again more exactly than its values


class Source(Protocol):
    """What rows are made from. `name` is what messages call it."""

    name: str

    def ready(self) -> bool:
        """Whether there is more to be had without waiting (or nothing at all any more)."""

    def fingerprint(self) -> str:
        """A digest of everything that rows were made from so far."""

    def share(self) -> float | None:
        """How much of it has been read, 0 to 1; None where nobody knows."""

    def close(self) -> None:
        """Nothing more is to be read."""


@dataclass
class Rows:
    """The rows of an input, once, in order."""

    source: Source
    columns: tuple[str, ...]
    rows: Iterator[Row]

    def __iter__(self) -> Iterator[Row]:
        return self.rows


def check_names(name: str, columns: Sequence[str]) -> None:
    """Raises FileError where two columns have one name. name: of the file."""
    for column in columns:
        if columns.count(column) > 1:
            raise FileError(
                f"{name} has {columns.count(column)} columns called {quote(column)}; give each a "
                "name of its own"
            )


def text_column(name: str, columns: Sequence[str], wanted: str | None) -> str:
    """The column of the texts: the one wanted, else "text", else the only one.

    name: of the file. Raises FileError.
    """
    shown = ", ".join(map(quote, columns)) or "none"
    if wanted is not None:
        if wanted not in columns:
            raise FileError(f"{name} has no column {quote(wanted)}; its columns are {shown}")
        return wanted
    if TEXT_COLUMN in columns:
        return TEXT_COLUMN
    if len(columns) == 1:
        return columns[0]
    raise FileError(f"{name}: name the column of the texts with --column; its columns are {shown}")


def as_cell(value: object) -> str:
    """A value as the text that stands for it in a table; empty for none."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, bool | dict | list):
        return as_json(value)
    return _as_text(value)


def as_json(value: object) -> str:
    """A value as JSON. What JSON has no word for is null, if it is a number, else its text."""
    try:
        return json.dumps(value, ensure_ascii=False, default=_as_text, allow_nan=False)
    except ValueError:
        return json.dumps(_finite(value), ensure_ascii=False, default=_as_text)


def _as_text(value: object) -> str:
    # Many writers of Parquet keep their texts in columns of bytes.
    return value.decode("utf-8", "backslashreplace") if isinstance(value, bytes) else str(value)


def _finite(value: object) -> object:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {name: _finite(part) for name, part in value.items()}
    return [_finite(part) for part in value] if isinstance(value, list | tuple) else value
