"""What every baseline can do."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np


class Baseline(Protocol):
    """A classifier of whole texts, trained at one go."""

    def fit(self, texts: Sequence[str], classes: np.ndarray) -> None:
        """Train on texts and their class indices (rows, 0 to the number of classes - 1)."""

    def probabilities(self, texts: Sequence[str]) -> np.ndarray:
        """The probability of every class: texts x classes, float64, each row sums to 1."""
