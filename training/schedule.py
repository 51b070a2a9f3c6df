"""Learning rate as a pure function of the position in the run. Knows nothing about optimisers."""

import math
from typing import Literal

Schedule = Literal["constant", "linear", "cosine"]


def learning_rate(
    base: float, schedule: Schedule, warmup_steps: int, step: int, progress: float
) -> float:
    """The rate at ``step`` (from 0), where ``progress`` in [0, 1] is the part of the run done.

    Linear warm-up; then constant, or down to 2% of the base along a line or half a cosine.
    """
    warmup = min(1.0, (step + 1) / warmup_steps) if warmup_steps else 1.0
    floor = 0.02
    if schedule == "linear":
        decay = floor + (1.0 - floor) * (1.0 - progress)
    elif schedule == "cosine":
        decay = floor + (1.0 - floor) * 0.5 * (1.0 + math.cos(math.pi * progress))
    else:
        decay = 1.0
    return base * warmup * decay
