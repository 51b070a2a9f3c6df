"""The recipe of a model that reads steps of columns."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from training.networks.cells.names import CellName
from training.recipe.sections import Data, Publication, Section, Training


class NumberInput(Section):
    kind: Literal["number"]
    name: str


class CategoryInput(Section):
    kind: Literal["category"]
    name: str
    values: tuple[str, ...] = Field(min_length=1)
    may_be_missing: bool = Field(default=False, description="null is read, and means not noted")


Input = Annotated[NumberInput | CategoryInput, Field(discriminator="kind")]


class ForecastTarget(Section):
    kind: Literal["forecast"]
    columns: tuple[str, ...] = Field(
        default=(), description="which are forecast; with --data those of --value-column"
    )
    horizon: int = Field(default=7, ge=1, description="steps ahead")
    period: int | None = Field(
        default=None,
        ge=1,
        description="steps of a season, for the baseline; by default as the time column says",
    )
    interval: float = Field(
        default=0.8, gt=0, lt=1, description="share of the values that an interval should hold"
    )


class LabelTarget(Section):
    kind: Literal["label"]
    labels: tuple[str, ...] | None = Field(
        default=None, description="in order; read off the data by default"
    )
    each_step: bool = Field(
        default=False, description="every step has a label, and each is learnt; else the whole"
    )
    previous: str | None = Field(
        default=None, description="the column that holds the label of the step before, if any"
    )


class SequenceNetwork(Section):
    cell: CellName = Field(default="lstm", description="what a layer repeats (docs/cells.md)")
    hidden_size: int = Field(default=64, ge=1, description="units per direction")
    layers: int = Field(default=1, ge=1)
    bidirectional: bool = Field(default=False, description="for one label of a whole sequence")
    dropout: float = Field(default=0.0, ge=0, lt=1)


class SequenceRecipe(Section):
    task: Literal["sequence"]
    name: str
    description: str
    columns: tuple[Input, ...] = Field(
        default=(), description="what is read; read off the file with --data"
    )
    target: Annotated[ForecastTarget | LabelTarget, Field(discriminator="kind")]
    window: int | None = Field(
        default=None,
        ge=1,
        description="steps that are read, the last ones of a longer sequence; by default the "
        "longest sequence's, for a forecast 28, or a season and the horizon if that is more",
    )
    shortest: int = Field(
        default=1, ge=1, description="steps behind which an answer is learnt, where each step's is"
    )
    data: Data
    network: SequenceNetwork = SequenceNetwork()
    training: Training
    publication: Publication

    @property
    def at_each_step(self) -> bool:
        """Whether an answer is learnt after each step, and not only after the last."""
        return self.target.kind == "forecast" or self.target.each_step

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> Self:
        if self.network.bidirectional and self.at_each_step:
            raise ValueError(
                "a network in both directions would read what it is to predict; it is for one "
                "label of a whole sequence (target.each_step = false)"
            )
        if self.window is not None and self.shortest > self.window:
            raise ValueError("shortest is longer than window")
        return self
