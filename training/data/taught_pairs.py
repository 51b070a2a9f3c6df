"""The file of a translator that teaches: texts with the translations that it gives them.

One JSON object a line. The first names the languages and the teachers; every other holds a text,
the source that it came from and its translation. This module knows nothing about networks.
"""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from training.data.errors import DataError
from training.data.json_lines import json_object, open_lines

_CONTENT = "texts with a teacher's translations, as python -m training teach writes them"


class TaughtPair(NamedTuple):
    """A text, the source that it came from, and its translation, empty where none was found."""

    text: str
    source: str
    translation: str


class TaughtPairsFile(NamedTuple):
    """What such a file holds. languages: of the texts and of the translations."""

    languages: tuple[str, str]
    rows: list[TaughtPair]


def pairs_header(languages: tuple[str, str], teachers: Sequence[dict[str, str]]) -> str:
    return json.dumps({"languages": list(languages), "teachers": list(teachers)}) + "\n"


def pair_line(row: TaughtPair) -> str:
    return json.dumps(row._asdict(), ensure_ascii=False) + "\n"


def read_taught_pairs(path: Path, languages: tuple[str, str]) -> list[TaughtPair]:
    """Raises DataError, which names the file and the line, also for other languages."""
    with open_lines(path, _CONTENT) as lines:
        file = parse_taught_pairs(lines, path)
    if file.languages != languages:
        raise DataError(
            f"{path} translates from {file.languages[0]} to {file.languages[1]}; expected "
            f"{languages[0]} to {languages[1]}"
        )
    return file.rows


def parse_taught_pairs(lines: Iterable[str], path: Path) -> TaughtPairsFile:
    """``path`` names the lines in errors. Raises DataError."""
    numbered = enumerate(lines, start=1)
    _, first = next(numbered, (0, ""))
    languages = json_object(first, path, 1).get("languages")
    if (
        not isinstance(languages, list)
        or len(languages) != 2
        or not all(isinstance(language, str) for language in languages)
    ):
        raise DataError(
            f'{path}, line 1: expected "languages", those of the texts and of the translations'
        )
    source, target = languages
    return TaughtPairsFile((source, target), [_row(line, path, n) for n, line in numbered])


def _row(line: str, path: Path, number: int) -> TaughtPair:
    record = json_object(line, path, number)
    values = [record.get(name) for name in TaughtPair._fields]
    if not all(isinstance(value, str) for value in values):
        raise DataError(f"{path}, line {number}: expected a text, its source and its translation")
    return TaughtPair(*map(str, values))
