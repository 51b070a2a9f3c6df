"""The gates of an LSTM layer, recomputed from the served weights. Pure: arrays in, arrays out.

Inside the operator of a served graph the gates are never seen, so they are computed again with
the equations (Hochreiter and Schmidhuber 1997; the forget gate of Gers et al. 2000):

    i_t = σ(W_i x_t + R_i h_{t-1} + b_i)
    o_t = σ(W_o x_t + R_o h_{t-1} + b_o)
    f_t = σ(W_f x_t + R_f h_{t-1} + b_f)
    c_t = f_t ⊙ c_{t-1} + i_t ⊙ tanh(W_c x_t + R_c h_{t-1} + b_c)
    h_t = o_t ⊙ tanh(c_t)

h_{t-1} is the one that the served graph gave, so that no step is off by what those before it were;
c_t and from it h_t are computed, and h_t can be held beside the served one. Of an int8 layer the
weights are taken times their scales, and x and h are rounded to 8 bits before they meet them, as
the operator does it.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from service.artifact import RecurrentLayer

Array = np.ndarray
_LEVELS = 255  # of 8 bits, from the lowest to the highest


@dataclass(frozen=True)
class Gates:
    """The gates of one direction of a layer at every token, and what they act upon, in the text's
    order.

    input, forget, output, candidate (c̃), cell (c) and hidden (h): time x units of one text, time x
    batch x units of several; without the units that pin the quantisation.
    """

    input: Array
    forget: Array
    output: Array
    candidate: Array
    cell: Array
    hidden: Array


def recompute(layer: RecurrentLayer, values: Mapping[str, Array]) -> list[Gates]:
    """The gates of each direction, forwards first.

    values: the layer's values by name, as the served graph gave them for one text. The second
    direction of a layer reads the text from its end.
    """
    several = recompute_batch(layer, values, np.array([len(values[layer.inputs])]))
    return [Gates(**{name: part[:, 0] for name, part in vars(one).items()}) for one in several]


def recompute_batch(
    layer: RecurrentLayer, values: Mapping[str, Array], lengths: Array
) -> list[Gates]:
    """The same of a padded batch of texts of those lengths. What stands behind an end is padding
    and means nothing."""
    quantised = layer.weight_scale is not None
    inputs, outputs = values[layer.inputs], values[layer.outputs]  # time x (directions x) batch x *
    if quantised:
        inputs = rounded(inputs)
    weight = _weights(values, layer.weight, layer.weight_scale)
    recurrent = _weights(values, layer.recurrent, layer.recurrent_scale)
    bias = values[layer.bias]  # directions x 8 units
    start, cell = values[layer.hidden], values[layer.cell]  # units
    units = len(start) - layer.pins
    directions = []
    for number in range(len(weight)):
        begins = _begins(len(inputs), lengths, backwards=number > 0)
        order = slice(None, None, -1) if number else slice(None)
        before = _shifted(outputs[:, number], start, begins, order)
        if quantised:
            before = rounded(before, by_step=True)
        half = bias.shape[1] // 2
        gates = inputs @ weight[number].T  # time x batch x 4 units
        gates += before @ recurrent[number].T
        gates += bias[number, :half] + bias[number, half:]
        i, o, f, c = (part[..., :units] for part in np.split(gates, 4, axis=-1))
        i, o, f, c = _sigmoid(i), _sigmoid(o), _sigmoid(f), np.tanh(c)
        cells = _cells(f, i * c, cell[:units], begins, order)
        directions.append(Gates(i, f, o, c, cells, o * np.tanh(cells)))
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


def rounded(values: Array, by_step: bool = False) -> Array:
    """Values as they come out of ONNX's DynamicQuantizeLinear, times its scale: 8 bits from the
    smallest to the largest, with 0 among them. by_step: at each place of the first axis by itself.
    """
    axes = tuple(range(1, values.ndim)) if by_step else None
    low = np.minimum(0, values.min(axis=axes, keepdims=True))
    high = np.maximum(0, values.max(axis=axes, keepdims=True))
    scale = (high - low) / np.float32(_LEVELS)
    scale = np.where(scale > 0, scale, np.float32(1))
    zero = np.rint(-low / scale)
    kept: Array = (np.clip(np.rint(values / scale) + zero, 0, _LEVELS) - zero) * scale
    return kept.astype(np.float32)


def _begins(time: int, lengths: Array, backwards: bool) -> Array:
    """Where a direction reads the first token of each text (time x batch, bool)."""
    first = lengths - 1 if backwards else np.zeros_like(lengths)
    begins: Array = np.arange(time)[:, None] == first
    return begins


def _shifted(states: Array, start: Array, begins: Array, order: slice) -> Array:
    """The states that each token found (time x batch x units): those one step before in the order
    of reading, and the start where it begins."""
    found = np.zeros_like(states)  # as at padding, which is rounded together with the others
    found[order][1:] = states[order][:-1]
    found[begins] = start
    return found


def _cells(forget: Array, written: Array, start: Array, begins: Array, order: slice) -> Array:
    """c at every token (time x batch x units), from f and i ⊙ c̃."""
    cells = np.empty_like(written)
    cell = np.broadcast_to(start, written.shape[1:])  # batch x units
    steps = zip(forget[order], written[order], begins[order], cells[order], strict=True)
    for f, new, first, kept in steps:
        cell = f * np.where(first[:, None], start, cell) + new
        kept[...] = cell
    return cells


def _sigmoid(values: Array) -> Array:
    # By tanh, which overflows nowhere.
    result: Array = 0.5 * (1 + np.tanh(0.5 * values))
    return result
