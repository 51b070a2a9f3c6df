"""One network, trained on one task with one gap, and what came of it."""

import time
from dataclasses import asdict, dataclass
from typing import Any

import torch

from training.networks.cells.names import CellName
from training.studies.long_memory.gradients import gradient_norms, with_larger_memory
from training.studies.long_memory.network import Reader, seeded_reader, units_of
from training.studies.long_memory.settings import Settings
from training.studies.long_memory.tasks import TASKS, MemoryTask

CLIP = 1.0  # largest norm of the weights' gradient
LOOK_SEED, TEST_SEED, GRADIENT_SEED = 10_001, 10_002, 10_003  # sequences that no one trains on
SCALED = (0.7, 1.5)  # factors on the first U of an RNN, beside the orthogonal one


@dataclass(frozen=True)
class Trial:
    """A cell on a task; see `Settings` for what the numbers are."""

    task: str
    cell: CellName
    gap: int
    learning_rate: float
    seed: int

    @property
    def name(self) -> str:
        return f"{self.task}-{self.cell}-{self.gap}-{self.learning_rate:g}-{self.seed}"


def trials(settings: Settings, cells: tuple[CellName, ...]) -> list[Trial]:
    """All of the study, those that take longest first."""
    return [
        Trial(task, cell, gap, rate, seed)
        for gap in sorted(settings.gaps, reverse=True)
        for task in TASKS
        for cell in cells
        for rate in settings.learning_rates
        for seed in settings.seeds
    ]


def run_trial(trial: Trial, settings: Settings) -> dict[str, Any]:
    """What is written down of a trial. The same on every run, but for ``seconds``."""
    began = time.monotonic()
    task = TASKS[trial.task]
    units = units_of(trial.cell, task.features, settings.units)
    reader = seeded_reader(trial.cell, task.features, units, task.outputs, trial.seed)
    gradients = _first_gradients(reader, task, trial, settings)
    looks = _train(reader, task, trial, settings)
    if trial.gap in settings.measured:
        gradients["after"] = gradient_norms(reader, task, settings.distance, GRADIENT_SEED)
    return {
        **asdict(trial),
        "units": units,
        "weights": sum(parameter.numel() for parameter in reader.parameters()),
        "updates": len(looks) * settings.look_every,
        "looks": looks,
        "accuracy": _accuracy(reader, task, trial.gap, settings.test_rows, TEST_SEED),
        "gradients": gradients,
        "seconds": round(time.monotonic() - began, 1),
    }


def _first_gradients(
    reader: Reader, task: MemoryTask, trial: Trial, settings: Settings
) -> dict[str, list[float]]:
    """Before training, where neither gap nor rate counts: of one trial a task, cell and seed."""
    if (trial.gap, trial.learning_rate) != (max(settings.gaps), settings.learning_rates[0]):
        return {}
    readers = {"before": reader}
    if trial.cell == "rnn":
        scaled = {f"before, {factor:g} U": with_larger_memory(reader, factor) for factor in SCALED}
        readers.update(scaled)
    return {
        when: gradient_norms(one, task, settings.distance, GRADIENT_SEED)
        for when, one in readers.items()
    }


def _train(reader: Reader, task: MemoryTask, trial: Trial, settings: Settings) -> list[float]:
    """Adam with clipped gradients; the accuracy at each look, the last ones of a solved task."""
    generator = torch.Generator().manual_seed(trial.seed)
    optimiser = torch.optim.Adam(reader.parameters(), lr=trial.learning_rate)
    looks: list[float] = []
    for update in range(1, settings.updates + 1):
        inputs, targets = task.draw(settings.batch, trial.gap, generator)
        optimiser.zero_grad()
        task.loss(reader(inputs), targets).backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(reader.parameters(), CLIP)
        optimiser.step()
        if update % settings.look_every == 0:
            looks.append(_accuracy(reader, task, trial.gap, settings.look_rows, LOOK_SEED))
            if len(looks) > 1 and min(looks[-2:]) >= settings.solved:
                break
    return looks


@torch.no_grad()
def _accuracy(reader: Reader, task: MemoryTask, gap: int, rows: int, seed: int) -> float:
    """The share of right answers on sequences drawn from a seed."""
    inputs, targets = task.draw(rows, gap, torch.Generator().manual_seed(seed))
    return round(task.right(reader(inputs), targets).float().mean().item(), 4)
