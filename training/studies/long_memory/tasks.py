"""Two tasks whose answer lies far back, drawn anew for every batch. Knows no networks."""

from abc import ABC, abstractmethod

import torch
from torch import Tensor
from torch.nn import functional as F

CUES = 8  # symbols that are to be remembered
NOISE = 8  # other symbols, which stand between
TOLERANCE = 0.1  # a sum is right that is off by less


class MemoryTask(ABC):
    """Sequences, what is asked of them after their last step, and when an answer is right."""

    name: str
    features: int  # of an input
    outputs: int  # of an answer
    chance: float  # the share of right answers without any memory

    @abstractmethod
    def draw(self, rows: int, gap: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """Inputs (rows x time x features) and targets (rows)."""

    @abstractmethod
    def loss(self, answers: Tensor, targets: Tensor) -> Tensor:
        """Mean over rows; answers: rows x outputs."""

    @abstractmethod
    def right(self, answers: Tensor, targets: Tensor) -> Tensor:
        """Whether each answer is right: rows."""


class Recall(MemoryTask):
    """Which of eight symbols came first, after ``gap`` steps of eight others.

    Chance is 1 in 8, and one step alone holds the answer.
    """

    name = "recall"
    features = CUES + NOISE
    outputs = CUES
    chance = 1 / CUES

    def draw(self, rows: int, gap: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        cues = torch.randint(CUES, (rows, 1), generator=generator)
        noise = torch.randint(CUES, CUES + NOISE, (rows, gap), generator=generator)
        symbols = torch.cat([cues, noise], dim=1)  # rows x gap + 1
        return F.one_hot(symbols, self.features).float(), cues[:, 0]

    def loss(self, answers: Tensor, targets: Tensor) -> Tensor:
        return F.cross_entropy(answers, targets)

    def right(self, answers: Tensor, targets: Tensor) -> Tensor:
        return answers.argmax(dim=1) == targets


class Adding(MemoryTask):
    """The sum of the two marked ones of ``gap`` numbers (Hochreiter and Schmidhuber 1997, 5.4).

    An input is a number from 0 to 1 and a mark. One mark stands in each half, as in Le et al. 2015.
    To answer 1 always is right in 19 of 100.
    """

    name = "adding"
    features = 2
    outputs = 1
    chance = 1 - (1 - TOLERANCE) ** 2  # of a sum of two uniform numbers to be that close to 1

    def draw(self, rows: int, gap: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        numbers = torch.rand(rows, gap, generator=generator)
        first = torch.randint(gap // 2, (rows, 1), generator=generator)
        second = torch.randint(gap // 2, gap, (rows, 1), generator=generator)
        marks = torch.zeros(rows, gap).scatter_(1, torch.cat([first, second], dim=1), 1.0)
        return torch.stack([numbers, marks], dim=2), (numbers * marks).sum(dim=1)

    def loss(self, answers: Tensor, targets: Tensor) -> Tensor:
        return F.mse_loss(answers[:, 0], targets)

    def right(self, answers: Tensor, targets: Tensor) -> Tensor:
        return (answers[:, 0] - targets).abs() < TOLERANCE


TASKS: dict[str, MemoryTask] = {task.name: task for task in (Recall(), Adding())}
