"""The file of a teacher: texts with the probabilities that it gives each class.

One JSON object a line. The first names the classes and the teachers; every other holds a text, the
source that it came from and its probabilities in the order of the classes. This module knows
nothing about networks.
"""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from training.data.errors import DataError
from training.data.json_lines import json_object, open_lines

_CONTENT = "texts with a teacher's probabilities, as python -m training teach writes them"


class TaughtRow(NamedTuple):
    """A text, the source that it came from, and a probability for each class."""

    text: str
    source: str
    probabilities: tuple[float, ...]


class TaughtFile(NamedTuple):
    """What a teacher's file holds."""

    labels: tuple[str, ...]
    rows: list[TaughtRow]


def header_line(labels: Sequence[str], teachers: Sequence[dict[str, str]]) -> str:
    return json.dumps({"labels": list(labels), "teachers": list(teachers)}) + "\n"


def row_line(row: TaughtRow) -> str:
    # Six digits are more than a softmax in float32 is worth, and keep tiny ones apart from zero.
    shares = [float(f"{share:.6g}") for share in row.probabilities]
    record = {"source": row.source, "probabilities": shares, "text": row.text}
    return json.dumps(record, ensure_ascii=False) + "\n"


def read_taught(path: Path) -> TaughtFile:
    """Raises DataError, which names the file and the line."""
    with open_lines(path, _CONTENT) as lines:
        return parse_taught(lines, path)


def parse_taught(lines: Iterable[str], path: Path) -> TaughtFile:
    """``path`` names the lines in errors. Raises DataError."""
    numbered = enumerate(lines, start=1)
    _, first = next(numbered, (0, ""))
    header = json_object(first, path, 1)
    labels = header.get("labels")
    if not isinstance(labels, list) or not all(isinstance(label, str) for label in labels):
        raise DataError(f'{path}, line 1: expected "labels", the names of the classes')
    rows = [_row(line, len(labels), path, number) for number, line in numbered]
    return TaughtFile(tuple(labels), rows)


def in_order(file: TaughtFile, labels: Sequence[str], path: Path) -> np.ndarray:
    """The probabilities (float32, rows x classes) in the order of ``labels``. Raises DataError."""
    if sorted(file.labels) != sorted(labels):
        raise DataError(
            f"{path} has the classes {', '.join(file.labels)}; expected {', '.join(labels)}"
        )
    columns = [file.labels.index(label) for label in labels]
    shares = np.array([row.probabilities for row in file.rows], dtype=np.float32)
    return shares.reshape(len(file.rows), len(labels))[:, columns]


def _row(line: str, classes: int, path: Path, number: int) -> TaughtRow:
    record = json_object(line, path, number)
    text, source = record.get("text"), record.get("source")
    shares = _distribution(record.get("probabilities"), classes)
    if not isinstance(text, str) or not isinstance(source, str) or shares is None:
        raise DataError(
            f"{path}, line {number}: expected a text, its source and {classes} probabilities that "
            "add up to 1"
        )
    return TaughtRow(text, source, shares)


def _distribution(shares: Any, classes: int) -> tuple[float, ...] | None:
    """None where they are no distribution over so many classes."""
    if not isinstance(shares, list) or len(shares) != classes:
        return None
    numbers = all(isinstance(share, float | int) and 0 <= share <= 1 for share in shares)
    return tuple(shares) if numbers and abs(sum(shares) - 1) < 1e-3 else None
