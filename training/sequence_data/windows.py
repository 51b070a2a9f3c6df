"""Stretches of labelled sequences: those that are learnt from, and those that a model is judged by.

A model with a label for every step learns from pieces, which together are the whole sequence; it is
judged at every step, from as many steps as its window holds, which is how it is asked when it is
served. Knows nothing about files or networks.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from service.artifact.columns import AnyColumn, BadCell, encode
from training.corpora import HELD_OUT
from training.data.errors import DataError
from training.data.sequences import ColumnSequence
from training.tasks.sequence import LabelWindows

WINDOW = 28  # steps of what has no length of its own, where the recipe says no other number


class Stretch(NamedTuple):
    """Steps of one of several sequences, from ``start`` to before ``stop``."""

    sequence: int
    start: int
    stop: int


@dataclass(frozen=True)
class Part:
    """Sequences of one part of the data.

    The steps before ``first`` of each belong to the part before, and are read alone: who asks for
    the label of a day knows the days before.
    """

    sequences: Sequence[ColumnSequence]
    first: int = 0

    def last_windows(self, window: int) -> list[Stretch]:
        """The end of each sequence."""
        return [
            Stretch(i, max(0, len(one) - window), len(one)) for i, one in enumerate(self.sequences)
        ]

    def pieces(self, window: int) -> list[Stretch]:
        """Each sequence whole, cut from its end on; its first piece may be a shorter one."""
        return [
            Stretch(i, max(0, stop - window), stop)
            for i, one in enumerate(self.sequences)
            for stop in range(len(one), 0, -window)
        ]

    def every_step(self, window: int, shortest: int = 1) -> list[Stretch]:
        """A stretch that ends at each of the part's own steps, of ``shortest`` steps or more."""
        return [
            Stretch(i, max(0, stop - window), stop)
            for i, one in enumerate(self.sequences)
            for stop in range(max(self.first + 1, shortest), len(one) + 1)
        ]

    def steps(self, stretch: Stretch) -> ColumnSequence:
        """The steps of a stretch, as they came."""
        return self.sequences[stretch.sequence].part(stretch.start, stretch.stop)

    def windows(
        self,
        stretches: Sequence[Stretch],
        columns: Sequence[AnyColumn],
        labels: Sequence[str],
        name: str,
    ) -> LabelWindows:
        """Stretches, encoded. Raises DataError, which calls the data ``name``."""
        features = [encoded(columns, one, name) for one in self.sequences]
        classes = [_classes(one, labels) for one in self.sequences]
        return LabelWindows(
            [features[i][start:stop] for i, start, stop in stretches],
            # A sequence with one label has it after its last step.
            [
                classes[i][start:stop] if len(classes[i]) == len(features[i]) else classes[i]
                for i, start, stop in stretches
            ],
        )


def encoded(columns: Sequence[AnyColumn], sequence: ColumnSequence, name: str) -> np.ndarray:
    """time x features. Raises DataError for a cell that no training data had."""
    cells = {column.name: sequence.cells[column.name] for column in columns}
    try:
        return encode(columns, cells)
    except BadCell as error:
        raise DataError(f"{name}: {error}; the part for training has no such cell") from None


def ends_in_time(steps: int) -> tuple[int, int]:
    """Where the parts for training and for validation end, of what is split by time."""
    return int(steps * HELD_OUT[0]), int(steps * (HELD_OUT[0] + HELD_OUT[1]))


def _classes(sequence: ColumnSequence, labels: Sequence[str]) -> np.ndarray:
    """The class of each step, or the one of the whole: int64."""
    index = {label: i for i, label in enumerate(labels)}
    return np.array([index[label] for label in sequence.labels], dtype=np.int64)
