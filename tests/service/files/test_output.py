"""Outputs that are gone on with: what is cut off, and what is refused."""

from pathlib import Path

import pytest

from service.files.errors import FileError
from service.files.journal import Journal
from service.files.output import Complete, FileOutput, begun
from service.files.plain_text import TextEncoder
from service.files.rows import Row

RUN: dict[str, str | int | bool | None] = {"model": "sentiment 1", "top_k": 1}


def write(path: Path, answers: list[str], rows: int, finish: bool = False) -> None:
    """Goes on with an output, and writes a window of answers."""
    output = FileOutput(path, TextEncoder(), RUN, begun(path, RUN, True, False))
    output.write([(Row(""), (answer,)) for answer in answers], rows, rows, f"print {rows}")
    if finish:
        output.finish()
    output.close()


def test_an_output_has_a_progress_file_until_it_is_complete(tmp_path: Path) -> None:
    path = tmp_path / "out.txt"
    write(path, ["a", "b"], 2)
    progress = Journal(path).read()
    assert progress is not None
    assert (progress.rows, progress.bytes, progress.fingerprint) == (2, 4, "print 2")
    write(path, ["c"], 3, finish=True)
    assert path.read_bytes() == b"a\nb\nc\n"
    assert [entry.name for entry in tmp_path.iterdir()] == ["out.txt"]
    with pytest.raises(Complete, match="no progress file beside it, so it is complete"):
        begun(path, RUN, resume=True, overwrite=False)


@pytest.mark.parametrize("left", [b"half a li", b"c\nd\n", b"\xe4", b"\0" * 9000])
def test_what_was_not_noted_is_cut_off(tmp_path: Path, left: bytes) -> None:
    path = tmp_path / "out.txt"
    write(path, ["a", "b"], 2)
    with path.open("ab") as file:
        file.write(left)
    write(path, ["c"], 3)
    assert path.read_bytes() == b"a\nb\nc\n"


def test_a_run_that_was_killed_before_its_first_byte(tmp_path: Path) -> None:
    path = tmp_path / "out.txt"
    output = FileOutput(path, TextEncoder(), RUN, None)
    output.close()  # without a window
    write(path, ["a"], 1)
    assert path.read_bytes() == b"a\n"
    path.write_bytes(b"")
    Journal(path).remove()  # as where it came to an end between the two files
    write(path, ["b"], 1)
    assert path.read_bytes() == b"b\n"


def test_an_output_that_exists_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "out.txt"
    path.write_bytes(b"precious\n")
    with pytest.raises(FileError, match="exists; --overwrite begins again"):
        begun(path, RUN, resume=False, overwrite=False)
    path.unlink()
    write(path, ["a"], 7)
    with pytest.raises(FileError, match="--resume goes on after 7 rows"):
        begun(path, RUN, resume=False, overwrite=False)
    assert begun(path, RUN, resume=False, overwrite=True) is None


def test_another_run_does_not_go_on_with_it(tmp_path: Path) -> None:
    path = tmp_path / "out.txt"
    write(path, ["a"], 1)
    with pytest.raises(FileError, match=r"otherwise \(top k: 1 then, 2 now\)"):
        begun(path, RUN | {"top_k": 2}, resume=True, overwrite=False)


def test_an_output_that_became_shorter_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "out.txt"
    write(path, ["a", "b"], 2)
    path.write_bytes(b"a\n")
    with pytest.raises(FileError, match="has 2 bytes, and had 4 when it was left"):
        begun(path, RUN, resume=True, overwrite=False)


@pytest.mark.parametrize("content", ["", "{}", "[", '{"format": 2, "run": {}}'])
def test_a_progress_file_that_is_none_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "out.txt"
    write(path, ["a"], 1)
    Journal(path).path.write_text(content, encoding="utf-8")
    with pytest.raises(FileError, match="is no progress file"):
        begun(path, RUN, resume=True, overwrite=False)


def test_two_runs_do_not_write_the_same_output(tmp_path: Path) -> None:
    path = tmp_path / "out.txt"
    first = FileOutput(path, TextEncoder(), RUN, None)
    first.write([(Row(""), ("a",))], 1, 1, "x")
    for resume in (True, False):
        left = begun(path, RUN, resume, not resume)
        with pytest.raises(FileError, match="another run is writing"):
            FileOutput(path, TextEncoder(), RUN, left)
    first.close()
    assert path.read_bytes() == b"a\n"


def test_a_place_where_nothing_can_be_written(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="cannot be written: No such file"):
        FileOutput(tmp_path / "none" / "out.txt", TextEncoder(), RUN, None)
