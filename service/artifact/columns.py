"""Steps of columns as the features that a sequence model reads. Training and serving share it.

A number is one feature, in its own unit (the graph standardises it); a category is one feature for
each of its values, 1 for its own and 0 for the others; and a column that may be missing has one
more feature behind these, which is 1 where it is. A missing number stands at its mean.

It knows nothing about files, requests or graphs.
"""

import math
from collections.abc import Mapping, Sequence

import numpy as np

from service.artifact.manifest.sequence import CategoryColumn, NumberColumn

AnyColumn = NumberColumn | CategoryColumn
# Deviations from the mean beyond which a number is no value of its column. It also keeps all that
# a graph computes finite.
FARTHEST = 1e6
_STRANGE = "\N{REPLACEMENT CHARACTER}"


class BadCell(ValueError):
    """A cell, a column or a length that is not what the columns say."""


def feature_count(columns: Sequence[AnyColumn]) -> int:
    """How many features a step has."""
    return sum(map(_size, columns))


def feature_names(columns: Sequence[AnyColumn]) -> list[str]:
    """The features in their order: "high", "meal=pizza", "meal missing"."""
    names: list[str] = []
    for column in columns:
        if column.kind == "number":
            names.append(column.name)
        else:
            names += [f"{column.name}={value}" for value in column.values]
        names += [f"{column.name} missing"] * column.may_be_missing
    return names


def scales(columns: Sequence[AnyColumn]) -> tuple[np.ndarray, np.ndarray]:
    """Means and deviations of the features (float32, features): 0 and 1 of all but numbers."""
    means = np.zeros(feature_count(columns), np.float32)
    deviations = np.ones(feature_count(columns), np.float32)
    for column, place in zip(columns, _places(columns), strict=True):
        if column.kind == "number":
            means[place], deviations[place] = column.mean, column.deviation
    return means, deviations


def encode(columns: Sequence[AnyColumn], cells: Mapping[str, Sequence[object]]) -> np.ndarray:
    """Features (time x features, float32) of a sequence that is given column by column.

    Raises BadCell, which names the column and the step (from 0).
    """
    _check_names(columns, cells)
    lengths = {name: len(values) for name, values in cells.items()}
    if len(set(lengths.values())) > 1:
        counted = ", ".join(f"{name} {length:,}" for name, length in lengths.items())
        raise BadCell(f"the columns have different numbers of steps: {counted}")
    features = np.zeros((next(iter(lengths.values())), feature_count(columns)), np.float32)
    for column, place in zip(columns, _places(columns), strict=True):
        values = cells[column.name]
        if column.kind == "number":
            _write_numbers(features, place, column, values)
        else:
            _write_categories(features, place, column, values)
    return features


def _check_names(columns: Sequence[AnyColumn], cells: Mapping[str, Sequence[object]]) -> None:
    names = [column.name for column in columns]
    known = ", ".join(names)
    for name in names:
        if name not in cells:
            raise BadCell(f'the column "{name}" is missing; the model reads {known}')
    for name in cells:
        if name not in names:
            raise BadCell(f"{_told(name)} is no column of this model; it reads {known}")


def _write_numbers(
    features: np.ndarray, place: int, column: NumberColumn, values: Sequence[object]
) -> None:
    for step, value in enumerate(values):
        if value is None:
            _require_optional(column, step)
            features[step, place] = column.mean
            features[step, place + 1] = 1.0
        else:
            features[step, place] = _number(column, step, value)


def _number(column: NumberColumn, step: int, value: object) -> float:
    # A bool is an int to Python, and no number to whoever writes JSON.
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise BadCell(f'step {step}: "{column.name}" is {_told(value)}; send a number')
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not abs(number - column.mean) <= FARTHEST * column.deviation:
        raise BadCell(
            f'step {step}: "{column.name}" is {number:g}; send a number that is not so far from '
            f"the {column.mean:.4g} ± {column.deviation:.4g} that the model was trained on"
        )
    return number


def _write_categories(
    features: np.ndarray, place: int, column: CategoryColumn, values: Sequence[object]
) -> None:
    index = {value: i for i, value in enumerate(column.values)}
    for step, value in enumerate(values):
        if value is None:
            _require_optional(column, step)
            features[step, place + len(index)] = 1.0
        elif isinstance(value, str) and value in index:
            features[step, place + index[value]] = 1.0
        else:
            raise BadCell(
                f'step {step}: "{column.name}" is {_told(value)}; send one of: {_known(column)}'
                + (" (or null)" if column.may_be_missing else "")
            )


def _require_optional(column: AnyColumn, step: int) -> None:
    if not column.may_be_missing:
        wanted = "a number" if column.kind == "number" else f"one of: {_known(column)}"
        raise BadCell(
            f'step {step}: "{column.name}" is null, and may not be missing; send {wanted}'
        )


def _known(column: CategoryColumn) -> str:
    return ", ".join(column.values[:20]) + (", …" if len(column.values) > 20 else "")


def _told(value: object) -> str:
    """A value for a message."""
    if isinstance(value, str):
        shown = value if len(value) <= 40 else value[:39] + "…"
        return '"' + "".join(c if c.isprintable() else _STRANGE for c in shown) + '"'
    if isinstance(value, bool):
        return "true or false"
    return {list: "a list", dict: "an object", type(None): "null"}.get(type(value), "a number")


def _size(column: AnyColumn) -> int:
    own = 1 if column.kind == "number" else len(column.values)
    return own + column.may_be_missing


def _places(columns: Sequence[AnyColumn]) -> list[int]:
    """Where the features of each column begin."""
    sizes = [_size(column) for column in columns]
    return [sum(sizes[:i]) for i in range(len(sizes))]
