"""The gates of an LSTM layer, recomputed from the served weights. Pure: arrays in, arrays out.

Inside the operator of a served graph the gates are never seen, so they are computed again with
the equations (Hochreiter and Schmidhuber 1997; the forget gate of Gers et al. 2000):

    i_t = σ(W_i x_t + R_i h_{t-1} + b_i)
    o_t = σ(W_o x_t + R_o h_{t-1} + b_o)
    f_t = σ(W_f x_t + R_f h_{t-1} + b_f)
    c_t = f_t ⊙ c_{t-1} + i_t ⊙ tanh(W_c x_t + R_c h_{t-1} + b_c)
    h_t = o_t ⊙ tanh(c_t)

Of an int8 layer the weights are taken times their scales, and x and h are rounded to 8 bits before
they meet them, as the operator does it: over hundreds of steps the rounding would add up.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from service.artifact import RecurrentLayer

Array = np.ndarray
_LEVELS = 255  # of 8 bits, from the lowest to the highest
GATES = 4  # i, o, f and the candidate, in ONNX's order


@dataclass(frozen=True)
class Gates:
    """The gates of one direction of a layer at every token of a text, in the text's order.

    input, forget, output, hidden: time x units, without the units that pin the quantisation.
    """

    input: Array
    forget: Array
    output: Array
    hidden: Array


def recompute(layer: RecurrentLayer, values: Mapping[str, Array]) -> list[Gates]:
    """The gates of each direction, forwards first.

    values: the layer's values by name, as the served graph gave them for one text. The second
    direction of a layer reads the text from its end.
    """
    quantised = layer.weight_scale is not None
    inputs = values[layer.inputs][:, 0]  # time x features
    if quantised:
        inputs = rounded(inputs)
    weight = _weights(values, layer.weight, layer.weight_scale)
    recurrent = _weights(values, layer.recurrent, layer.recurrent_scale)
    bias = values[layer.bias]  # directions x 8 units
    start = values[layer.hidden], values[layer.cell]  # units
    directions = []
    for number in range(len(weight)):
        turn = slice(None, None, -1) if number else slice(None)
        half = bias.shape[1] // 2
        given = inputs[turn] @ weight[number].T + bias[number, :half] + bias[number, half:]
        steps = _run(given, recurrent[number].T, *start, quantised)  # 4 x time x units
        units = steps.shape[2] - layer.pins
        i, o, f, h = (part[turn, :units] for part in steps)
        directions.append(Gates(i, f, o, h))
    return directions


def served_states(layer: RecurrentLayer, values: Mapping[str, Array]) -> list[Array]:
    """h of each direction (time x units, without pins) as the served graph computed it."""
    outputs = values[layer.outputs]  # time x directions x batch x units
    units = outputs.shape[3] - layer.pins
    return [outputs[:, number, 0, :units] for number in range(outputs.shape[1])]


def _weights(values: Mapping[str, Array], name: str, scale: str | None) -> Array:
    """Weights in float32, directions x 4 units x features."""
    weights: Array = values[name].astype(np.float32)
    if scale is not None:
        weights = weights.transpose(0, 2, 1) * values[scale][:, :, None]
    return weights


def rounded(values: Array) -> Array:
    """Values as they come out of ONNX's DynamicQuantizeLinear, times its scale: 8 bits from the
    smallest to the largest, with 0 among them."""
    low, high = min(0.0, float(values.min())), max(0.0, float(values.max()))
    scale = np.float32((high - low) / _LEVELS) or np.float32(1)
    zero = np.rint(-low / scale)
    kept: Array = (np.clip(np.rint(values / scale) + zero, 0, _LEVELS) - zero) * scale
    return kept.astype(np.float32)


def _run(given: Array, recurrent: Array, hidden: Array, cell: Array, quantised: bool) -> Array:
    """i, o, f and h at every step (4 x time x units).

    given: W x_t + b, time x 4 units; recurrent: units x 4 units; hidden, cell: units, the start.
    """
    units = len(hidden)
    steps = np.empty((GATES, len(given), units), dtype=np.float32)
    for t, from_input in enumerate(given):
        gates = from_input + (rounded(hidden) if quantised else hidden) @ recurrent
        i, o, f = (_sigmoid(gates[n * units : (n + 1) * units]) for n in range(GATES - 1))
        cell = f * cell + i * np.tanh(gates[(GATES - 1) * units :])
        hidden = o * np.tanh(cell)
        steps[:, t] = i, o, f, hidden
    return steps


def _sigmoid(values: Array) -> Array:
    # By tanh, which overflows nowhere.
    result: Array = 0.5 * (1 + np.tanh(0.5 * values))
    return result
