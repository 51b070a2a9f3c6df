"""Reads files of a JSON object a line."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

from training.data.errors import DataError


@contextmanager
def open_lines(path: Path, expected: str) -> Iterator[TextIO]:
    """The file of that path. Raises DataError where it is not there, or not UTF-8.

    expected: what it should hold, as errors call it.
    """
    if not path.is_file():
        raise DataError(f"{path} is not there; expected {expected}")
    try:
        with path.open(encoding="utf-8") as lines:
            yield lines
    except UnicodeDecodeError as error:
        raise DataError(f"{path} is not UTF-8: {error}") from error


def json_object(line: str, path: Path, number: int) -> dict[str, Any]:
    """The object of a line. ``path`` and ``number`` name it in errors. Raises DataError."""
    try:
        record = json.loads(line)
    except ValueError as error:
        raise DataError(f"{path}, line {number}: not JSON ({error})") from error
    if not isinstance(record, dict):
        raise DataError(f"{path}, line {number}: expected a JSON object")
    return record
