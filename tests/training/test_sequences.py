"""Sequence recipes from the command line to an answer of the service."""

import csv
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from service.artifact import SequenceManifest, read_artifact
from service.pipelines.loading import load_pipeline
from service.pipelines.proof import prove
from service.pipelines.sequence import SequencePipeline
from tests.service.api.conftest import loaded_client
from tests.training.small_runs import flags
from training.cli import main
from training.data.dinner import dinner_splits
from training.kinds.sequence import sequence_task
from training.origin import Origin
from training.recipe import SequenceRecipe, read_recipe
from training.run_folder import RunFolder
from training.runs import resume_run, start_run
from training.sequence_data import sequence_data
from training.trainer import Stopped, Trainer

DINNER = (
    "training.epochs=8",
    "training.minimum_steps=0",
    "training.patience=8",
    "network.hidden_size=24",
)
OWN = (
    "training.minimum_steps=200", "training.epochs=1", "training.learning_rate=0.01",
    "training.warmup_steps=10", "network.hidden_size=12", "target.horizon=4",
)  # fmt: skip
SMALL = {
    "training.epochs": 2,
    "training.minimum_steps": 0,
    "network.hidden_size": 6,
    "training.tokens_per_batch": 6000,
}


def scores_of(manifest: SequenceManifest) -> dict[tuple[str, str], float]:
    return {(score.dataset, score.metric): score.value for score in manifest.scores}


def published(path: Path) -> SequencePipeline:
    pipeline = load_pipeline(read_artifact(path))
    assert isinstance(pipeline, SequencePipeline)
    return pipeline


@pytest.fixture(scope="module")
def dinner(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dinner")
    where = ("--run", str(folder / "run"), "--publish", str(folder / "models" / "dinner"))
    assert main(["train", "dinner", *flags(DINNER), *where, "--quiet"]) == 0
    return folder / "models"


def test_dinner_beats_yesterday_and_the_linear_model(dinner: Path) -> None:
    pipeline = published(dinner / "dinner" / "1")
    scores = scores_of(pipeline.manifest)
    for subset in ("dinner", "dinner, yesterday missing"):
        lines = ("yesterday again", "from yesterday alone", "linear model")
        best = max(scores[subset, f"accuracy, {line}"] for line in lines)
        assert scores[subset, "accuracy"] > best + 20
    prove(pipeline)
    assert len(pipeline.manifest.examples) == 3
    card = (dinner / "dinner" / "1" / "README.md").read_text("utf-8")
    assert "accuracy, from yesterday alone" in card


def test_the_service_works_out_what_was_not_noted(dinner: Path) -> None:
    """Burger on Tuesday; Wednesday's fries were not noted, and on Thursday nobody cooks."""
    days = ("Monday", "Tuesday", "Wednesday", "Thursday")
    steps: list[dict[str, Any]] = [
        {"yesterday": None, "weekday": day, "month": "March", "late_meeting": "no"} for day in days
    ]
    steps[2]["yesterday"] = "burger"
    with loaded_client(dinner) as client:
        answer = client.post("/sequences", json={"inputs": steps[:3]}).json()
        assert answer[0]["label"] == "fries"
        steps[3]["late_meeting"] = "yes"
        assert client.post("/sequences", json={"inputs": steps}).json()[0]["label"] == "fries"
        steps[3]["late_meeting"] = "no"
        assert client.post("/sequences", json={"inputs": steps}).json()[0]["label"] == "pizza"


def hourly(path: Path, rows: int) -> Path:
    generator = np.random.default_rng(1)
    hours = np.datetime64("2024-01-01T00") + np.arange(rows)
    values = 20 + 5 * np.sin(np.arange(rows) * 2 * np.pi / 24) + 1.5 * generator.normal(size=rows)
    lines = [f"{hour},{value:.2f}" for hour, value in zip(hours, values, strict=True)]
    path.write_text("\n".join(["time,temperature", *lines]) + "\n", encoding="utf-8")
    return path


def test_a_column_of_ones_own_is_forecast(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = hourly(tmp_path / "my.csv", 700)
    columns = ("--data", str(data), "--value-column", "temperature", "--time-column", "time")
    where = ("--run", str(tmp_path / "run"), "--publish", str(tmp_path / "models" / "forecast"))
    assert main(["train", "forecast", *columns, *flags(OWN), *where, "--quiet"]) == 0
    pipeline = published(tmp_path / "models" / "forecast" / "1")
    manifest = pipeline.manifest
    assert manifest.forecast is not None
    assert (manifest.forecast.columns, manifest.forecast.horizon) == (("temperature",), 4)
    scores = scores_of(manifest)
    mine = scores["my, temperature", "MAE"]
    assert mine < scores["my, temperature", "MAE, seasonal naive"]
    assert scores["my", "skill"] > 0
    assert 60 < scores["my, temperature", "inside the 80% interval"] <= 100
    assert manifest.recipe.settings["columns"] == []
    capsys.readouterr()
    model = str(tmp_path / "models" / "forecast" / "1")
    assert main(["evaluate", model, "--on", str(data), "--time-column", "time"]) == 0
    assert "my, temperature MAE: " in capsys.readouterr().out
    gate = ("--promote-if", "skill >= 0.99", "--on", str(data))
    again = ("--publish", str(tmp_path / "models" / "forecast"))
    assert main(["export", str(tmp_path / "run"), *again, *gate]) == 1
    assert "not published: skill is" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["train", "forecast", "--data", "my.csv"], "say which column of .*--value-column NAME"),
        (
            ["train", "forecast", "--data", "my.csv", "--value-column", "price"],
            'no column "price"; its columns are time, temperature',
        ),
        (["baseline", "dinner", "--probes"], "--model and --probes are for texts; dinner reads"),
        (["train", "dinner", "--set", "data.train=[{source='x'}]"], 'no data "x" is known for'),
    ],
)
def test_what_is_wrong_is_one_line(
    arguments: list[str],
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    hourly(tmp_path / "my.csv", 50)
    assert main([*arguments]) == 1
    (line,) = capsys.readouterr().err.strip().splitlines()
    assert re.search(message, line), line
    assert not (tmp_path / "runs").exists()


STEPS: tuple[str, ...] = ("--data", "my.csv", "--value-column", "temperature")
GATED = ("--publish", "models/my", "--on", "other.csv", "--promote-if")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((*STEPS, *GATED, "accuracy > 0.9"), "'accuracy' is not measured in .*choose from skill$"),
        ((*STEPS, "--time-column", "time", *GATED, "skill > 0"), 'no column "time"; its columns'),
        (
            (*STEPS, *GATED, "skill > 0"),
            "other has 30 steps; the window of 28 and the hor",
        ),
        ((*STEPS, "--value-column", "temperature"), "--value-column temperature is there twice"),
        ((*STEPS, "--set", "columns=[]"), "--set columns with --data: the columns are those of"),
        (
            (*STEPS, "--set", 'target={kind="forecast"}'),
            "--set target with --data: what is forecast are the columns of --value-column",
        ),
        (
            ("--set", "training.seed=-1"),
            "training.seed: Input should be greater than or",
        ),
        (("--set", "training.betas=[1.5, 0.9]"), "training.betas.0: Input should be less than 1"),
    ],
)
def test_what_would_fail_after_training_is_refused_before_it(
    arguments: tuple[str, ...],
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    hourly(tmp_path / "my.csv", 700)
    lines = (tmp_path / "my.csv").read_text("utf-8").splitlines()[:31]
    values = "\n".join(line.split(",")[1] for line in lines)
    (tmp_path / "other.csv").write_text(values + "\n", encoding="utf-8")
    assert main(["train", "forecast", "--quiet", *arguments]) == 1
    (line,) = capsys.readouterr().err.strip().splitlines()
    assert re.search(message, line), line
    assert not (tmp_path / "runs").exists()


def test_a_diary_is_measured_day_by_day(
    dinner: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """And a forecast is no next version of it."""
    (diary,) = dinner_splits({"test": 1}, seed=5, days=60)["test"]
    names = list(diary.cells)
    rows = zip(*diary.cells.values(), diary.labels, strict=True)
    path = tmp_path / "diary.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([[*names, "dinner"], *rows])
    capsys.readouterr()
    on = ("--on", str(path), "--label-column", "dinner")
    assert main(["evaluate", str(dinner / "dinner" / "1"), *on]) == 0
    (rows_measured,) = re.findall(r"diary accuracy: .* \((\d+) rows\)", capsys.readouterr().out)
    assert rows_measured == "60"
    other = ("--publish", str(dinner / "dinner"), "--run", str(tmp_path / "run"))
    assert main(["train", "forecast", *other]) == 1
    refused = capsys.readouterr().err
    assert "dinner/1 is a sequence model, forecast makes a forecast model: publish it" in refused
    assert not (tmp_path / "run").exists()


def small(name: str) -> SequenceRecipe:
    recipe = read_recipe(name, SMALL)
    assert isinstance(recipe, SequenceRecipe)
    return recipe


@pytest.mark.parametrize("name", ["dinner", "forecast"])
def test_a_resumed_run_ends_with_the_same_weights(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe, origin = small(name), Origin(tmp_path)
    recipe = recipe.model_copy(
        update={"training": recipe.training.model_copy(update={"minimum_steps": 0})}
    )
    whole, cut = RunFolder(tmp_path / "whole"), RunFolder(tmp_path / "cut")
    start_run(whole, recipe, origin, quiet=True)
    step = Trainer._step

    def stopping(self: Trainer, batch: Any, done: float) -> None:
        step(self, batch, done)
        if self.position.step == 3:
            self._stop_asked = True

    with monkeypatch.context() as patch:
        patch.setattr(Trainer, "_step", stopping)
        with pytest.raises(Stopped):
            start_run(cut, recipe, origin, quiet=True)
    resume_run(cut, quiet=True)
    one, other = (run.read_tensors(run.best) for run in (whole, cut))
    assert one.keys() == other.keys()
    assert all(torch.equal(one[key], other[key]) for key in one)
    facts = json.loads(cut.recipe.read_text("utf-8"))
    assert facts["window"] == 28


def test_the_same_seed_gives_the_same_batches_and_weights(tmp_path: Path) -> None:
    recipe = small("dinner")
    data = sequence_data(recipe, Origin(tmp_path))
    one, other = (sequence_task(recipe, data) for _ in range(2))
    assert one.fingerprint() == other.fingerprint()
    assert all(map(np.array_equal, one.epoch(1), other.epoch(1)))
    (batch, *_), (again, *_) = one.epoch(0), other.epoch(0)
    assert torch.equal(one.loss(batch)[0], other.loss(again)[0])
