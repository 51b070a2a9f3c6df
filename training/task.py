"""What a training loop needs of a task. The loop knows nothing else about it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from torch import Tensor, nn


@dataclass(frozen=True)
class Validation:
    """Scores of one look at the validation data; ``score`` (higher is better) selects weights."""

    score: float
    details: dict[str, float]
    attention: list[dict[str, Any]] = field(default_factory=list)  # examples, for the plots


class Task(Protocol):
    """A network, its batches, its loss and its validation."""

    metric: str  # the name of Validation.score

    @property
    def network(self) -> nn.Module:
        """What is trained."""

    def fingerprint(self) -> str:
        """A digest of the data and the tokenizer: a resumed run must see the same ones."""

    def epoch(self, epoch: int) -> Sequence[np.ndarray]:
        """The batches of an epoch as arrays of example indices: a pure function of ``epoch``."""

    def loss(self, batch: np.ndarray) -> tuple[Tensor, int]:
        """The mean loss over a batch's predictions, and how many tokens the batch read."""

    def validate(self) -> Validation:
        """Scores of the network as it stands, in evaluation mode."""
