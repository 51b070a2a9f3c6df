"""Plots of a run's log: files that show something."""

from pathlib import Path

import matplotlib.image
import numpy as np
import pytest

from tests.training.small_runs import TrainedRun
from training.cli import main
from training.plots import plot_run
from training.run_folder import RunError, RunFolder


def ink(path: Path) -> float:
    """The share of pixels that are not white."""
    pixels = matplotlib.image.imread(path)[:, :, :3]
    return float((pixels < 0.9).any(axis=2).mean())


def test_a_translation_run_is_drawn_with_its_attention(
    reverse: TrainedRun, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["plot", str(reverse.run)]) == 0
    paths = [Path(line) for line in capsys.readouterr().out.splitlines()]
    attention = [f"attention-{number}.png" for number in (1, 2, 3)]
    assert [path.name for path in paths] == ["loss.png", "validation.png", *attention]
    for path in paths:
        assert path.parent == reverse.run / "plots"
        assert ink(path) > 0.01


def test_the_curve_follows_the_log(tmp_path: Path) -> None:
    run = RunFolder(tmp_path / "run")
    run.create()
    for step in range(1, 11):
        run.append({"kind": "step", "step": step, "loss": 1.0 / step})
    (path,) = plot_run(run)
    falling = matplotlib.image.imread(path)[:, :, :3]
    run.truncate_log(0)
    for step in range(1, 11):
        run.append({"kind": "step", "step": step, "loss": 1.0 * step})
    plot_run(run)
    assert not np.array_equal(falling, matplotlib.image.imread(path)[:, :, :3])


def test_several_validation_sets_and_tokens_that_look_like_formulas(tmp_path: Path) -> None:
    run = RunFolder(tmp_path / "run")
    run.create()
    example = {"source": ["$$", "a_b^c", "</s>"], "target": ["$x$"], "weights": [[0.5, 0.3, 0.2]]}
    for step in (10, 20):
        details = {"imdb": 0.5 + step / 100, "sst": 0.6, "loss": 0.7}
        look = {"step": step, "metric": "accuracy", "score": 0.6, "details": details}
        run.append({"kind": "validation", **look, "attention": [example]})
    paths = plot_run(run)
    assert [path.name for path in paths] == ["validation.png", "attention-1.png"]
    assert all(ink(path) > 0.005 for path in paths)


def test_an_empty_log_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"log\.jsonl holds no records yet: train for some steps"):
        plot_run(RunFolder(tmp_path))
    assert list(tmp_path.iterdir()) == []
