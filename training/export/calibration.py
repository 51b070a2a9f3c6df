"""Temperature scaling (Guo et al. 2017, section 4.2). Knows nothing about graphs."""

from collections.abc import Sequence

import torch
from torch import Tensor

LARGEST = 4.0  # a temperature lies between its inverse and this


def best_temperature(logits: Sequence[Tensor], classes: Sequence[Tensor]) -> float:
    """The temperature that gives held-out sets the highest likelihood, in [0.25, 4].

    logits: of each set, rows x classes; classes: of each set, rows (int64). Every set has the
    same weight, however many rows it has: a model for many sources must not be calibrated for the
    largest alone. Dividing all logits by one number changes no label.
    """
    bound = torch.tensor(LARGEST).log().item()
    candidates = torch.linspace(-bound, bound, 241).exp()
    losses = torch.stack(
        [
            sum(
                (torch.nn.functional.cross_entropy(part / t, gold)
                 for part, gold in zip(logits, classes, strict=True)),
                start=torch.zeros(()),
            )
            for t in candidates
        ]
    )  # fmt: skip
    return float(candidates[int(losses.argmin())])
