"""Commands that are stopped, killed, or no longer read: what they leave, and going on from it."""

import json
import os
import pty
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from service.cli import main
from service.commands.target import Target
from service.files.formats import Format
from service.files.journal import Journal
from tests.service.commands.running import ROOT, running

# A row without text makes a note, and by then all rows before it are in the output.
BEGINNING = "a good film\na bad film\n\n"
REST = "the good cat sat on the mat\n\na bad dog\n"
NOTE = b"predict: line 3: the text is empty; left out\n"


@pytest.fixture
def models(published_models: Path) -> Path:
    """Only read here."""
    return published_models


def arguments(models: Path, output: Path, source: str = "-") -> list[str]:
    flags = ["--models", str(models), "--on-error", "skip", "--output", str(output)]
    return ["predict", source, *flags, "--format", "text", "--output-format", "text"]


def whole(models: Path, folder: Path) -> bytes:
    """What a run that nothing stops writes."""
    (folder / "all").write_text(BEGINNING + REST, encoding="utf-8")
    assert main(arguments(models, folder / "whole.txt", str(folder / "all")), {}) == 0
    return (folder / "whole.txt").read_bytes()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_run_goes_on_where_it_was_stopped(models: Path, tmp_path: Path, number: int) -> None:
    output = tmp_path / "out.txt"
    with running(*arguments(models, output)) as command:
        command.send(BEGINNING)
        assert command.stderr.readline() == NOTE
        status, err = command.end(number)
    if number == signal.SIGKILL:
        assert (status, err) == (-number, "")
        with output.open("ab") as file:
            file.write(b"posit")  # a write that was cut off
    else:
        assert status == 128 + number
        assert err == "predict: stopped after 3 rows; --resume goes on from there\n"
        assert len(output.read_bytes().splitlines()) == 2
    progress = Journal(output).read()
    assert progress is not None
    assert progress.rows == 3
    with running(*arguments(models, output), "--resume") as command:
        command.send(BEGINNING + REST)
        command.stdin.close()
        assert command.process.wait() == 0
        assert b"line 3" not in command.stderr.read()  # it was named before
    assert output.read_bytes() == whole(models, tmp_path)
    assert Journal(output).read() is None


def test_a_run_goes_on_after_its_bad_row_was_mended(
    models: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source, output = tmp_path / "in.txt", tmp_path / "out.txt"
    source.write_text(BEGINNING + REST, encoding="utf-8")
    command = ["predict", str(source), "--models", str(models), "--output", str(output), "--resume"]
    assert main(command, {}) == 1
    assert "line 3" in capsys.readouterr().err
    assert len(output.read_bytes().splitlines()) == 2
    source.write_text("a good film\na bad film\nbad bad bad\n" + REST, encoding="utf-8")
    assert main(command, {}) == 1  # the next one
    assert "line 5" in capsys.readouterr().err
    source.write_text("a good film\na bad film\nbad bad bad\nthe cat\ngood\n", encoding="utf-8")
    assert main(command, {}) == 0
    labels = [line.split(b"\t")[0] for line in output.read_bytes().splitlines()]
    # Rows of a window that ended before its time are done, and not looked at again.
    assert labels == [b"positive", b"negative", b"negative", b"positive", b"positive"]


def test_a_run_goes_on_after_its_quotes_were_mended(
    models: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source, output = tmp_path / "in.csv", tmp_path / "out.csv"
    source.write_text('id,text\n1,a good film\n2,"a bad film\n3,good\n', encoding="utf-8")
    command = ["predict", str(source), "--models", str(models), "--output", str(output), "--resume"]
    for _ in range(2):
        assert main(command, {}) == 1
        assert "line 3: a quoted field begins" in capsys.readouterr().err
        assert [line[:4] for line in output.read_bytes().splitlines()] == [b"id,t", b"1,a "]
    source.write_text('id,text\n1,a good film\n2,"a bad film"\n3,good\n', encoding="utf-8")
    assert main(command, {}) == 0
    lines = output.read_text(encoding="utf-8").splitlines()
    assert [line.split(",")[::2][:2] for line in lines[1:]] == [
        ["1", "positive"],
        ["2", "negative"],
        ["3", "positive"],
    ]


def test_rows_that_are_not_the_same_are_refused(
    models: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "out.txt"
    with running(*arguments(models, output)) as command:
        command.send(BEGINNING)
        assert command.stderr.readline() == NOTE
        command.end(signal.SIGTERM)
    left = output.read_bytes()
    source = tmp_path / "in.txt"
    for text in (BEGINNING.replace("good", "fine") + REST, "a good film\n"):
        source.write_text(text, encoding="utf-8")
        assert main([*arguments(models, output, str(source)), "--resume"], {}) == 1
        assert "the first 3 rows of the input are not those" in capsys.readouterr().err
        assert output.read_bytes() == left
    assert main([*arguments(models, output, str(source)), "--resume", "--top-k", "2"], {}) == 1
    assert "top k: 1 then, 2 now" in capsys.readouterr().err


def test_nothing_is_left_to_do_for_a_complete_output(
    models: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    content = whole(models, tmp_path)
    capsys.readouterr()
    command = arguments(models, tmp_path / "whole.txt", str(tmp_path / "all"))
    assert main([*command, "--resume"], {}) == 0
    assert "so it is complete" in capsys.readouterr().err
    assert main(command, {}) == 1
    assert "--overwrite begins again" in capsys.readouterr().err
    assert (tmp_path / "whole.txt").read_bytes() == content
    assert main([*command, "--overwrite"], {}) == 0
    assert (tmp_path / "whole.txt").read_bytes() == content


def test_a_reader_that_wants_no_more_ends_it_quietly(models: Path) -> None:
    with running("predict", "-", "--models", models) as command:
        command.send("a good film\n")
        assert command.stdout.readline().startswith(b"positive\t")  # before the input has ended
        command.stdout.close()
        command.send("a bad film\n")
        assert command.process.wait() == 128 + signal.SIGPIPE
        assert command.stderr.read() == b""


FULL = Path("/dev/full")  # Linux: where nothing can be written


@pytest.mark.skipif(not FULL.exists(), reason="there is no /dev/full")
@pytest.mark.parametrize("command", ["predict FILE", "predict FILE --output FULL", "models list"])
def test_an_output_that_takes_no_more_is_named(models: Path, tmp_path: Path, command: str) -> None:
    (tmp_path / "in.txt").write_text("a good film\n", encoding="utf-8")
    places = {"FILE": str(tmp_path / "in.txt"), "FULL": str(FULL)}
    arguments = [places.get(word, word) for word in command.split()]
    with FULL.open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "service", *arguments],
            cwd=ROOT,
            env={**os.environ, "GATEHOUSE_MODELS": str(models)},
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    name = FULL if "FULL" in command else "standard output"
    assert done.returncode == 1
    assert done.stderr.startswith(f"service: error: {name} cannot be written: ")
    assert len(done.stderr.splitlines()) == 1


def test_what_keeps_nothing_is_not_said_to_be_resumable(tmp_path: Path) -> None:
    resumable = {
        path: Target(Path(path), Format.TEXT, True, False, False).resumable
        for path in (os.devnull, str(tmp_path / "out.txt"))
    }
    assert list(resumable.values()) == [False, True]


def test_a_signal_before_the_first_row(models: Path) -> None:
    with running("predict", "-", "--models", models, "--format", "csv") as command:
        command.send("text\ngood\n")
        command.stdout.readline(), command.stdout.readline()
        status, err = command.end(signal.SIGINT)
    assert (status, err) == (130, "predict: stopped after 1 rows\n")


@pytest.mark.parametrize("quiet", [False, True])
def test_progress_is_shown_on_a_terminal(models: Path, tmp_path: Path, quiet: bool) -> None:
    source, output = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    source.write_text(json.dumps({"text": "a good film"}) + "\n", encoding="utf-8")
    terminal, side = pty.openpty()
    flags = ["--quiet"] if quiet else []
    command = ["predict", source, "--models", models, "--output", output, *flags]
    arguments = [sys.executable, "-m", "service", *map(str, command)]
    subprocess.run(arguments, cwd=ROOT, stderr=side, check=True)
    os.close(side)
    try:
        shown = os.read(terminal, 10_000)
    except OSError:
        shown = b""  # as Linux says that nothing was written
    os.close(terminal)
    assert (b"predict: 1 rows, 100%, " in shown) != quiet
