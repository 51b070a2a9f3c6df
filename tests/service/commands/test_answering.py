"""Windows of rows: bounded, complete, and early where a source is slow; progress in words."""

import signal
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.commands.answering import windows
from service.commands.interruption import Interrupted, Interruption
from service.commands.progress import describe
from service.files.rows import Row, Rows


class Script:
    """A source that is ready as a script says."""

    name = "script"

    def __init__(self, ready: list[bool]) -> None:
        self._ready = iter(ready)

    def ready(self) -> bool:
        return next(self._ready)

    def fingerprint(self) -> str:
        return ""

    def share(self) -> float | None:
        return None

    def close(self) -> None:
        pass


def rows(texts: list[str]) -> Iterator[Row]:
    return (Row(f"line {n}", text) for n, text in enumerate(texts, start=1))


@given(
    rows_=st.lists(st.tuples(st.integers(0, 30), st.booleans())),
    most_rows=st.integers(1, 5),
    most_characters=st.integers(1, 40),
)
def test_windows_hold_every_row_once_within_bounds(
    rows_: list[tuple[int, bool]], most_rows: int, most_characters: int
) -> None:
    texts = ["x" * size for size, _ in rows_]
    source = Rows(Script([ready for _, ready in rows_]), ("text",), rows(texts))
    found = list(windows(source, most_rows, most_characters))
    assert [row.text for window in found for row in window] == texts
    for window in found:
        assert 1 <= len(window) <= most_rows
        assert sum(len(row.text) for row in window[:-1]) < most_characters


def test_a_window_ends_where_the_next_row_would_have_to_be_waited_for() -> None:
    source = Rows(Script([True, False, True]), ("text",), rows(["a", "b", "c"]))
    assert [[row.text for row in window] for window in windows(source, 9, 99)] == [
        ["a", "b"],
        ["c"],
    ]


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        ((4096, 4096, 2.0, 0.25), "4,096 rows, 25%, 2,048 a second, 0:06 left"),
        ((4096, 1024, 2.0, 0.5), "4,096 rows, 50%, 512 a second, 0:08 left"),
        ((100, 100, 100.0, 0.001), "100 rows, 0%, 1 a second, 27:45:00 left"),
        ((7, 7, 2.0, None), "7 rows, 4 a second"),
        ((0, 0, 0.0, None), "0 rows, 0 a second"),
    ],
)
def test_progress_in_words(arguments: tuple[int, int, float, float | None], line: str) -> None:
    assert describe(*arguments) == line


def test_what_is_held_is_done_to_its_end() -> None:
    done = []
    former = signal.getsignal(signal.SIGTERM)
    with pytest.raises(Interrupted) as ended, Interruption() as interruption:
        with interruption.held():
            signal.raise_signal(signal.SIGTERM)
            done.append("inside")
        done.append("after")
    assert done == ["inside"]
    assert ended.value.status == 143
    assert signal.getsignal(signal.SIGTERM) is former
