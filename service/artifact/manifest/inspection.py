"""The names of values inside a graph that explain its answers."""

from typing import Literal, Self

from pydantic import Field, model_validator

from service.artifact.manifest.records import Record


class RecurrentLayer(Record):
    """The names of an LSTM layer's values inside a graph, from which its gates can be computed.

    inputs: [time, batch, features]; outputs: [time, directions, batch, units]; weight and
    recurrent: [directions, 4 units, features or units] in float32, or int8 [directions, features
    or units, 4 units] with scales [directions, 4 units]; bias: [directions, 8 units]; the gates
    in ONNX's order i, o, f, c. hidden and cell: [units], where every row starts. pins: how many
    units at the end stand still to keep the quantisation's range, and learn nothing.
    """

    kind: Literal["lstm"] = "lstm"
    inputs: str = Field(min_length=1)
    outputs: str = Field(min_length=1)
    weight: str = Field(min_length=1)
    recurrent: str = Field(min_length=1)
    bias: str = Field(min_length=1)
    weight_scale: str | None = None
    recurrent_scale: str | None = None
    hidden: str = Field(min_length=1)
    cell: str = Field(min_length=1)
    pins: int = Field(default=0, ge=0)

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> Self:
        if (self.weight_scale is None) != (self.recurrent_scale is None):
            raise ValueError("weight_scale and recurrent_scale go together, or are both left out")
        return self

    def names(self) -> tuple[str, ...]:
        """All values that it names."""
        scales = (self.weight_scale, self.recurrent_scale)
        return (
            *(self.inputs, self.outputs, self.weight, self.recurrent, self.bias),
            *(self.hidden, self.cell),
            *(name for name in scales if name is not None),
        )


class Inspection(Record):
    """The names of the values inside graph `classifier` that explain its answers.

    states: [time, batch, states], what is pooled over time; head_weight: [pooled, classes], with
    the maxima before the means where both are pooled; head_bias: [classes].
    """

    states: str = Field(min_length=1)
    pooling: Literal["max", "mean", "max+mean"]
    head_weight: str = Field(min_length=1)
    head_bias: str = Field(min_length=1)
    layers: tuple[RecurrentLayer, ...] = ()
