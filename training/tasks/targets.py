"""What a classifier's answers are held against: classes, or a teacher's probabilities.

Knows nothing about networks. Lives in the training loop's thread.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from training.networks.loss import smoothed_cross_entropy, soft_cross_entropy


@dataclass(frozen=True)
class TaughtTexts:
    """Token ids of texts with what a teacher said of them, and how it is to be learnt."""

    tokens: Sequence[np.ndarray]  # int32, each of its own length
    probabilities: np.ndarray  # float32, rows x classes
    take: int | None = None  # rows an epoch; None: all
    weight: float = 1.0  # of a row beside a labelled one
    temperature: float = 1.0

    def __len__(self) -> int:
        return len(self.tokens)


class Targets:
    """Of the labelled examples, and after them of the taught ones.

    With taught examples a class is a distribution too, (1 - ε) on it and ε spread over all, so
    that one formula serves a batch that mixes both.
    """

    def __init__(
        self, classes: np.ndarray, size: int, taught: Sequence[TaughtTexts], smoothing: float
    ) -> None:
        """classes: int64, one a labelled example; size: how many classes there are."""
        self._classes = classes
        self._smoothing = smoothing
        self._soft: tuple[np.ndarray, ...] = ()
        if taught:
            hard = np.full((len(classes), size), smoothing / size, np.float32)
            hard[np.arange(len(classes)), classes] += 1.0 - smoothing
            ones = np.ones(len(classes), np.float32)
            self._soft = (
                np.concatenate([hard, *(tempered(t.probabilities, t.temperature) for t in taught)]),
                np.concatenate([ones, *(np.full(len(t), t.weight, np.float32) for t in taught)]),
                np.concatenate(
                    [ones, *(np.full(len(t), t.temperature, np.float32) for t in taught)]
                ),
            )

    def arrays(self) -> list[np.ndarray]:
        """All that decides a loss, for a fingerprint."""
        return [self._classes, *self._soft]

    def cross_entropy(self, batch: np.ndarray, device: torch.device) -> Callable[[Tensor], Tensor]:
        """Logits (batch x classes, float32) of these examples to its sum over them."""
        if not self._soft:
            classes = torch.from_numpy(self._classes[batch]).to(device)
            return lambda logits: smoothed_cross_entropy(logits, classes, self._smoothing)
        shares, weights, temperatures = (
            torch.from_numpy(array[batch]).to(device) for array in self._soft
        )
        return lambda logits: soft_cross_entropy(logits, shares, weights, temperatures)


def tempered(probabilities: np.ndarray, temperature: float) -> np.ndarray:
    """Probabilities (rows x classes) of the logits divided by ``temperature``; float32."""
    logs = np.log(np.maximum(probabilities.astype(np.float64), 1e-30)) / temperature
    shares = np.exp(logs - logs.max(axis=1, keepdims=True))
    normalised: np.ndarray = shares / shares.sum(axis=1, keepdims=True)
    return normalised.astype(np.float32)
