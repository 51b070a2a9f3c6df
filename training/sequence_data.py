"""From a sequence recipe to windows: what is read, what is to be answered, what is held out.

Knows nothing about networks. A series is split by time: the statistics of the columns and every
weight come from its first part alone, and what is forecast in a later part was never trained on.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from service.artifact import CategoryColumn, NumberColumn, SequenceManifest
from service.artifact import Source as DataSource
from service.artifact.columns import AnyColumn, BadCell, encode, feature_names
from training.corpora import HELD_OUT, OwnData
from training.data.dinner import dinner_splits
from training.data.errors import DataError
from training.data.own_columns import MOST_VALUES, read_sequences, read_series
from training.data.sequences import Cell, ColumnSequence
from training.data.splits import stratified_parts
from training.data.weather import season_splits, weather_series
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


def measured_data(manifest: SequenceManifest, own: OwnData) -> SequenceData:
    """A user's file for a published model: all of it is the test part. Raises DataError."""
    columns = manifest.columns
    name = own.file.stem
    reads = [column.name for column in columns]
    if manifest.forecast is None:
        sequences = read_sequences(
            own.file, reads, own.label_column, own.sequence_column, each_step=False
        )
        _require_labels(name, {one.labels[0] for one in sequences}, manifest.labels)
        cut = [_cut(one, manifest.window, False)[0] for one in sequences]
        windows = LabelWindows(
            [_encoded(columns, one, name) for one in cut],
            [_classes(one, manifest.labels) for one in cut],
        )
        return LabelData(
            columns, manifest.labels, manifest.window, windows, windows, windows, name, (), ()
        )
    horizon, forecast = manifest.forecast.horizon, manifest.forecast.columns
    series = read_series(own.file, forecast, reads, own.time_column)
    steps = series.steps
    starts = np.arange(len(steps) - manifest.window - horizon + 1)
    if not len(starts):
        raise DataError(
            f"{name} has {len(steps):,} steps; the window of {manifest.window} and the horizon of "
            f"{horizon} need {manifest.window + horizon:,}"
        )
    values = np.array([steps.cells[column] for column in forecast], np.float64).T
    stretches = ForecastWindows(
        _encoded(columns, steps, name), values, starts, manifest.window, horizon
    )
    return ForecastData(
        columns, forecast, manifest.window, series.period,
        stretches, stretches, stretches, name, (), (),
    )  # fmt: skip


def _label_data(recipe: SequenceRecipe, target: LabelTarget, own: OwnData | None) -> LabelData:
    parts, name, sources = _generated(recipe) if own is None else _own_sequences(own, recipe)
    train, validation, test = parts
    window = recipe.window or max(map(len, train))
    if own is not None:
        window = min(window, max(map(len, train)))
    columns = _columns(recipe, train)
    found = sorted({label for part in parts for sequence in part for label in sequence.labels})
    labels = target.labels if own is None and target.labels is not None else tuple(found)
    _require_labels(name, set(found), labels)

    def windows(sequences: Sequence[ColumnSequence], held_out: bool) -> LabelWindows:
        cut = [_cut(sequence, window, target.each_step and not held_out) for sequence in sequences]
        together = [piece for pieces in cut for piece in pieces]
        return LabelWindows(
            [_encoded(columns, piece, name) for piece in together],
            [_classes(piece, labels) for piece in together],
        )

    return LabelData(
        columns, labels, window,
        windows(train, False), windows(validation, True), windows(test, True),
        name, sources, tuple(_cut(one, window, False)[0] for one in validation[:_SHOWN]),
    )  # fmt: skip


def _require_labels(name: str, found: set[str], labels: Sequence[str]) -> None:
    strange = sorted(found - set(labels))
    if strange:
        raise DataError(
            f"{name} has the labels {', '.join(strange[:10])}, the model only {', '.join(labels)}"
        )
    if len(labels) < 2:
        raise DataError(f"{name} has one label alone, {', '.join(labels)}; expected two or more")


def _generated(
    recipe: SequenceRecipe,
) -> tuple[tuple[list[ColumnSequence], ...], str, tuple[DataSource, ...]]:
    """The parts of generated sequences, in the order of training, validation and test."""
    source = recipe.data.train[0].source
    if source == "dinner":
        splits = dinner_splits(_DINNERS, _SEED)
    elif source == "seasons":
        splits = season_splits(_SEASONS, _SEED)
    else:
        raise DataError(_unknown(source, "dinner, seasons"))
    parts = tuple(splits[split] for split in ("train", "validation", "test"))
    return parts, source, (_described(source, len(parts[0])),)


def _own_sequences(
    own: OwnData, recipe: SequenceRecipe
) -> tuple[tuple[list[ColumnSequence], ...], str, tuple[DataSource, ...]]:
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
        sequences = _pieces(sequences[0], recipe.window or WINDOW)
        count = len(sequences)
        ends = [round(count * HELD_OUT[0]), round(count * (HELD_OUT[0] + HELD_OUT[1]))]
        parts: tuple[list[ColumnSequence], ...] = (
            sequences[: ends[0]], sequences[ends[0] : ends[1]], sequences[ends[1] :],
        )  # fmt: skip
    else:
        keys = [f"sequence {i}" for i in range(len(sequences))]
        marks = [sequence.labels[0] for sequence in sequences]
        drawn = stratified_parts(keys, marks, HELD_OUT, recipe.training.seed)
        parts = tuple(
            [one for one, part in zip(sequences, drawn, strict=True) if part == number]
            for number in range(len(HELD_OUT))
        )
    if not all(parts):
        raise DataError(
            f"{own.file} has {len(sequences)} sequences; expected 30 at least, to train on and to "
            "hold out" + ("" if own.sequence_column else " (--sequence-column tells them apart)")
        )
    rows = sum(map(len, parts[0]))
    source = DataSource(name=own.file.name, url="", license=own.license, rows=rows)
    return parts, own.file.stem, (source,)


def _pieces(sequence: ColumnSequence, window: int) -> list[ColumnSequence]:
    """A sequence in pieces of a window, one after the other."""
    return [sequence.part(i, i + window) for i in range(0, len(sequence) - window + 1, window)]


def _cut(sequence: ColumnSequence, window: int, whole: bool) -> list[ColumnSequence]:
    """The last window of a sequence; of a whole one all windows, from its end on."""
    end = len(sequence)
    if end <= window:
        return [sequence]
    starts = range(end - window, 0 if whole else end - window - 1, -window)
    return [sequence.part(start, start + window) for start in starts]


def _classes(sequence: ColumnSequence, labels: Sequence[str]) -> np.ndarray:
    """The class of each step, or of the last one and NO_LABEL before."""
    index = {label: i for i, label in enumerate(labels)}
    return np.array([index[label] for label in sequence.labels], dtype=np.int64)


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
    encoded = _encoded(columns, steps, name)
    values = np.array([steps.cells[column] for column in forecast], np.float64).T

    def windows(first: int, stop: int) -> ForecastWindows:
        """Those whose future begins at ``first`` or later and ends before ``stop``."""
        starts = np.arange(max(first - window, 0), stop - window - target.horizon + 1)
        return ForecastWindows(encoded, values, starts, window, target.horizon)

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


def _encoded(columns: Sequence[AnyColumn], sequence: ColumnSequence, name: str) -> np.ndarray:
    cells = {column.name: sequence.cells[column.name] for column in columns}
    try:
        return encode(columns, cells)
    except BadCell as error:
        raise DataError(f"{name}: {error}; the part for training has no such cell") from None


def _described(source: str, rows: int) -> DataSource:
    return DataSource(name=source, url="", license="generated; no rights", rows=rows)


def _unknown(source: str, known: str) -> str:
    return (
        f'no data "{source}" is known for this target; known are {known}, or name a file (--data)'
    )
