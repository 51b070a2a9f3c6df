"""A user's file whose rows are steps: a series to forecast, or sequences with labels.

Nothing is dropped and nothing guessed: what does not fit is named by file and line. This module
knows nothing about networks.
"""

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from training.data.errors import DataError
from training.data.sequences import Cell, ColumnSequence
from training.data.tables import Row, read_columns, refuse

MOST_VALUES = 100  # of a category
_DAY = 86_400  # seconds
# Steps of a season by the length of a step in days, where that is no part of a day.
_PERIODS = {1: 7, 7: 52}


@dataclass(frozen=True)
class OwnSeries:
    """A series in order, and the steps of its season as far as its times say (else 1)."""

    steps: ColumnSequence
    period: int


def read_series(
    path: Path,
    value_columns: Sequence[str],
    input_columns: Sequence[str] = (),
    time_column: str | None = None,
) -> OwnSeries:
    """A series to forecast: a row a step, in order of time.

    Raises DataError for values that are no numbers or missing, and for times that do not follow
    each other at regular steps.
    """
    names = [*dict.fromkeys((*value_columns, *input_columns))]
    rows = read_columns(path, [*names, *([time_column] if time_column is not None else [])])
    cells = {name: _cells(path, rows, i, name) for i, name in enumerate(names)}
    for name in value_columns:
        _require_values(path, rows, names.index(name), name)
    period = 1 if time_column is None else _period(path, rows, time_column)
    return OwnSeries(ColumnSequence(cells), period)


def read_sequences(
    path: Path,
    input_columns: Sequence[str],
    label_column: str,
    sequence_column: str | None,
    each_step: bool,
) -> list[ColumnSequence]:
    """Labelled sequences, a row a step, in the order in which they begin.

    Without a column that tells them apart the whole file is one sequence. Of ``each_step`` every
    row has a label of its own, else all rows of a sequence have the same. Raises DataError.
    """
    marks = [label_column, *([sequence_column] if sequence_column is not None else [])]
    rows = read_columns(path, [*input_columns, *marks])
    width = len(input_columns)
    cells = {name: _cells(path, rows, i, name) for i, name in enumerate(input_columns)}
    labels = [row.fields[width].strip() for row in rows]
    refuse(
        path,
        [
            row._replace(problem="" if label else f'an empty "{label_column}"; expected a label')
            for row, label in zip(rows, labels, strict=True)
        ],
    )
    groups: dict[str, list[int]] = {}
    for i, row in enumerate(rows):
        groups.setdefault(row.fields[width + 1] if sequence_column is not None else "", []).append(
            i
        )
    return [_sequence(path, rows, places, cells, labels, each_step) for places in groups.values()]


def _sequence(
    path: Path,
    rows: Sequence[Row],
    places: Sequence[int],
    cells: Mapping[str, Sequence[Cell]],
    labels: Sequence[str],
    each_step: bool,
) -> ColumnSequence:
    own = tuple(labels[i] for i in places)
    if not each_step:
        other = next((i for i in places if labels[i] != own[0]), None)
        if other is not None:
            raise DataError(
                f'{path}, {rows[other].place}: the label is "{labels[other]}", and where the '
                f'sequence begins ({rows[places[0]].place}) "{own[0]}"; a sequence has one label. '
                "Name the column that tells sequences apart (--sequence-column), or have each "
                "step learnt (--set target.each_step=true)"
            )
        own = own[:1]
    return ColumnSequence({name: [some[i] for i in places] for name, some in cells.items()}, own)


def _cells(path: Path, rows: Sequence[Row], place: int, name: str) -> list[Cell]:
    """The cells of a column: numbers where all that are not empty are, else categories."""
    fields = [row.fields[place].strip() for row in rows]
    numbers = [_number(field) for field in fields]
    strange = [i for i, number in enumerate(numbers) if number is None and fields[i]]
    if not strange:
        return list(numbers)
    values = set(fields) - {""}
    if len(values) > MOST_VALUES:
        refuse(path, [rows[i]._replace(problem=_no_number(fields[i], name)) for i in strange])
    return [field or None for field in fields]


def _require_values(path: Path, rows: Sequence[Row], place: int, name: str) -> None:
    """Raises DataError where a column to forecast has a row without a number."""
    problems = []
    for row in rows:
        field = row.fields[place].strip()
        problem = "" if _number(field) is not None else _no_number(field, name)
        problems.append(row._replace(problem=problem))
    refuse(path, problems)


def _number(field: str) -> float | None:
    try:
        number = float(field)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _no_number(field: str, name: str) -> str:
    if not field:
        return f'an empty "{name}"; a forecast needs every value: fill the gap'
    return f'"{field[:40]}" in "{name}" is no number; write it like 12.5'


def _period(path: Path, rows: Sequence[Row], time_column: str) -> int:
    """The steps of a season. Raises DataError for times that are not regular."""
    times: list[datetime] = []
    problems = []
    for row in rows:
        try:
            times.append(_time(row.fields[-1].strip()))
            problems.append(row)
        except ValueError:
            problem = f'"{row.fields[-1][:40]}" in "{time_column}" is no time'
            problem += "; write it like 2024-05-31 or 2024-05-31T18:00"
            problems.append(row._replace(problem=problem))
    refuse(path, problems)
    if len(times) < 3:
        return 1
    steps = [later - earlier for earlier, later in itertools.pairwise(times)]
    months = _months(times)
    if months is not None:
        return max(1, 12 // months)
    usual = sorted(steps)[len(steps) // 2]
    for i, step in enumerate(steps):
        if step != usual or step <= timedelta():
            raise DataError(
                f"{path}, {rows[i + 1].place}: {rows[i + 1].fields[-1]} comes {step} after "
                f"{rows[i].fields[-1]}; most rows come {usual} after the one before. Sort the rows "
                "by time, and fill gaps, so that all steps are the same"
            )
    seconds = usual.total_seconds()
    if seconds < _DAY:
        return max(1, round(_DAY / seconds))
    return _PERIODS.get(round(seconds / _DAY), 1)


def _months(times: Sequence[datetime]) -> int | None:
    """How many months each time is after the one before, where that is what they are apart."""
    numbers = [12 * time.year + time.month for time in times]
    steps = {later - earlier for earlier, later in itertools.pairwise(numbers)}
    days = {time.day for time in times}
    if len(steps) == 1 and (len(days) == 1 or min(days) >= 28) and min(steps) > 0:
        return steps.pop()
    return None


def _time(field: str) -> datetime:
    """A time, in UTC where it says no zone: clocks that are put back repeat an hour."""
    if len(field) == 7:  # 2024-05
        field = f"{field}-01"
    time = datetime.fromisoformat(field)
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
