"""A language model that goes on where another ended."""

from pathlib import Path
from typing import Any

import pytest
import torch

from tests.training import small_tasks
from training.origin import Origin
from training.recipe import LanguageModelRecipe
from training.run_folder import RunError, RunFolder
from training.runs import resume_run, start_run
from training.trainer import Trainer

SYNTHETIC = {
    "data.train": [{"source": "synthetic", "take": 100}],
    "data.validation": [{"source": "synthetic", "split": "validation"}],
}


def recipe(initial: Path | None = None, **changes: Any) -> LanguageModelRecipe:
    settings = {"initial_run": None if initial is None else str(initial), **SYNTHETIC, **changes}
    return small_tasks.read_language_model(settings)


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    run = RunFolder(tmp_path_factory.mktemp("first") / "run")
    start_run(run, recipe(), Origin(run.path), quiet=True)
    return run


def test_all_weights_and_the_tokenizer_are_taken_over(first: RunFolder, tmp_path: Path) -> None:
    run = RunFolder(tmp_path / "run")
    still = {"training.learning_rate": 1e-12, "training.ema": 0.0}
    start_run(run, recipe(first.path, **still), Origin(tmp_path), quiet=True)
    mine, theirs = (one.read_tensors(one.best) for one in (run, first))
    assert set(mine) == set(theirs)
    for name, value in mine.items():
        torch.testing.assert_close(value, theirs[name], atol=1e-6, rtol=0)
    assert run.tokenizer.read_bytes() == first.tokenizer.read_bytes()


def test_what_does_not_fit_is_refused(first: RunFolder, tmp_path: Path, reverse: Any) -> None:
    for wanted, said in (
        (recipe(first.path, **{"network.hidden_size": 9}), "network.hidden_size is 9, there 5"),
        (recipe(reverse.run), "is a run of translation, not of language-model"),
    ):
        with pytest.raises(RunError, match=said):
            start_run(RunFolder(tmp_path / "run"), wanted, Origin(tmp_path), quiet=True)
    assert not list(tmp_path.iterdir())


def test_a_run_without_a_checkpoint_begins_again(
    first: RunFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(self: Trainer, resume: bool = False) -> Any:
        raise MemoryError

    whole, broken = RunFolder(tmp_path / "whole"), RunFolder(tmp_path / "broken")
    start_run(whole, recipe(first.path), Origin(tmp_path), quiet=True)
    with monkeypatch.context() as patched, pytest.raises(MemoryError):
        patched.setattr(Trainer, "train", killed)
        start_run(broken, recipe(first.path), Origin(tmp_path), quiet=True)
    resume_run(broken, quiet=True)
    mine, expected = (run.read_tensors(run.best) for run in (broken, whole))
    assert all(torch.equal(mine[name], value) for name, value in expected.items())
