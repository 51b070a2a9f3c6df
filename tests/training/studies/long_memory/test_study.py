"""A small study as its user runs it: it learns, goes on where it stopped, and leaves a report."""

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from training.cli import main
from training.networks.cells.names import CellName
from training.run_folder import RunError
from training.studies.long_memory import settings as sizes
from training.studies.long_memory.report import (
    accuracy_table,
    best_rates,
    gradient_curves,
    write_report,
)
from training.studies.long_memory.settings import CELL_NAMES, FULL, QUICK, Settings
from training.studies.long_memory.study import run_study
from training.studies.long_memory.trial import Trial, run_trial, trials

TINY = Settings(
    gaps=(2, 6), learning_rates=(0.02, 0.001), seeds=(1,), updates=40, batch=16, units=6,
    look_every=20, look_rows=64, test_rows=200, measured=(6,), distance=20,
)  # fmt: skip
CELLS: tuple[CellName, ...] = ("rnn", "peephole")


def without_clocks(results: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{key: value for key, value in one.items() if key != "seconds"} for one in results]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A whole study; must not be changed."""
    folder = tmp_path_factory.mktemp("study") / "out"
    run_study(TINY, folder, cells=CELLS, quiet=True)
    return folder


@pytest.fixture(scope="module")
def results(folder: Path) -> list[dict[str, Any]]:
    return run_study(TINY, folder, cells=CELLS, quiet=True)


def test_every_trial_has_a_result(results: list[dict[str, Any]]) -> None:
    assert len(results) == len(trials(TINY, CELLS)) == 2 * 2 * 2 * 2
    assert {(one["task"], one["cell"], one["gap"], one["learning_rate"]) for one in results} == {
        (task, cell, gap, rate)
        for task in ("recall", "adding")
        for cell in CELLS
        for gap in TINY.gaps
        for rate in TINY.learning_rates
    }
    for one in results:
        assert len(one["looks"]) * TINY.look_every == one["updates"] <= TINY.updates
        assert 0 <= one["accuracy"] <= 1
        assert all(len(norms) == TINY.distance + 1 for norms in one["gradients"].values())
        assert ("after" in one["gradients"]) == (one["gap"] == 6)


def test_a_trial_is_the_same_again(results: list[dict[str, Any]]) -> None:
    torch.manual_seed(99)  # not what it draws from
    again = run_trial(Trial("recall", "peephole", 6, 0.02, 1), TINY)
    (first,) = (one for one in results if {**again, "seconds": one["seconds"]} == one)
    assert first["cell"] == "peephole"


def test_an_easy_trial_is_learnt_and_ends(tmp_path: Path) -> None:
    settings = replace(TINY, gaps=(2,), learning_rates=(0.02,), updates=400)
    learnt = run_trial(Trial("recall", "gru", 2, 0.02, 1), settings)
    assert learnt["accuracy"] > 0.97
    assert learnt["updates"] < 400
    assert min(learnt["looks"][-2:]) >= settings.solved


def test_an_interrupted_study_goes_on_and_gives_what_a_whole_one_gives(
    folder: Path, results: list[dict[str, Any]], tmp_path: Path
) -> None:
    copy = shutil.copytree(folder, tmp_path / "out")
    files = sorted((copy / "trials").iterdir())
    lost, kept = files[:3], files[3:]
    times = {path: path.stat().st_mtime_ns for path in kept}
    for path in lost:
        path.unlink()
    # Two at a time, in processes of their own.
    resumed = run_study(TINY, copy, jobs=2, cells=CELLS, quiet=True)
    assert without_clocks(resumed) == without_clocks(results)
    assert {path: path.stat().st_mtime_ns for path in kept} == times


def test_a_folder_holds_one_study(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    one = replace(TINY, gaps=(2,), learning_rates=(0.02,), updates=20)
    run_study(one, folder, cells=("rnn",), quiet=True)
    with pytest.raises(RunError, match="holds a study with other settings; name another"):
        run_study(replace(one, updates=40), folder, quiet=True)
    with pytest.raises(RunError, match="is no folder of this study and not empty"):
        run_study(one, tmp_path, quiet=True)


def test_threads_are_as_they_were(tmp_path: Path) -> None:
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        one = replace(TINY, gaps=(2,), learning_rates=(0.02,), updates=20)
        run_study(one, tmp_path / "out", cells=("rnn",), quiet=True)
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)


def result(rate: float, seed: int, look: float, accuracy: float, updates: int) -> dict[str, Any]:
    trial = {"task": "recall", "cell": "gru", "gap": 5, "learning_rate": rate, "seed": seed}
    return {**trial, "units": 3, "looks": [0.1, look], "accuracy": accuracy, "updates": updates,
            "gradients": {"before": [2.0, 1.0, seed], "after": [4.0, 1.0, rate]}}  # fmt: skip


def test_the_rate_is_chosen_by_looks_and_reported_by_tests() -> None:
    slow = [result(0.1, 1, 0.9, 0.50, 100), result(0.1, 2, 0.8, 0.46, 200)]
    fast = [result(0.2, 1, 0.7, 0.99, 100), result(0.2, 2, 0.9, 0.99, 100)]
    assert best_rates([*fast, *slow]) == slow
    (row,) = accuracy_table([*fast, *slow], "recall").splitlines()[2:]
    assert row == "| gru | 3 | 46 to 50 (150) |"
    # Where both are as good, the one that was sooner.
    sooner = [result(0.3, 1, 0.9, 0.3, 50), result(0.3, 2, 0.8, 0.3, 50)]
    assert best_rates([*slow, *sooner]) == sooner


def test_gradients_are_shares_of_the_ends_of_the_better_rate() -> None:
    rows = [result(rate, seed, rate, 1.0, 100) for rate in (0.1, 0.2) for seed in (1, 2)]
    curves = gradient_curves(rows, "recall")
    assert list(curves) == ["before training", "after k = 5"]
    assert curves["before training"]["gru"].tolist() == [1.0, 0.5, 0.75]
    assert curves["after k = 5"]["gru"].tolist() == [1.0, 0.25, 0.05]


def test_the_report(results: list[dict[str, Any]], tmp_path: Path) -> None:
    tables, *plots = write_report(results, tmp_path)
    text = tables.read_text(encoding="utf-8")
    for expected in ("| cell | units | k = 2 | k = 6 |", "| before training | rnn, 1.5 U |",
                     "| after k = 6 | peephole |", "recall: right", "adding: right"):  # fmt: skip
        assert expected in text
    for plot in plots:
        assert plot.read_bytes().startswith(b"\x89PNG")
        assert plot.stat().st_size < 100_000  # small enough for a page


def test_the_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sizes, "QUICK", replace(TINY, updates=20, learning_rates=(0.01,)))
    out = tmp_path / "out"
    command = ["study", "long-memory", "--quick", "--out", str(out)]
    assert main(command) == 0
    printed, progress = capsys.readouterr()
    assert str(out / "accuracy.png") in printed
    assert all(f"| {cell} |" in printed for cell in CELL_NAMES)
    assert "adding, gru, gap 6, rate 0.01, seed 1: " in progress
    settings = json.loads((out / "settings.json").read_text(encoding="utf-8"))
    assert settings["updates"] == 20
    assert main([*command, "--quiet"]) == 0  # nothing is trained again
    assert capsys.readouterr() == (printed, "")
    assert main(["study", "long-memory", "--out", str(out)]) == 1
    assert "holds a study with other settings" in capsys.readouterr().err


@pytest.mark.parametrize("jobs", ["0", "-1", "two"])
def test_jobs_are_a_count(jobs: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["study", "long-memory", "--jobs", jobs])
    assert f"'{jobs}'" in capsys.readouterr().err


def test_the_sizes_make_sense() -> None:
    assert max(FULL.gaps) == 100
    assert FULL.distance == 500
    for one in (FULL, QUICK):
        assert set(one.measured) <= set(one.gaps)
        assert one.updates % one.look_every == 0
