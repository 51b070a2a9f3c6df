"""Files of lines, closed after the test."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from io import FileIO
from pathlib import Path

import pytest

from service.files.lines import Lines

LinesOf = Callable[[bytes], Lines]


@pytest.fixture
def lines_of(tmp_path: Path) -> Iterator[LinesOf]:
    """Makes the lines of a file with some content."""
    with ExitStack() as stack:

        def make(content: bytes) -> Lines:
            path = tmp_path / f"lines-{len(list(tmp_path.iterdir()))}"
            path.write_bytes(content)
            return Lines(stack.enter_context(FileIO(path)), path.name)

        yield make
