"""A model beside a file of a user: what it reads and answers, and the file read for it."""

from dataclasses import dataclass

import numpy as np

from service.artifact import SequenceManifest
from service.artifact.columns import AnyColumn
from training.corpora import OwnData
from training.data.errors import DataError
from training.data.own_columns import read_sequences, read_series
from training.recipe import ForecastTarget, LabelTarget, SequenceRecipe
from training.sequence_data.forecasts import ForecastData
from training.sequence_data.labels import LabelData, require_labels
from training.sequence_data.windows import Part, encoded
from training.tasks.sequence import ForecastWindows

SequenceData = LabelData | ForecastData


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
        require_labels(name, found, reading.labels)
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
