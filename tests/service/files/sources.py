"""Inputs made of bytes, for the tests of formats."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from io import FileIO
from pathlib import Path

from service.files.formats import Format, open_rows
from service.files.lines import Lines
from service.files.rows import Row


def rows_of(
    path: Path,
    content: bytes,
    output: Format = Format.JSONL,
    column: str | None = None,
    header: bool = True,
) -> list[Row]:
    """All rows of a file with that content; its suffix says the format."""
    path.write_bytes(content)
    layout = {".txt": "text"}.get(path.suffix, path.suffix[1:])
    rows = open_rows(str(path), Format(layout), output, column, header)
    try:
        return list(rows)
    finally:
        rows.source.close()


@contextmanager
def pipe() -> Iterator[tuple[Lines, FileIO]]:
    """The lines of a pipe, and the end to write into."""
    reading, writing = os.pipe()
    with FileIO(reading) as source, FileIO(writing, "w") as sink:
        yield Lines(source, "pipe"), sink
