"""Lines: line ends, marks, bytes that are no text, pipes, and what they are recognised by."""

import pytest

from service.files import lines as module
from service.files.errors import FileError
from tests.service.files.conftest import LinesOf
from tests.service.files.sources import pipe


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", []),
        (b"\n", [""]),
        (b"a\nb\n", ["a", "b"]),
        (b"a\n\nb", ["a", "", "b"]),
        (b"a\r\nb\r\n", ["a\r", "b\r"]),
        (b"\xef\xbb\xbfa\n\xef\xbb\xbfb\n", ["a", "\ufeffb"]),
        ("ä\u2028\x85\x0c\n".encode(), ["ä\u2028\x85\x0c"]),
    ],
)
def test_lines(lines_of: LinesOf, content: bytes, expected: list[str]) -> None:
    assert list(lines_of(content)) == expected


@pytest.mark.parametrize("chunk", [1, 2, 3, 5, 100])
def test_lines_do_not_depend_on_how_much_is_read_at_once(
    lines_of: LinesOf, chunk: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_CHUNK", chunk)
    content = "grün\r\n\n\ntwo words\nlast".encode()
    lines = lines_of(content)
    shares = []
    found = []
    for line in lines:
        found.append(line)
        shares.append(lines.share())
    assert found == content.decode().split("\n")
    assert shares == sorted(shares)  # type: ignore[type-var]
    assert shares[-1] == 1.0


def test_bytes_that_are_no_utf8_are_named_by_line(lines_of: LinesOf) -> None:
    lines = lines_of(b"good\nb\xe4d\nfine\n")
    assert next(lines) == "good"
    assert lines.problem == ""
    next(lines)
    assert lines.problem == "byte 2 of line 2 is not UTF-8"


@pytest.mark.parametrize(
    ("content", "what"),
    [
        ("hello\n".encode("utf-16"), "UTF-16"),
        (b"\x1f\x8b\x08rest", "compressed"),
        (b"PAR1rest", "Parquet"),
    ],
)
def test_files_that_hold_no_lines_are_refused(lines_of: LinesOf, content: bytes, what: str) -> None:
    with pytest.raises(FileError, match=what):
        next(lines_of(content))


def test_a_line_without_end_is_refused(lines_of: LinesOf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_LINE_BYTES", 10)
    monkeypatch.setattr(module, "_CHUNK", 8)
    lines = lines_of(b"short\n" + b"x" * 100)
    with pytest.raises(FileError, match="line 2: the line has more than 10 bytes"):
        list(lines)


def test_the_fingerprint_is_of_the_lines_handed_out(lines_of: LinesOf) -> None:
    first = lines_of(b"one\ntwo\nthree\n")
    other = lines_of(b"one\ntwo\nTHREE\nfour\n")
    for lines in (first, other):
        next(lines), next(lines)
    assert first.fingerprint() == other.fingerprint()
    next(first), next(other)
    assert first.fingerprint() != other.fingerprint()


def test_lines_joined_otherwise_have_another_fingerprint(lines_of: LinesOf) -> None:
    prints = set()
    for content in (b"ab\nc\n", b"a\nbc\n"):
        lines = lines_of(content)
        list(lines)
        prints.add(lines.fingerprint())
    assert len(prints) == 2


def test_a_pipe_is_ready_while_lines_or_its_end_are_to_be_had() -> None:
    with pipe() as (lines, sink):
        assert not lines.ready()
        sink.write(b"half")
        assert not lines.ready()
        sink.write(b" a line\nnext\n")
        assert lines.ready()
        assert next(lines) == "half a line"
        assert lines.ready()
        next(lines)
        assert not lines.ready()
        sink.close()
        assert lines.ready()
        assert list(lines) == []
        assert lines.share() is None
