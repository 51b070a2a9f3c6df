"""Sentences that were written for this project to see what a sentiment model understands.

None stands in a dataset, and none may be trained on or selected by. Many come in pairs that differ
in little but the label, so that a model which counts words cannot have both right (contrast sets,
Gardner et al. 2020). This module reads and scores them; it knows nothing about models.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

FILE = Path(__file__).parent / "sentiment.tsv"


class Probe(NamedTuple):
    """A text, its label ("negative" or "positive") and what makes it hard, or where it is from."""

    text: str
    label: str
    phenomenon: str


def read_probes() -> list[Probe]:
    """All of them, in the order of the file: one a line, fields set apart by tabs, a header."""
    _, *lines = FILE.read_text(encoding="utf-8").splitlines()
    return [Probe(*line.split("\t")) for line in lines]


def phenomenon_scores(probes: Sequence[Probe], correct: np.ndarray) -> list[tuple[str, float, int]]:
    """Accuracy in percent and number of each phenomenon's probes, and at the end of all ("all").

    correct: probes, whether each was classified right.
    """
    names = np.array([probe.phenomenon for probe in probes])
    parts = [(name, names == name) for name in dict.fromkeys(names.tolist())]
    parts.append(("all", np.ones(len(probes), dtype=bool)))
    return [
        (name, round(100 * float(correct[inside].mean()), 2), int(inside.sum()))
        for name, inside in parts
    ]
