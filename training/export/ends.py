"""Where rows of different lengths end in a time-major value: last steps and final states."""

import numpy as np
import onnx

from training.export.graph import GraphBuilder


def last_steps(g: GraphBuilder, inputs: str, lengths: str) -> str:
    """True at the last step of every row: time x batch x 1. inputs: batch x time x *."""
    time = g.op("Squeeze", g.op("Shape", inputs, start=1, end=2))
    steps = g.op(
        "Range", g.constant(np.array(1, np.int64)),
        g.op("Add", time, g.constant(np.array(1, np.int64))), g.constant(np.array(1, np.int64)),
    )  # fmt: skip
    numbers = g.op("Unsqueeze", g.op("Cast", steps, to=onnx.TensorProto.INT32), g.integers(1))
    return g.op("Unsqueeze", g.op("Equal", numbers, lengths), g.integers(2))


def picked(g: GraphBuilder, value: str, place: str) -> str:
    """The only step at which ``place`` is true: time x batch x n to batch x n, exactly."""
    chosen = g.op("Where", place, value, g.constant(np.array(0, np.float32)))
    return g.op("ReduceSum", chosen, g.integers(0), keepdims=0)


def final_states(g: GraphBuilder, states: str, last: str, units: int, bidirectional: bool) -> str:
    """The state after each row's last step, of both directions: batch x (directions * units).

    states: time x batch x (directions * units); last: as `last_steps` gives it.
    """
    final = picked(g, g.op("Slice", states, *_range(g, 0, units)), last)
    if not bidirectional:
        return final
    back = g.op("Slice", states, *_range(g, units, 2 * units))  # it ends at the first step
    first = g.op("Squeeze", g.op("Gather", back, g.integers(0), axis=0), g.integers(0))
    return g.concat(final, first)


def _range(g: GraphBuilder, start: int, stop: int) -> tuple[str, str, str]:
    """The inputs of a Slice along the last axis."""
    return g.integers(start), g.integers(stop), g.integers(-1)
