"""The manifest of a model that reads steps of columns: it forecasts values, or gives a label."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from service.artifact.manifest.draft import Draft, Sealed
from service.artifact.manifest.records import Finite, Record

ColumnName = Annotated[str, Field(min_length=1, max_length=100)]
Cell = float | str | None  # None: missing


class NumberColumn(Record):
    """A column of numbers, and their mean and deviation in the training data, in its own unit."""

    kind: Literal["number"] = "number"
    name: ColumnName
    mean: Finite
    deviation: float = Field(gt=0, allow_inf_nan=False)
    may_be_missing: bool = False


class CategoryColumn(Record):
    """A column of one of several values."""

    kind: Literal["category"] = "category"
    name: ColumnName
    values: tuple[Annotated[str, Field(min_length=1)], ...] = Field(min_length=1)
    may_be_missing: bool = False


Column = Annotated[NumberColumn | CategoryColumn, Field(discriminator="kind")]
Grid = tuple[tuple[Finite, ...], ...]  # horizon x columns of the forecast


class Interval(Record):
    """Quantiles of value - forecast on the validation data, in the columns' own units.

    A value lies between forecast + lower and forecast + upper as often as `share` says, as far as
    tomorrow's errors are distributed as those of the validation data (split conformal prediction,
    Lei et al. 2018).
    """

    share: float = Field(gt=0, lt=1)
    lower: Grid
    upper: Grid


class Forecast(Record):
    """Which columns are forecast, and how many steps ahead."""

    columns: tuple[ColumnName, ...] = Field(min_length=1)
    horizon: int = Field(ge=1)
    interval: Interval | None = None


class SequenceExample(Record):
    """Steps by column, and what the exported model made of them: a label, or a forecast."""

    inputs: dict[str, tuple[Cell, ...]]
    label: str | None = None
    score: float | None = Field(default=None, ge=0, le=1)
    forecast: Grid | None = None


class SequenceDraft(Draft):
    """A sequence of steps gets a forecast of some of its columns, or one of several labels.

    Graph `sequence`: features float32 [batch, time, features], lengths int32 [batch] to forecast
    float32 [batch, horizon, columns], in the columns' own units, or to logits float32
    [batch, classes]. `service.artifact.columns` has the order of the features; the graph
    standardises the numbers.
    """

    task: Literal["sequence"] = "sequence"
    columns: tuple[Column, ...] = Field(min_length=1)
    window: int = Field(ge=1)  # steps that are read; of a longer sequence the last ones
    shortest: int = Field(default=1, ge=1)  # sequence that it was trained on
    labels: tuple[Annotated[str, Field(min_length=1)], ...] = ()
    forecast: Forecast | None = None
    examples: tuple[SequenceExample, ...] = ()

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> Self:
        names = [column.name for column in self.columns]
        for what, some in (("columns", names), ("labels", self.labels)):
            if len(set(some)) != len(some):
                raise ValueError(f"{what} holds a name twice; each must differ from the others")
        if self.shortest > self.window:
            raise ValueError(f"shortest is {self.shortest}, more than the window of {self.window}")
        if (self.forecast is None) != (len(self.labels) >= 2):
            raise ValueError("a model has a forecast, or two labels or more")
        self._require_graphs("sequence")
        output = "logits" if self.forecast is None else "forecast"
        self._require_tensors("sequence", {"features", "lengths"}, {output})
        if self.forecast is not None:
            self._check_forecast(self.forecast, names)
        self._check_examples(set(names))
        return self

    def _check_forecast(self, forecast: Forecast, names: list[str]) -> None:
        numbers = {column.name for column in self.columns if column.kind == "number"}
        for name in forecast.columns:
            if name not in numbers:
                raise ValueError(f"the forecast is of {name!r}, which is no column of numbers")
        shape = (forecast.horizon, len(forecast.columns))
        interval = forecast.interval
        for grid in () if interval is None else (interval.lower, interval.upper):
            if len(grid) != shape[0] or {len(row) for row in grid} != {shape[1]}:
                raise ValueError(f"the bounds of an interval are no {shape[0]} x {shape[1]} grid")

    def _check_examples(self, names: set[str]) -> None:
        for example in self.examples:
            if set(example.inputs) != names:
                raise ValueError(f"an example has the columns {sorted(example.inputs)}")
            if self.forecast is None and example.label not in self.labels:
                raise ValueError(f"an example has the label {example.label!r}, no one of labels")
            if self.forecast is not None and example.forecast is None:
                raise ValueError("an example has no forecast")


class SequenceManifest(Sealed, SequenceDraft):
    """The manifest of a published sequence model."""

    @model_validator(mode="after")
    def _lists_its_files(self) -> Self:
        self._require_files(self.referenced_files())
        return self
