"""Series that are forecast: what is read of a recipe or a file, split by time, and as windows.

The statistics of the columns and every weight come from the first part alone, and what is forecast
in a later part was never trained on.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from service.artifact import Source
from service.artifact.columns import AnyColumn, feature_names
from training.corpora import HELD_OUT, OwnData, generated_source
from training.data.errors import DataError
from training.data.own_columns import read_series
from training.data.sequences import ColumnSequence
from training.data.weather import weather_series
from training.recipe import ForecastTarget, SequenceRecipe
from training.sequence_data.columns import fitted_columns
from training.sequence_data.generated import SEED, unknown
from training.sequence_data.windows import WINDOW, encoded, ends_in_time
from training.tasks.sequence import ForecastWindows

_DAYS = 12 * 365


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
    sources: tuple[Source, ...]
    examples: tuple[ColumnSequence, ...]  # held out, as they came

    @property
    def places(self) -> list[int]:
        """Of what is forecast among the features."""
        return forecast_places(self.columns, self.forecast)


def forecast_places(columns: Sequence[AnyColumn], forecast: Sequence[str]) -> list[int]:
    """Where the columns that are forecast stand among the features."""
    names = feature_names(columns)
    return [names.index(name) for name in forecast]


def forecast_data(
    recipe: SequenceRecipe, target: ForecastTarget, own: OwnData | None
) -> ForecastData:
    """What a recipe names, or a user's file. Raises DataError."""
    if own is None:
        source = recipe.data.train[0].source
        if source != "weather":
            raise unknown(source, "weather")
        steps, found, name = weather_series(_DAYS, SEED), 1, source
        sources = (generated_source(source, len(steps)),)
        forecast = target.columns
    else:
        if not own.value_columns:
            raise DataError(
                f"say which column of {own.file} is to be forecast: --value-column NAME"
            )
        series = read_series(own.file, own.value_columns, own.input_columns, own.time_column)
        steps, found, name = series.steps, series.period, own.file.stem
        sources = (own.described(ends_in_time(len(steps))[0]),)
        forecast = tuple(own.value_columns)
    period = target.period or found
    window = recipe.window or max(WINDOW, period + target.horizon)
    ends = _ends(len(steps), window, target.horizon, name)
    columns = fitted_columns(recipe, [steps.part(0, ends[0])])
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
    ends = ends_in_time(steps)
    if ends[0] < 2 * window + horizon or min(ends[1] - ends[0], steps - ends[1]) < 2 * horizon:
        needed = max(int((2 * window + horizon) / HELD_OUT[0]), int(2 * horizon / HELD_OUT[1])) + 11
        raise DataError(
            f"{name} has {steps:,} steps; a window of {window} and a horizon of {horizon} need "
            f"{needed:,}: forecast less (--set target.horizon=…), or from less (--set window=…)"
        )
    return ends
