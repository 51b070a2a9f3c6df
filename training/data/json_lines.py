"""Reads files of a JSON object a line."""

import json
from pathlib import Path
from typing import Any

from training.data.errors import DataError


def json_object(line: str, path: Path, number: int) -> dict[str, Any]:
    """The object of a line. ``path`` and ``number`` name it in errors. Raises DataError."""
    try:
        record = json.loads(line)
    except ValueError as error:
        raise DataError(f"{path}, line {number}: not JSON ({error})") from error
    if not isinstance(record, dict):
        raise DataError(f"{path}, line {number}: expected a JSON object")
    return record
