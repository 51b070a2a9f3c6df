"""A run's files: whole or not at all, and a log that forgets what will be written again."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch

from training.run_folder import RunError, RunFolder


@pytest.fixture
def run(tmp_path: Path) -> RunFolder:
    folder = RunFolder(tmp_path / "runs" / "one")
    folder.create()
    return folder


def steps(run: RunFolder) -> list[int]:
    return [record["step"] for record in run.records()]


def test_a_run_that_is_there_is_not_begun_again(run: RunFolder) -> None:
    run.create()  # an empty folder is no run
    run.write_json(run.recipe, {"recipe": {}})
    for begin in (run.require_new, run.create):
        with pytest.raises(RunError, match=r"one already holds a run: go on with it \(--resume\)"):
            begin()
    assert run.read_recipe() == {"recipe": {}}


def test_asking_whether_a_run_is_new_makes_no_folder(tmp_path: Path) -> None:
    RunFolder(tmp_path / "two").require_new()
    assert not (tmp_path / "two").exists()


def test_what_is_not_there_is_named(run: RunFolder) -> None:
    with pytest.raises(RunError, match=r"one holds no run \(there is no recipe\.json in it\)"):
        run.read_recipe()
    with pytest.raises(RunError, match=r"best\.pt does not exist: the run has not come that far"):
        run.read_tensors(run.best)
    assert run.records() == []


class Unpicklable:
    """Ends a write in its middle, as a full disk would."""

    def __reduce__(self) -> Any:
        raise OSError("no space left")


def test_a_write_that_fails_leaves_the_old_file(run: RunFolder) -> None:
    run.write_tensors(run.checkpoint, {"weights": torch.arange(3), "position": 7})
    with pytest.raises(OSError, match="no space left"):
        run.write_tensors(run.checkpoint, {"weights": torch.zeros(1000), "more": Unpicklable()})
    kept = run.read_tensors(run.checkpoint)
    assert kept["weights"].tolist() == [0, 1, 2]
    assert kept["position"] == 7


def test_what_is_half_written_has_another_name(
    run: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    run.write_json(run.recipe, {"old": 1})
    seen: list[object] = []
    rename = Path.replace

    def watched(source: Path, target: Path) -> Path:
        seen.append((json.loads(run.recipe.read_text()), json.loads(source.read_text())))
        return rename(source, target)

    monkeypatch.setattr(Path, "replace", watched)
    run.write_json(run.recipe, {"new": 2})
    assert seen == [({"old": 1}, {"new": 2})]
    assert list(run.path.iterdir()) == [run.recipe]


def test_the_log_keeps_every_character(run: RunFolder) -> None:
    records = [{"kind": "note", "text": text} for text in ("ü\n", "a\u2028b\x85c", "\ud7ff€")]
    for record in records:
        run.append(record)
    assert run.records() == records


def test_the_log_forgets_what_came_after_a_step(run: RunFolder) -> None:
    for step in (20, 40, 40, 60):
        run.append({"kind": "step", "step": step})
    run.truncate_log(40)
    assert steps(run) == [20, 40, 40]
    run.append({"kind": "step", "step": 60})
    assert steps(run) == [20, 40, 40, 60]


def test_a_torn_last_line_does_not_count(run: RunFolder) -> None:
    run.append({"kind": "step", "step": 20})
    with run.log.open("a", encoding="utf-8") as log:
        log.write('{"kind": "step", "st')
    assert steps(run) == [20]
    run.truncate_log(20)
    run.append({"kind": "step", "step": 40})
    assert steps(run) == [20, 40]
