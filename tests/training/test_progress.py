"""Progress in a log file and on a terminal, and what a run that is not looked at says."""

import io
import re
import sys

import pytest

from training import progress
from training.progress import Progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def run_two_epochs(bar: Progress) -> None:
    with bar:
        for epoch in range(2):
            bar.start_epoch(epoch, 0, 3)
            for _ in range(3):
                bar.step(loss=2.0, tokens=100)
            bar.say(f"looked after epoch {epoch + 1}")


def test_a_log_file_gets_lines(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(progress, "LINE_EVERY", -1.0)  # a line for every step
    run_two_epochs(Progress(epochs=2))
    lines = capsys.readouterr().err.splitlines()
    assert lines[3] == "looked after epoch 1"
    assert lines[7] == "looked after epoch 2"
    figures = r"epoch 2/2 3/3  loss 2\.000, [\d,]+ tokens/s, 0:00:00 left"
    assert re.fullmatch(figures, lines[6])


def test_between_lines_it_is_quiet(capsys: pytest.CaptureFixture[str]) -> None:
    run_two_epochs(Progress(epochs=2))
    assert capsys.readouterr().err.splitlines() == ["looked after epoch 1", "looked after epoch 2"]


def test_a_terminal_gets_a_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    run_two_epochs(Progress(epochs=2))
    text = terminal.getvalue()
    for part in ("epoch 1/2", "epoch 2/2", "3/3", "loss 2.000", "tokens/s", "left", "looked after"):
        assert part in text


def test_quiet_means_quiet(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(progress, "LINE_EVERY", -1.0)
    bar = Progress(epochs=2, quiet=True)
    run_two_epochs(bar)
    assert capsys.readouterr().err == ""
    assert bar.tokens_per_second > 0
