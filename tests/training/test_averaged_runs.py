"""Runs that began alike and their mean, through the command line, and what is never averaged."""

import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest
import torch

from service.artifact import read_artifact
from tests.training.small_runs import flags, write_reviews
from training.averaged_runs import average_runs
from training.cli import main
from training.kinds.registry import kind_of
from training.recipe import parse_recipe
from training.run_folder import RunError, RunFolder
from training.run_settings import RunSettings

SMALL = flags(
    (
        'data.train=[{source="synthetic"}]',
        'data.validation=[{source="synthetic", split="validation"}]',
        'data.test=[{source="synthetic", split="test"}]',
        "tokenizer.vocabulary=340",
        "network.embedding_size=8",
        "network.hidden_size=7",
        "training.tokens_per_batch=1000",
        "training.minimum_steps=0",
        "training.warmup_steps=5",
        "training.learning_rate=0.005",
        "training.epochs=1",
    )
)


def trained(run: Path, *more: str, data: Sequence[str] = SMALL) -> RunFolder:
    command = ["train", "sentiment-bilstm", *data, *flags(more), "--run", str(run), "--quiet"]
    assert main(command) == 0
    return RunFolder(run)


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the others begin with."""
    return trained(tmp_path_factory.mktemp("first") / "run").path


@pytest.fixture(scope="module")
def runs(first: Path) -> list[RunFolder]:
    return [
        trained(first.with_name(f"seed-{seed}"), f"initial_run={first}", f"training.seed={seed}")
        for seed in (2, 3, 4)
    ]


def copied(run: RunFolder, folder: Path) -> RunFolder:
    shutil.copytree(run.path, folder)
    return RunFolder(folder)


def test_the_mean_of_runs_is_published(
    runs: list[RunFolder], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mean, target = RunFolder(tmp_path / "mean"), tmp_path / "models" / "mine"
    names = [str(run.path) for run in runs]
    capsys.readouterr()
    assert main(["average", *names, "--run", str(mean.path)]) == 0
    said = capsys.readouterr().out
    assert main(["export", str(mean.path), "--publish", str(target), "--quiet"]) == 0
    weights = mean.read_tensors(mean.best)
    of_runs = [run.read_tensors(run.best) for run in runs]
    assert set(weights) == set(of_runs[0])
    for name, value in weights.items():
        torch.testing.assert_close(value, torch.stack([one[name] for one in of_runs]).mean(dim=0))
        assert not torch.equal(value, of_runs[0][name])
    (look,) = mean.records()
    assert f"validation accuracy {look['score']:.4f}; of the runs " in said
    last = [run.records()[-1] for run in runs]
    assert all(f"{one['score']:.4f}" in said for one in last)
    card = (target / "1" / "README.md").read_text(encoding="utf-8")
    assert "the mean of those of 3 runs with other seeds (2, 3, 4)" in card
    settings = dict(read_artifact(target / "1").manifest.recipe.settings)
    assert parse_recipe(settings, "mine").training.seed == 2


def test_a_share_of_the_weights_that_runs_began_with(
    first: Path, runs: list[RunFolder], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    began = RunFolder(first)
    old = began.read_tensors(began.best)
    for chosen in (runs[:1], runs[:2]):
        mean, target = tmp_path / f"mean-{len(chosen)}", tmp_path / f"models-{len(chosen)}" / "mine"
        names = [str(run.path) for run in chosen]
        assert main(["average", *names, "--initial", "0.25", "--run", str(mean)]) == 0
        weights = RunFolder(mean).read_tensors(RunFolder(mean).best)
        of_runs = [run.read_tensors(run.best) for run in chosen]
        for name, value in weights.items():
            trained = torch.stack([one[name] for one in of_runs]).mean(dim=0)
            torch.testing.assert_close(value, 0.25 * old[name] + 0.75 * trained)
        assert main(["export", str(mean), "--publish", str(target), "--quiet"]) == 0
        card = (target / "1" / "README.md").read_text(encoding="utf-8")
        assert ", and 0.25 of those that it began with" in card
        assert ("those of one run (seed 2)" in card) is (len(chosen) == 1)
    capsys.readouterr()
    assert main(["average", str(first), "--initial", "0.5", "--run", str(tmp_path / "no")]) == 1
    assert "began with no other run" in capsys.readouterr().err
    with pytest.raises(RunError, match="one run is its own mean: name two or more, or a share"):
        average_runs(runs[:1], RunFolder(tmp_path / "no"))


def test_a_head_over_one_pooling_is_widened_before_it_is_shared(
    first: Path, tmp_path: Path
) -> None:
    both = 'network.pooling="max+mean"'
    run = trained(tmp_path / "both", f"initial_run={first}", "training.seed=2", both)
    mean = RunFolder(tmp_path / "mean")
    average_runs([run], mean, initial_share=0.5)
    old, new, got = (
        folder.read_tensors(folder.best)["head.weight"] for folder in (RunFolder(first), run, mean)
    )
    began = torch.cat([old, torch.zeros_like(old)], dim=1)
    torch.testing.assert_close(got, (began + new) / 2)


def test_what_validation_says_is_of_the_mean(runs: list[RunFolder], tmp_path: Path) -> None:
    mean = RunFolder(tmp_path / "mean")
    averaged = average_runs(runs, mean)
    settings = RunSettings.read(mean)
    task = kind_of(settings.recipe.task).resume(runs[0], settings)
    task.network.load_state_dict(mean.read_tensors(mean.best))
    task.network.eval()
    with torch.no_grad():
        assert task.validate().score == averaged.score


def test_the_mean_is_begun_with_but_does_not_go_on(
    runs: list[RunFolder], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mean = RunFolder(tmp_path / "mean")
    average_runs(runs[:2], mean)
    assert main(["train", "--resume", "--run", str(mean.path)]) == 1
    assert "is the mean of other runs and cannot go on" in capsys.readouterr().err
    with pytest.raises(RunError, match="mean is a mean itself: name the runs that it was made of"):
        average_runs([runs[2], mean], RunFolder(tmp_path / "second"))
    student = trained(tmp_path / "student", f"initial_run={mean.path}")
    assert student.best.exists()


def test_runs_that_have_little_in_common_are_refused(
    first: Path, runs: list[RunFolder], tmp_path: Path
) -> None:
    begin = f"initial_run={first}"
    for name, settings, why in (
        ("dropout", (begin, "training.seed=9", "network.dropout=0.2"), "have other settings"),
        ("alone", ("training.seed=9",), "have other settings: only training.seed may differ"),
        ("again", (begin, "training.seed=2"), "have the same seed, 2"),
    ):
        other = trained(tmp_path / name, *settings)
        with pytest.raises(RunError, match=why):
            average_runs([runs[0], other], RunFolder(tmp_path / "mean"))
    unlike = copied(runs[1], tmp_path / "unlike")
    unlike.write_json(unlike.recipe, {**unlike.read_recipe(), "initial_digest": "0" * 64})
    with pytest.raises(RunError, match="did not begin with the same weights"):
        average_runs([runs[0], unlike], RunFolder(tmp_path / "mean"))
    with pytest.raises(RunError, match="did not begin with the same weights"):
        average_runs([RunFolder(first), _other_seed(first, tmp_path)], RunFolder(tmp_path / "mean"))
    with pytest.raises(RunError, match="name two or more"):
        average_runs(runs[:1], RunFolder(tmp_path / "mean"))
    assert not (tmp_path / "mean").exists()


def _other_seed(run: Path, folder: Path) -> RunFolder:
    """A run that began with nothing, as if with another seed."""
    other = copied(RunFolder(run), folder / "other-seed")
    settings = other.read_recipe()
    settings["recipe"]["training"]["seed"] += 1
    other.write_json(other.recipe, settings)
    return other


def test_a_run_without_weights_is_refused(runs: list[RunFolder], tmp_path: Path) -> None:
    begun = copied(runs[1], tmp_path / "begun")
    begun.best.unlink()
    begun.log.unlink()
    with pytest.raises(RunError, match="has no weights yet"):
        average_runs([runs[0], begun], RunFolder(tmp_path / "mean"))
    assert not (tmp_path / "mean").exists()


def test_runs_that_split_a_file_in_their_own_ways_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    reviews = write_reviews(tmp_path / "reviews.csv", 90)
    own = ["--data", str(reviews), "--text-column", "review", "--label-column", "stars"]
    data = [*own, *SMALL[6:]]
    first = trained(tmp_path / "first", data=data)
    runs = [
        trained(
            tmp_path / f"seed-{seed}",
            f"initial_run={first.path}",
            f"training.seed={seed}",
            data=data,
        )
        for seed in (1, 2)
    ]
    capsys.readouterr()
    names = [str(run.path) for run in runs]
    assert main(["average", *names, "--run", str(tmp_path / "mean")]) == 1
    assert "each has learnt rows that the other holds out" in capsys.readouterr().err
