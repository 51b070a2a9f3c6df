"""What the tests of training share: one thread, and two models trained once a run."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from tests.training.small_runs import TrainedRun, train_reverse, train_stars


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> Iterator[None]:
    """Tiny tensors are not worth a second thread, and its sums would come in another order."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="session")
def reverse(tmp_path_factory: pytest.TempPathFactory) -> TrainedRun:
    """The recipe "reverse", trained and published by the command line; must not be changed."""
    return train_reverse(tmp_path_factory.mktemp("reverse"))


@pytest.fixture(scope="session")
def stars(tmp_path_factory: pytest.TempPathFactory) -> TrainedRun:
    """A user's CSV of reviews with three classes, likewise."""
    return train_stars(tmp_path_factory.mktemp("stars"))


@pytest.fixture
def repository(reverse: TrainedRun, stars: TrainedRun, tmp_path: Path) -> Path:
    """A copy of both models in one repository that the test may change."""
    folder = tmp_path / "models"
    for run in (reverse, stars):
        run.copy_models(folder)
    return folder
