"""The training loop: interrupted anywhere it ends with the very same weights; when it stops."""

import math
import os
import signal
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from tests.training import small_tasks
from training.device import computes_bfloat16
from training.recipe import Training
from training.run_folder import RunError, RunFolder
from training.task import Task, Validation
from training.tasks.classification import ClassificationTask
from training.tasks.language_modelling import LanguageModellingTask
from training.tasks.translation import TranslationTask
from training.trainer import LOOKS_IN_MINIMUM, Position, Stopped, Trainer

CPU = torch.device("cpu")


class SmallTask(Task, Protocol):
    """A task that carries the settings of its recipe."""

    settings: Training


MakeTask = Callable[[], ClassificationTask | LanguageModellingTask | TranslationTask]
TASKS: dict[str, MakeTask] = {
    "classification": small_tasks.classification,
    "translation": small_tasks.translation,
    "language model": small_tasks.language_modelling,
    "mixed objective": lambda: small_tasks.mixed(precision="fp32"),
}
if computes_bfloat16(CPU):  # else no recipe may ask for it
    TASKS |= {
        "bfloat16": lambda: small_tasks.classification(precision="bf16"),
        "mixed objective in bfloat16": lambda: small_tasks.mixed(precision="bf16"),
    }


class Interrupted:
    """The task, which raises a signal inside the given steps (counted from 1)."""

    def __init__(self, task: SmallTask, steps: Sequence[int], signum: signal.Signals) -> None:
        self.task, self.steps, self.signum = task, steps, signum
        self.calls = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self.task, name)

    def loss(self, batch: np.ndarray) -> tuple[Tensor, int]:
        self.calls += 1
        if self.calls in self.steps:
            os.kill(os.getpid(), self.signum)
        return self.task.loss(batch)


def trainer_of(task: Any, folder: Path) -> Trainer:
    run = RunFolder(folder)
    folder.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(99)  # dropout
    return Trainer(task, task.settings, run, CPU, quiet=True)


def same(one: Any, other: Any) -> bool:
    """Equal to the last bit, through dictionaries and lists."""
    if isinstance(one, Tensor):
        return isinstance(other, Tensor) and one.dtype == other.dtype and torch.equal(one, other)
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(same, one, other))
    return bool(one == other)


def log_of(folder: Path) -> list[dict[str, Any]]:
    """The log without what the clock decides."""
    return [
        {key: value for key, value in record.items() if key != "tokens_per_second"}
        for record in RunFolder(folder).records()
    ]


def assert_same_run(one: Path, other: Path) -> None:
    first, second = RunFolder(one), RunFolder(other)
    for mine, theirs in ((first.checkpoint, second.checkpoint), (first.best, second.best)):
        assert same(first.read_tensors(mine), second.read_tensors(theirs))
    assert log_of(one) == log_of(other)


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Each task, trained without a break."""
    folder = tmp_path_factory.mktemp("uninterrupted")
    for name, make in TASKS.items():
        position = trainer_of(make(), folder / name).train()
        assert position.finished
        assert position.step == sum(len(make().epoch(epoch)) for epoch in range(3))
        assert position.step > 20  # so that the log has steps
    return {name: folder / name for name in TASKS}


def interruptions(batches: int) -> dict[str, list[int]]:
    """Steps at which to stop, by where in a run they lie."""
    return {
        "first step": [1],
        "middle of an epoch": [batches + 3],
        "end of an epoch": [batches],
        "end of the second epoch": [2 * batches],
        "last step but one": [3 * batches - 1],
        "three times": [2, batches - 1, 2 * batches + 1],
    }


@pytest.mark.parametrize("place", interruptions(8))
@pytest.mark.parametrize("name", TASKS)
def test_an_interrupted_run_ends_with_the_weights_of_an_uninterrupted_one(
    name: str, place: str, uninterrupted: dict[str, Path], tmp_path: Path
) -> None:
    folder = tmp_path / "run"
    batches = len(TASKS[name]().epoch(0))
    done = 0
    for step in interruptions(batches)[place]:
        task = Interrupted(TASKS[name](), [step - done], signal.SIGINT)
        with pytest.raises(Stopped):
            trainer_of(task, folder).train(resume=done > 0)
        position = RunFolder(folder).read_tensors(RunFolder(folder).checkpoint)["position"]
        assert position["step"] == step
        assert not position["finished"]
        done = step
    trainer_of(TASKS[name](), folder).train(resume=True)
    assert_same_run(folder, uninterrupted[name])


def test_sigterm_stops_as_ctrl_c_does(uninterrupted: dict[str, Path], tmp_path: Path) -> None:
    before = [signal.getsignal(name) for name in (signal.SIGINT, signal.SIGTERM)]
    task = Interrupted(small_tasks.classification(), [5], signal.SIGTERM)
    with pytest.raises(Stopped):
        trainer_of(task, tmp_path / "run").train()
    assert [signal.getsignal(name) for name in (signal.SIGINT, signal.SIGTERM)] == before
    trainer_of(small_tasks.classification(), tmp_path / "run").train(resume=True)
    assert_same_run(tmp_path / "run", uninterrupted["classification"])


def test_a_second_ctrl_c_does_not_wait_for_the_step(tmp_path: Path) -> None:
    class Impatient(Interrupted):
        def loss(self, batch: np.ndarray) -> tuple[Tensor, int]:
            result = super().loss(batch)
            if self.calls in self.steps:
                os.kill(os.getpid(), signal.SIGINT)
                raise AssertionError("the second signal ends the step")
            return result

    run = RunFolder(tmp_path / "run")
    with pytest.raises(Stopped):
        trainer_of(Impatient(small_tasks.classification(), [4], signal.SIGINT), run.path).train()
    assert not run.checkpoint.exists()


@pytest.mark.parametrize("minutes", [1e-9, 1000.0])
def test_a_run_that_dies_goes_on_at_its_last_checkpoint(
    minutes: float, uninterrupted: dict[str, Path], tmp_path: Path
) -> None:
    def make() -> ClassificationTask:
        return small_tasks.classification(checkpoint_minutes=minutes)

    class Dying(Interrupted):
        def loss(self, batch: np.ndarray) -> tuple[Tensor, int]:
            if self.calls + 1 in self.steps:
                raise MemoryError
            return super().loss(batch)

    folder = tmp_path / "run"
    batches = len(make().epoch(0))
    with pytest.raises(MemoryError):
        trainer_of(Dying(make(), [batches + 11], signal.SIGINT), folder).train()
    assert log_of(folder)[-1]["step"] > batches + 5  # what comes again must not stand there twice
    saved = RunFolder(folder).read_tensors(RunFolder(folder).checkpoint)["position"]["step"]
    # Every step was saved where the interval is short, else the end of the epoch.
    assert saved == (batches + 10 if minutes < 1 else batches)
    trainer_of(make(), folder).train(resume=True)
    finished, expected = (
        RunFolder(path).read_tensors(path / "checkpoint.pt")
        for path in (folder, uninterrupted["classification"])
    )
    assert same(finished["network"], expected["network"])
    assert same(finished["average"], expected["average"])
    assert log_of(folder) == log_of(uninterrupted["classification"])


def test_a_run_that_died_before_its_first_checkpoint_begins_again(
    uninterrupted: dict[str, Path], tmp_path: Path
) -> None:
    run = RunFolder(tmp_path / "run")
    run.create()
    run.append({"kind": "step", "step": 20})  # what such a try leaves behind
    trainer_of(small_tasks.classification(), run.path).train()
    assert_same_run(run.path, uninterrupted["classification"])


def test_other_data_is_refused(uninterrupted: dict[str, Path]) -> None:
    folder = uninterrupted["classification"]
    before = (folder / "checkpoint.pt").read_bytes()
    with pytest.raises(RunError, match="the data or the tokenizer is not what this run began with"):
        trainer_of(small_tasks.classification(data=2), folder).train(resume=True)
    assert (folder / "checkpoint.pt").read_bytes() == before


def test_a_finished_run_stays_as_it_is(uninterrupted: dict[str, Path]) -> None:
    folder = uninterrupted["translation"]
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    position = trainer_of(small_tasks.translation(), folder).train(resume=True)
    assert position.finished
    after = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert after == before


def test_the_best_weights_are_the_averaged_ones_of_the_best_look(
    uninterrupted: dict[str, Path],
) -> None:
    run = RunFolder(uninterrupted["classification"])
    looks = [record for record in run.records() if record["kind"] == "validation"]
    assert [look["best"] for look in looks] == [
        look["score"] >= max([-math.inf, *(other["score"] for other in looks[:place])])
        for place, look in enumerate(looks)
    ]
    task = small_tasks.classification()
    task.network.load_state_dict(run.read_tensors(run.best))
    task.network.eval()
    assert task.validate().score == max(look["score"] for look in looks)
    own = run.read_tensors(run.checkpoint)["network"]
    assert not same(own, run.read_tensors(run.best))


def test_the_last_weights_are_kept_where_the_recipe_says_so(tmp_path: Path) -> None:
    kept = {}
    for keep in ("best", "last"):
        folder = tmp_path / keep
        line = Line(small_tasks.classification_recipe(keep=keep).training, [1, 3, 2, 1, 1, 1])
        trainer_of(line, folder).train()
        run = RunFolder(folder)
        looks = [one for one in run.records() if one["kind"] == "validation"]
        assert [one["best"] for one in looks] == [True, True, False, False, False, False]
        kept[keep] = run.read_tensors(run.best)
        last = run.read_tensors(run.checkpoint)["average"]["average"]
        assert same(dict(enumerate(last)), dict(enumerate(kept[keep].values()))) == (keep == "last")


def test_the_log_has_every_twentieth_step_and_every_look(uninterrupted: dict[str, Path]) -> None:
    records = RunFolder(uninterrupted["classification"]).records()
    steps = [record for record in records if record["kind"] == "step"]
    looks = [record for record in records if record["kind"] == "validation"]
    total = sum(len(small_tasks.classification().epoch(epoch)) for epoch in range(3))
    assert [record["step"] for record in steps] == list(range(20, total + 1, 20))
    assert len(looks) == 6  # two an epoch
    assert looks[-1]["step"] == total
    for record in steps:
        assert record["loss"] > 0
        assert record["gradient_norm"] > 0
        assert record["tokens_per_second"] > 0
        assert 0 < record["learning_rate"] <= 0.01


@dataclass
class Line:
    """A task that fits a line; its validation scores are given."""

    settings: Training
    scores: Sequence[float]
    slope: float = 1.0
    metric: str = "score"

    def __post_init__(self) -> None:
        torch.manual_seed(1)
        self.network: nn.Module = nn.Linear(1, 1)
        self.looks: list[tuple[int, Tensor]] = []
        self.weights: list[Tensor] = []  # before each step
        self.steps = 0

    def fingerprint(self) -> str:
        return "line"

    def epoch(self, epoch: int) -> Sequence[np.ndarray]:
        return [np.array([epoch, batch]) for batch in range(4)]

    def loss(self, batch: np.ndarray) -> tuple[Tensor, int]:
        self.steps += 1
        self.weights.append(self._weights())
        inputs = torch.tensor(batch, dtype=torch.float32)[:, None]
        return (self.network(inputs) - self.slope * inputs).square().mean(), len(batch)

    def validate(self) -> Validation:
        self.looks.append((self.steps, self._weights()))
        return Validation(self.scores[len(self.looks) - 1], {})

    def _weights(self) -> Tensor:
        return nn.utils.parameters_to_vector(self.network.parameters()).detach().clone()


def line(scores: Sequence[float], slope: float = 1.0, **settings: Any) -> Line:
    plain = {"epochs": 8, "tokens_per_batch": 16, "learning_rate": 0.01, "precision": "fp32"}
    return Line(Training.model_validate(plain | settings), scores, slope)


def test_training_ends_when_patience_is_spent(tmp_path: Path) -> None:
    task = line([1, 3, 2, 3, 2.5, 9, 9, 9], patience=3, ema=0.5)
    position = trainer_of(task, tmp_path).train()
    # A score that equals the best is no better one, but its weights are the ones to keep.
    assert [step for step, _ in task.looks] == [4, 8, 12, 16, 20]
    assert position == Position(
        epoch=4, batch=4, step=20, best=3, waited=3, looked=20, finished=True
    )
    best = RunFolder(tmp_path).read_tensors(tmp_path / "best.pt")
    assert torch.equal(torch.cat([value.flatten() for value in best.values()]), task.looks[3][1])
    again = line([], patience=3, ema=0.5)
    assert trainer_of(again, tmp_path).train(resume=True) == position
    assert again.steps == 0


def test_looks_are_at_the_averaged_weights(tmp_path: Path) -> None:
    task = line([1.0], epochs=1, ema=0.2)
    trainer_of(task, tmp_path).train()
    own = nn.utils.parameters_to_vector(task.network.parameters()).detach()
    average, *after_each_step = [*task.weights, own]
    for number, weights in enumerate(after_each_step, start=1):
        decay = min(0.2, (1 + number) / (10 + number))
        average = decay * average + (1 - decay) * weights
    ((_, looked_at),) = task.looks
    torch.testing.assert_close(looked_at, average)
    assert not torch.allclose(looked_at, own)
    best = RunFolder(tmp_path).read_tensors(tmp_path / "best.pt")
    assert torch.equal(torch.cat([value.flatten() for value in best.values()]), looked_at)


def test_without_early_stopping_every_epoch_runs(tmp_path: Path) -> None:
    task = line([5, 4, 3, 2, 1, 0, -1, -2], patience=8)
    assert trainer_of(task, tmp_path).train().step == 32


def test_small_data_is_gone_through_more_often(tmp_path: Path) -> None:
    task = line([1.0] * 40, epochs=2, minimum_steps=121, patience=100)
    position = trainer_of(task, tmp_path).train()
    assert position.step == 124  # 31 epochs of 4
    steps = [step for step, _ in task.looks]
    assert len(steps) <= LOOKS_IN_MINIMUM + 1
    assert steps[-1] == 124
    # Patience counts looks, so they must not follow too closely.
    assert min(np.diff([0, *steps[:-1]])) >= 121 // LOOKS_IN_MINIMUM


def test_enough_data_is_not_gone_through_more_often(tmp_path: Path) -> None:
    task = line([1.0] * 40, epochs=8, minimum_steps=12, patience=100)
    assert trainer_of(task, tmp_path).train().step == 32


def test_a_gradient_that_is_not_finite_ends_the_run_and_saves_nothing(tmp_path: Path) -> None:
    task = line([1.0] * 8, slope=math.nan)
    said = r"the gradient is not finite at step 0: lower the learning rate \(0\.01\) or the clip"
    with pytest.raises(RunError, match=said):
        trainer_of(task, tmp_path).train()
    assert not RunFolder(tmp_path).checkpoint.exists()


def test_data_without_examples_are_refused(tmp_path: Path) -> None:
    task = line([])
    task.epoch = lambda epoch: []  # type: ignore[method-assign]
    with pytest.raises(RunError, match="the training data makes no batch: there are no examples"):
        trainer_of(task, tmp_path)


def test_the_gradient_is_clipped(tmp_path: Path) -> None:
    # AdamW's first step is lr * sign(g) whatever the gradient; its moments show what it saw.
    task = line([1.0], epochs=1, slope=1e4, clip=0.5)
    trainer = trainer_of(task, tmp_path)
    norms = []
    step = trainer.optimizer.step

    def watched() -> None:
        gradients = [p.grad for p in task.network.parameters() if p.grad is not None]
        norms.append(float(torch.cat([g.flatten() for g in gradients]).norm()))
        step()

    trainer.optimizer.step = watched  # type: ignore[assignment, method-assign]
    trainer.train()
    assert norms == pytest.approx([0.5] * 4, rel=1e-4)


def test_parameters_may_have_a_rate_of_their_own(tmp_path: Path) -> None:
    def trained(folder: str, stop: int | None = None, resume: bool = False, **rates: float) -> Line:
        task = line([1.0] * 8, epochs=2)
        (tmp_path / folder).mkdir(exist_ok=True)
        run = RunFolder(tmp_path / folder)
        given: Any = task if stop is None else Interrupted(task, [stop], signal.SIGINT)
        trainer = Trainer(given, task.settings, run, CPU, True, rates)
        with nullcontext() if stop is None else pytest.raises(Stopped):
            trainer.train(resume)
        return task

    beginning = line([]).network.state_dict()
    plain, frozen, slow = (
        trained(f"run {rate}", bias=rate).network.state_dict() for rate in (1.0, 0.0, 0.5)
    )
    assert same(plain, trained("plain").network.state_dict())
    assert same(frozen["bias"], beginning["bias"])
    assert not same(frozen["weight"], beginning["weight"])
    # The first step of AdamW is the rate itself; later ones differ as the gradients do.
    steps = [trained(f"one {rate}", bias=rate).weights[1] for rate in (1.0, 0.5)]
    first = nn.utils.parameters_to_vector(line([]).network.parameters()).detach()
    torch.testing.assert_close((steps[1] - first)[1], 0.5 * (steps[0] - first)[1])
    assert torch.equal(steps[1][0], steps[0][0])
    trained("again", stop=3, bias=0.5)
    assert same(trained("again", resume=True, bias=0.5).network.state_dict(), slow)
    assert_same_run(tmp_path / "again", tmp_path / "run 0.5")


def test_a_checkpoint_without_rates_is_what_it_was(tmp_path: Path) -> None:
    trainer_of(line([1.0] * 8), tmp_path).train()
    state = RunFolder(tmp_path).read_tensors(tmp_path / "checkpoint.pt")["optimizer"]
    (group,) = state["param_groups"]
    assert group["params"] == [0, 1]
    torch.optim.AdamW(nn.Linear(1, 1).parameters()).load_state_dict(state)
