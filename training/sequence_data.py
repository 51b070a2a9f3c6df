"""From a sequence recipe to windows: what is read, what is to be answered, what is held out.

Knows nothing about networks. A series is split by time: the statistics of the columns and every
weight come from its first part alone, and what is forecast in a later part was never trained on.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from service.artifact import CategoryColumn, NumberColumn, SequenceManifest
from service.artifact import Source as DataSource
from service.artifact.columns import AnyColumn, feature_names
from training.corpora import HELD_OUT, OwnData
from training.data.dinner import dinner_splits
from training.data.errors import DataError
from training.data.own_columns import MOST_VALUES, read_sequences, read_series
from training.data.sequences import Cell, ColumnSequence
from training.data.splits import stratified_parts
from training.data.weather import season_splits, weather_series
from training.label_windows import Part, Stretch, encoded
from training.origin import Origin
from training.recipe import ForecastTarget, LabelTarget, SequenceRecipe
from training.tasks.sequence import ForecastWindows, LabelWindows

GENERATED = ("dinner", "seasons", "weather")
WINDOW = 28  # steps, where neither the recipe nor the data say another number
_SEED = 1  # of generated data: a run's own seed draws weights, not other data
_DINNERS = {"train": 2000, "validation": 500, "test": 2000}
_SEASONS = {"train": 6000, "validation": 1000, "test": 2000}
_DAYS = 12 * 365
_SHOWN = 3  # examples
_FITTED = 4000  # windows of a diary that baselines are fitted on
_FEWEST_STEPS = 100  # of a diary, to train on and to hold out
_FINEST = 1e5  # deviations from zero at which float32 no longer tells values apart well


@dataclass(frozen=True)
class LabelData:
    """Labelled sequences, encoded."""

    columns: tuple[AnyColumn, ...]
    labels: tuple[str, ...]
    window: int
    train: LabelWindows
    validation: LabelWindows
    test: LabelWindows
    fitted: LabelWindows  # of the training part, as those that are held out: for the baselines
    name: str
    sources: tuple[DataSource, ...]
    examples: tuple[ColumnSequence, ...]  # held out, as they came


@dataclass(frozen=True)
class ForecastData:
    """A series, encoded; its parts are windows whose future lies within the part."""

    columns: tuple[AnyColumn, ...]
    forecast: tuple[str, ...]
    window: int
    period: int
    train: ForecastWindows
    validation: ForecastWindows
    test: ForecastWindows
    name: str
    sources: tuple[DataSource, ...]
    examples: tuple[ColumnSequence, ...]  # held out, as they came

    @property
    def places(self) -> list[int]:
        """Of what is forecast among the features."""
        return forecast_places(self.columns, self.forecast)


SequenceData = LabelData | ForecastData


def forecast_places(columns: Sequence[AnyColumn], forecast: Sequence[str]) -> list[int]:
    """Where the columns that are forecast stand among the features."""
    names = feature_names(columns)
    return [names.index(name) for name in forecast]


def sequence_data(recipe: SequenceRecipe, origin: Origin) -> SequenceData:
    """What a recipe names, or a user's file. Raises DataError."""
    if isinstance(recipe.target, ForecastTarget):
        return _forecast_data(recipe, recipe.target, origin.own)
    return _label_data(recipe, recipe.target, origin.own)


@dataclass(frozen=True)
class Reading:
    """What a model reads and answers, as far as another file has to fit it."""

    columns: tuple[AnyColumn, ...]
    window: int
    shortest: int
    labels: tuple[str, ...] = ()
    each_step: bool = False
    forecast: tuple[str, ...] = ()  # the columns, none where the answer is a label
    horizon: int = 0
    period: int | None = None  # None: as the times of the file say

    @classmethod
    def of_manifest(cls, manifest: SequenceManifest, recipe: SequenceRecipe) -> "Reading":
        """Of a published model. recipe: its own, or that of the one it is compared with."""
        ahead, target = manifest.forecast, recipe.target
        return cls(
            manifest.columns, manifest.window, manifest.shortest, manifest.labels,
            target.kind == "label" and target.each_step,
            () if ahead is None else ahead.columns,
            0 if ahead is None else ahead.horizon,
            target.period if target.kind == "forecast" else None,
        )  # fmt: skip

    @classmethod
    def of_data(cls, data: SequenceData, recipe: SequenceRecipe) -> "Reading":
        """Of a model that is still to be trained on ``data``."""
        target = recipe.target
        if isinstance(data, ForecastData):
            assert isinstance(target, ForecastTarget)
            return cls(
                data.columns, data.window, 1,
                forecast=data.forecast, horizon=target.horizon, period=target.period,
            )  # fmt: skip
        assert isinstance(target, LabelTarget)
        return cls(data.columns, data.window, recipe.shortest, data.labels, target.each_step)


def measured_data(reading: Reading, own: OwnData) -> SequenceData:
    """A user's file for a model: all of it is the test part. Raises DataError."""
    columns, window, horizon, forecast = (
        reading.columns, reading.window, reading.horizon, reading.forecast,
    )  # fmt: skip
    name = own.file.stem
    reads = [column.name for column in columns]
    if not forecast:
        sequences = read_sequences(
            own.file, reads, own.label_column, own.sequence_column, reading.each_step
        )
        found = {label for one in sequences for label in one.labels}
        _require_labels(name, found, reading.labels)
        part = Part(sequences)
        stretches = (
            part.every_step(window, reading.shortest)
            if reading.each_step
            else part.last_windows(window)
        )
        if not stretches:
            raise DataError(f"{name} has {len(sequences[0])} steps; expected {reading.shortest}")
        windows = part.windows(stretches, columns, reading.labels, name)
        return LabelData(
            columns, reading.labels, window, windows, windows, windows, windows, name, (), ()
        )
    series = read_series(own.file, forecast, reads, own.time_column)
    steps = series.steps
    starts = np.arange(len(steps) - window - horizon + 1)
    if not len(starts):
        raise DataError(
            f"{name} has {len(steps):,} steps; the window of {window} and the horizon of "
            f"{horizon} need {window + horizon:,}"
        )
    values = np.array([steps.cells[column] for column in forecast], np.float64).T
    measured = ForecastWindows(encoded(columns, steps, name), values, starts, window, horizon)
    return ForecastData(
        columns, forecast, window, reading.period or series.period,
        measured, measured, measured, name, (), (),
    )  # fmt: skip


def _label_data(recipe: SequenceRecipe, target: LabelTarget, own: OwnData | None) -> LabelData:
    parts, name, sources = _generated(recipe) if own is None else _own_sequences(own, recipe)
    train, validation, test = parts
    longest = max(map(len, train.sequences))
    window = recipe.window or longest
    if own is not None:
        # A diary that goes on has no length of its own.
        one_diary = target.each_step and len(train.sequences) == 1
        window = min(recipe.window or (WINDOW if one_diary else longest), longest)
    columns = _columns(recipe, train.sequences)
    found = {label for part in parts for one in part.sequences for label in one.labels}
    labels = target.labels if target.labels is not None else tuple(sorted(found))
    _require_labels(name, found, labels)
    _require_previous(target, columns, labels)
    # A generated sequence is as long as the window, and is asked about its last step.
    every_step = target.each_step and own is not None

    def judged(part: Part) -> list[Stretch]:
        if every_step:
            return part.every_step(window, recipe.shortest)
        return part.last_windows(window)

    def windows(part: Part, stretches: Sequence[Stretch]) -> LabelWindows:
        return part.windows(stretches, columns, labels, name)

    learnt = windows(train, train.pieces(window) if target.each_step else judged(train))
    return LabelData(
        columns, labels, window, learnt,
        windows(validation, judged(validation)), windows(test, judged(test)),
        windows(train, _spread(judged(train), _FITTED)) if every_step else learnt,
        name, sources,
        tuple(validation.steps(one) for one in _spread(judged(validation), _SHOWN)),
    )  # fmt: skip


def _spread(stretches: list[Stretch], count: int) -> list[Stretch]:
    """So many of them, evenly over all."""
    if len(stretches) <= count:
        return stretches
    return [stretches[i * len(stretches) // count] for i in range(count)]


def _require_labels(name: str, found: set[str], labels: Sequence[str]) -> None:
    strange = sorted(found - set(labels))
    if strange:
        raise DataError(
            f"{name} has the labels {', '.join(strange[:10])}, the model only {', '.join(labels)}"
        )
    if len(labels) < 2:
        raise DataError(f"{name} has one label alone, {', '.join(labels)}; expected two or more")


def _require_previous(
    target: LabelTarget, columns: Sequence[AnyColumn], labels: Sequence[str]
) -> None:
    """Raises DataError for a column that cannot hold the label of the step before."""
    if target.previous is None:
        return
    found = next((column for column in columns if column.name == target.previous), None)
    values = found.values if isinstance(found, CategoryColumn) else ()
    if found is None or not set(labels) <= set(values):
        state = f"has the values {', '.join(values) or 'of numbers'}" if found else "is not read"
        raise DataError(
            f'target.previous: "{target.previous}" {state}; expected a column that is read and '
            f"holds the labels {', '.join(labels)}"
        )


def _generated(
    recipe: SequenceRecipe,
) -> tuple[tuple[Part, ...], str, tuple[DataSource, ...]]:
    """The parts of generated sequences, in the order of training, validation and test."""
    source = recipe.data.train[0].source
    if source == "dinner":
        splits = dinner_splits(_DINNERS, _SEED)
    elif source == "seasons":
        splits = season_splits(_SEASONS, _SEED)
    else:
        raise DataError(_unknown(source, "dinner, seasons"))
    parts = tuple(Part(splits[split]) for split in ("train", "validation", "test"))
    return parts, source, (_described(source, len(parts[0].sequences)),)


def _own_sequences(
    own: OwnData, recipe: SequenceRecipe
) -> tuple[tuple[Part, ...], str, tuple[DataSource, ...]]:
    """A user's sequences: split by a hash of their names, or one of them by time."""
    if not own.input_columns:
        raise DataError(
            f"say which columns of {own.file} are read: --input-column NAME, once for each"
        )
    assert isinstance(recipe.target, LabelTarget)
    each_step = recipe.target.each_step
    sequences = read_sequences(
        own.file, own.input_columns, own.label_column, own.sequence_column, each_step
    )
    if len(sequences) == 1 and each_step:
        parts = _by_time(own, sequences[0], recipe.window or WINDOW)
    else:
        parts = _drawn(own, sequences, recipe.training.seed)
    rows = sum(map(len, parts[0].sequences))
    source = DataSource(name=own.file.name, url="", license=own.license, rows=rows)
    return parts, own.file.stem, (source,)


def _by_time(own: OwnData, diary: ColumnSequence, window: int) -> tuple[Part, ...]:
    """One diary: its beginning to learn from, and what came later. Raises DataError."""
    steps = len(diary)
    ends = int(steps * HELD_OUT[0]), int(steps * (HELD_OUT[0] + HELD_OUT[1]))
    needed = max(_FEWEST_STEPS, math.ceil(2 * window / HELD_OUT[0]))
    if steps < needed:
        raise DataError(
            f"{own.file} has one sequence of {steps:,} steps; a window of {window} needs "
            f"{needed:,}: read less (--set window=…)"
            + ("" if own.sequence_column else ", or name the column that tells several sequences "
               "apart (--sequence-column)")
        )  # fmt: skip

    def part(first: int, stop: int) -> Part:
        start = max(0, first - window + 1)
        return Part([diary.part(start, stop)], first - start)

    return part(0, ends[0]), part(*ends), part(ends[1], steps)


def _drawn(own: OwnData, sequences: Sequence[ColumnSequence], seed: int) -> tuple[Part, ...]:
    """Whole sequences, drawn by a hash of their places. Raises DataError for too few."""
    keys = [f"sequence {i}" for i in range(len(sequences))]
    marks = [sequence.labels[0] for sequence in sequences]
    drawn = stratified_parts(keys, marks, HELD_OUT, seed)
    parts = tuple(
        Part([one for one, part in zip(sequences, drawn, strict=True) if part == number])
        for number in range(len(HELD_OUT))
    )
    if not all(part.sequences for part in parts):
        raise DataError(
            f"{own.file} has {len(sequences)} sequences; expected 30 at least, to train on and to "
            "hold out" + ("" if own.sequence_column else " (--sequence-column tells them apart)")
        )
    return parts


def _forecast_data(
    recipe: SequenceRecipe, target: ForecastTarget, own: OwnData | None
) -> ForecastData:
    if own is None:
        source = recipe.data.train[0].source
        if source != "weather":
            raise DataError(_unknown(source, "weather"))
        steps, found, name = weather_series(_DAYS, _SEED), 1, source
        sources = (_described(source, len(steps)),)
        forecast = target.columns
    else:
        if not own.value_columns:
            raise DataError(
                f"say which column of {own.file} is to be forecast: --value-column NAME"
            )
        series = read_series(own.file, own.value_columns, own.input_columns, own.time_column)
        steps, found, name = series.steps, series.period, own.file.stem
        rows = int(len(steps) * HELD_OUT[0])
        sources = (DataSource(name=own.file.name, url="", license=own.license, rows=rows),)
        forecast = tuple(own.value_columns)
    period = target.period or found
    window = recipe.window or max(WINDOW, period + target.horizon)
    ends = _ends(len(steps), window, target.horizon, name)
    columns = _columns(recipe, [steps.part(0, ends[0])])
    features = encoded(columns, steps, name)
    values = np.array([steps.cells[column] for column in forecast], np.float64).T

    def windows(first: int, stop: int) -> ForecastWindows:
        """Those whose future begins at ``first`` or later and ends before ``stop``."""
        starts = np.arange(max(first - window, 0), stop - window - target.horizon + 1)
        return ForecastWindows(features, values, starts, window, target.horizon)

    return ForecastData(
        columns, forecast, window, period,
        windows(0, ends[0]), windows(ends[0], ends[1]), windows(ends[1], len(steps)),
        name, sources, tuple(steps.part(end - window, end) for end in ends),
    )  # fmt: skip


def _ends(steps: int, window: int, horizon: int, name: str) -> tuple[int, int]:
    """Where the parts for training and validation end. Raises DataError for too few steps."""
    ends = int(steps * HELD_OUT[0]), int(steps * (HELD_OUT[0] + HELD_OUT[1]))
    if ends[0] < 2 * window + horizon or min(ends[1] - ends[0], steps - ends[1]) < 2 * horizon:
        needed = max(int((2 * window + horizon) / HELD_OUT[0]), int(2 * horizon / HELD_OUT[1])) + 11
        raise DataError(
            f"{name} has {steps:,} steps; a window of {window} and a horizon of {horizon} need "
            f"{needed:,}: forecast less (--set target.horizon=…), or from less (--set window=…)"
        )
    return ends


def _columns(recipe: SequenceRecipe, train: Sequence[ColumnSequence]) -> tuple[AnyColumn, ...]:
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


def _described(source: str, rows: int) -> DataSource:
    return DataSource(name=source, url="", license="generated; no rights", rows=rows)


def _unknown(source: str, known: str) -> str:
    return (
        f'no data "{source}" is known for this target; known are {known}, or name a file (--data)'
    )
