"""Exponential moving average of a network's weights. Owned by the training loop."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn


class WeightAverage:
    """Keeps ``average ← decay · average + (1 - decay) · weights`` (Polyak and Juditsky 1992).

    The decay grows with the number of updates as in Abadi et al.'s ExponentialMovingAverage,
    ``min(decay, (1 + n) / (10 + n))``, so that the first, random weights are soon forgotten.
    With decay 0 the average is the weights themselves and costs nothing.
    """

    def __init__(self, network: nn.Module, decay: float) -> None:
        self.decay = decay
        self.updates = 0
        self._network = network
        self._average = (
            [parameter.detach().clone() for parameter in network.parameters()] if decay else []
        )

    @torch.no_grad()
    def update(self) -> None:
        """Take in the weights after an optimiser step."""
        if not self.decay:
            return
        self.updates += 1
        decay = min(self.decay, (1 + self.updates) / (10 + self.updates))
        torch._foreach_lerp_(self._average, list(self._network.parameters()), 1.0 - decay)

    @contextmanager
    def applied(self) -> Iterator[None]:
        """The network carries the averaged weights inside the block, its own again after."""
        if not self.decay:
            yield
            return
        parameters: list[Tensor] = list(self._network.parameters())
        own = [parameter.detach().clone() for parameter in parameters]
        with torch.no_grad():
            torch._foreach_copy_(parameters, self._average)
        try:
            yield
        finally:
            with torch.no_grad():
                torch._foreach_copy_(parameters, own)

    def state_dict(self) -> dict[str, object]:
        return {"updates": self.updates, "average": self._average}

    def load_state_dict(self, state: dict[str, object]) -> None:
        updates, average = state["updates"], state["average"]
        assert isinstance(updates, int) and isinstance(average, list)
        self.updates = updates
        tensors: list[Tensor] = average
        with torch.no_grad():
            for mine, saved in zip(self._average, tensors, strict=True):
                mine.copy_(saved)
