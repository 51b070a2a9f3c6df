"""Temperature scaling (Guo et al. 2017, section 4.2). Knows nothing about graphs."""

from collections.abc import Sequence

import torch
from torch import Tensor

from training.evaluation import calibration_error

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


def fitted_temperature(
    names: Sequence[str],
    logits: Sequence[Tensor],
    classes: Sequence[Tensor],
    stated: float | None,
) -> tuple[float, list[str]]:
    """What divides the logits, and what it does to the validation sets of those names.

    logits, classes: as of `best_temperature`; stated: by the recipe, None where it is to be fitted.
    """
    temperature = best_temperature(logits, classes) if stated is None else stated
    origin = "fitted on the validation sets" if stated is None else "as the recipe states"
    return temperature, [
        f"temperature {temperature:.3f}, {origin}; calibration error on validation, in percent:",
        *(
            f"  {name}: {_calibration_error(rows, gold):.2f} before, "
            f"{_calibration_error(rows / temperature, gold):.2f} after"
            for name, rows, gold in zip(names, logits, classes, strict=True)
        ),
    ]


def _calibration_error(logits: Tensor, classes: Tensor) -> float:
    """In percent, of logits (rows x classes) and right classes (rows)."""
    confidence, chosen = torch.softmax(logits.double(), dim=1).max(dim=1)
    return 100 * calibration_error(confidence.numpy(), (chosen == classes).numpy())
