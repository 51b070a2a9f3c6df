"""The columns that a sequence model reads, with what its training part says of them."""

from collections.abc import Sequence

import numpy as np

from service.artifact import CategoryColumn, NumberColumn
from service.artifact.columns import AnyColumn
from training.data.errors import DataError
from training.data.own_columns import MOST_VALUES
from training.data.sequences import Cell, ColumnSequence
from training.recipe import SequenceRecipe

_FINEST = 1e5  # deviations from zero at which float32 no longer tells values apart well


def fitted_columns(
    recipe: SequenceRecipe, train: Sequence[ColumnSequence]
) -> tuple[AnyColumn, ...]:
    """What is read, with what the training part says of it. Raises DataError."""
    stated = {column.name: column for column in recipe.columns}
    columns: list[AnyColumn] = []
    for name in stated or train[0].cells:
        cells = [cell for sequence in train for cell in sequence.cells[name]]
        column = stated.get(name)
        if column is not None and column.kind == "category":
            columns.append(CategoryColumn(**column.model_dump()))
        else:
            columns.append(_fitted(name, cells))
    return tuple(columns)


def _fitted(name: str, cells: Sequence[Cell]) -> AnyColumn:
    known = [cell for cell in cells if cell is not None]
    missing = len(known) < len(cells)
    if not known:
        raise DataError(f'"{name}" is empty in the part for training; leave it out')
    if any(isinstance(cell, str) for cell in known):
        values = tuple(sorted({str(cell) for cell in known}))
        if len(values) > MOST_VALUES:
            raise DataError(
                f'"{name}" has {len(values):,} different values; a category has {MOST_VALUES} at '
                "most. If it is one of numbers, look for those that are written otherwise"
            )
        return CategoryColumn(name=name, values=values, may_be_missing=missing)
    numbers = np.array(known, dtype=np.float64)
    mean, deviation = float(numbers.mean()), float(numbers.std())
    if not deviation > 1e-12 * max(1.0, abs(mean)):
        raise DataError(f'"{name}" is {mean:g} throughout the part for training; leave it out')
    if abs(mean) > _FINEST * deviation:
        raise DataError(
            f'"{name}" varies by {deviation:.3g} about {mean:.3g}, which float32 hardly tells '
            "apart: subtract a constant from it first"
        )
    return NumberColumn(name=name, mean=mean, deviation=deviation, may_be_missing=missing)
