"""What sequence models learn from: steps of columns, one sequence after the other.

This module knows nothing about where sequences come from or what is trained on them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

Cell = float | str | None  # None: nobody noted it


@dataclass(frozen=True)
class ColumnSequence:
    """Steps in order, column by column, and the label of the whole or one for each step."""

    cells: Mapping[str, Sequence[Cell]]
    labels: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(next(iter(self.cells.values())))

    def part(self, start: int, stop: int) -> "ColumnSequence":
        """The steps from ``start`` to before ``stop``."""
        labels = self.labels[start:stop] if len(self.labels) == len(self) else self.labels
        return ColumnSequence(
            {name: values[start:stop] for name, values in self.cells.items()}, labels
        )
