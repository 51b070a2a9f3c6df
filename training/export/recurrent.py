"""A layer of any cell as ONNX nodes.

LSTM, GRU and RNN are operators of ONNX. The LSTM without a forget gate is the operator whose
forget gate stands at 1, which is exact: σ(40) is 1 in float32. Peephole cells are a `Scan` whose
body is the equation, because ONNX's peepholes are others (`training.networks.cells.peephole`).
onnxruntime has a quantised kernel for LSTM alone, so the other cells are exported in float32.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx
import torch
from onnx import parser
from torch import nn

from training.export.ends import final_states, last_steps
from training.export.graph import GraphBuilder
from training.export.layers import SATURATING, Layers, Value, array
from training.networks.cells.cell import Cell
from training.networks.cells.gru import GRU
from training.networks.cells.layers import reference_cell
from training.networks.cells.lstm_1997 import LSTM1997
from training.networks.cells.names import CellName
from training.networks.cells.peephole import Peephole, PeepholeIdentity
from training.networks.cells.rnn import RNN

QUANTISED: tuple[CellName, ...] = ("lstm", "lstm-1997")  # cells that are exported in int8, too

# A step of one direction for all rows. i, f, o and c̃ as in the cell's docstring; `real` is false
# at padding, where the state stays as it is and what is shown is zero.
_PEEPHOLE = """
peephole (float[batch, units] h, float[batch, units] c, float[batch, blocks] given,
          bool[batch, one] real)
      => (float[batch, units] next_h, float[batch, units] next_c, float[batch, units] shown)
{{
    wx_gates, wx_candidate = Split <axis = 1> (given, {split})
    uc_gates = MatMul (c, {U})
    gates_in = Add (wx_gates, uc_gates)
    gates = Sigmoid (gates_in)
    i, f, o = Split <axis = 1, num_outputs = 3> (gates)
    uh_candidate = MatMul (h, {U_c})
    candidate_in = Add (wx_candidate, uh_candidate)
    candidate = Tanh (candidate_in)
    kept = Mul (f, c)
    written = Mul (i, candidate)
    c_t = Add (kept, written)
    seen = {sigma} (c_t)
    h_t = Mul (o, seen)
    next_h = Where (real, h_t, h)
    next_c = Where (real, c_t, c)
    shown = Where (real, h_t, {zero})
}}
"""


def recurrent(
    layers: Layers, value: Value, directions: Sequence[nn.Module], lengths: str, batch: str
) -> Value:
    """One layer, forwards or in both directions: time x batch x features to * directions * units.

    lengths: int32, batch; batch: a one-element int64 tensor. The second direction reads each row
    from its own end. Outputs are zero at padding. Raises ValueError for int8 where there is none.
    """
    first = directions[0]
    if isinstance(first, nn.LSTM | LSTM1997):
        outputs, _, _ = layers.lstm(value, [_lstm(one) for one in directions], lengths, batch=batch)
        return outputs
    if layers.quantised:
        raise ValueError(f"onnxruntime has no int8 kernel for {type(first).__name__}: export fp32")
    cells = [reference_cell(one) for one in directions]
    if isinstance(cells[0], Peephole):
        return _scans(layers, value, cells, lengths, batch)
    return _operator(layers, value, cells, lengths)


def recurrent_with_ends(
    layers: Layers, value: Value, directions: Sequence[nn.Module], lengths: str, tokens: str
) -> tuple[Value, Value]:
    """As `recurrent`, and the state after each row's last step: batch x (directions * units).

    tokens: batch x time, which says how many there are.
    """
    g = layers.graph
    batch = g.op("Shape", tokens, start=0, end=1)
    first = directions[0]
    if isinstance(first, nn.LSTM | LSTM1997):
        outputs, final, _ = layers.lstm(
            value, [_lstm(one) for one in directions], lengths, batch=batch
        )
        return outputs, final
    outputs = recurrent(layers, value, directions, lengths, batch)
    units = reference_cell(first).hidden_size
    last = last_steps(g, tokens, lengths)
    ends = final_states(g, outputs.name, last, units, len(directions) == 2)
    return outputs, Value(ends, outputs.blocks, outputs.bound)


def recurrent_step(
    layers: Layers, value: Value, layer: nn.Module, state: Sequence[str]
) -> tuple[Value, list[str]]:
    """One step forwards of rows that keep their state between two runs of the graph.

    value: rows x features; state: what the cell keeps, rows x units each, pins included. Returns
    outputs (rows x units) and the state after. Raises ValueError for int8 where there is none.
    """
    g = layers.graph
    if isinstance(layer, nn.LSTM | LSTM1997):
        start = tuple(g.op("Unsqueeze", one, g.integers(0)) for one in state)
        _, final, cells = layers.lstm(_once(g, value), [_lstm(layer)], "", (start[0], start[1]))
        return final, [final.name, g.op("Squeeze", cells, g.integers(0))]
    if layers.quantised:
        raise ValueError(f"onnxruntime has no int8 kernel for {type(layer).__name__}: export fp32")
    cell = reference_cell(layer)
    if isinstance(cell, Peephole):
        return _peephole_step(layers, value, cell, state)
    begun = g.op("Unsqueeze", state[0], g.integers(0))
    outputs = _operator(layers, _once(g, value), [cell], "", begun)
    hidden = g.op("Squeeze", outputs.name, g.integers(0))
    return Value(hidden, outputs.blocks, outputs.bound), [hidden]


def _once(g: GraphBuilder, value: Value) -> Value:
    """Rows as a time-major value of one step."""
    return Value(g.op("Unsqueeze", value.name, g.integers(0)), value.blocks, value.bound)


def _peephole_step(
    layers: Layers, value: Value, cell: Peephole, state: Sequence[str]
) -> tuple[Value, list[str]]:
    """The equation in the cell's docstring, once."""
    g = layers.graph
    hidden = cell.hidden_size
    h, c = state
    product = g.op("MatMul", value.name, g.constant(array(cell.W).T))
    given = g.op("Add", product, g.constant(array(cell.b)))  # rows x 4 units
    wx_gates, wx_candidate = g.ops("Split", 2, given, g.integers(3 * hidden, hidden), axis=1)
    uc_gates = g.op("MatMul", c, g.constant(array(cell.U).T))
    gates = g.op("Sigmoid", g.op("Add", wx_gates, uc_gates))
    i, f, o = g.ops("Split", 3, gates, axis=1, num_outputs=3)
    uh_candidate = g.op("MatMul", h, g.constant(array(cell.U_c).T))
    candidate = g.op("Tanh", g.op("Add", wx_candidate, uh_candidate))
    next_c = g.op("Add", g.op("Mul", f, c), g.op("Mul", i, candidate))
    seen = next_c if isinstance(cell, PeepholeIdentity) else g.op("Tanh", next_c)
    next_h = g.op("Mul", o, seen)
    return Value(next_h, ((hidden, True),), cell.bound), [next_h, next_c]


def _lstm(layer: nn.Module) -> nn.LSTM:
    """A layer as torch's LSTM; without a forget gate as one whose gate is always open."""
    if isinstance(layer, nn.LSTM):
        return layer
    assert isinstance(layer, LSTM1997)
    lstm = nn.LSTM(layer.input_size, layer.hidden_size)
    hidden = layer.hidden_size
    own = dict(lstm.named_parameters())
    with torch.no_grad():
        own["bias_hh_l0"].zero_()
        for name, blocks in (("weight_ih", layer.W), ("weight_hh", layer.U), ("bias_ih", layer.b)):
            i, rest = blocks.tensor_split([hidden])
            f = torch.full_like(i, SATURATING if name == "bias_ih" else 0.0)
            own[f"{name}_l0"].copy_(torch.cat([i, f, rest]))
    return lstm


def _operator(
    layers: Layers, value: Value, cells: Sequence[Cell], lengths: str, start: str = ""
) -> Value:
    """ONNX's GRU or RNN. ONNX keeps a GRU's gates in the order z, r, h̃.

    start: h_0, directions x batch x units; zero by default.
    """
    g = layers.graph
    cell = cells[0]
    hidden = cell.hidden_size
    order = (1, 0, 2) if isinstance(cell, GRU) else (0,)
    weights = []
    for one in cells:
        assert isinstance(one, GRU | RNN)
        W, U, b = (_ordered(array(part), order, hidden) for part in (one.W, one.U, one.b))
        beside = np.zeros_like(b)
        if isinstance(one, GRU):
            beside[2 * hidden :] = array(one.d)
        weights.append((W, U, np.concatenate([b, beside])))
    constants = [g.constant(np.stack(parts)) for parts in zip(*weights, strict=True)]
    attributes: dict[str, Any] = {
        "hidden_size": hidden,
        "direction": "bidirectional" if len(cells) == 2 else "forward",
    }
    if isinstance(cell, GRU):
        attributes["linear_before_reset"] = 1
    kind = "GRU" if isinstance(cell, GRU) else "RNN"
    outputs = g.op(kind, value.name, *constants, lengths, start, **attributes)
    # time x directions x batch x units to time x batch x directions * units
    aside = g.op("Transpose", outputs, perm=[0, 2, 1, 3])
    joined = g.op("Reshape", aside, g.integers(0, 0, len(cells) * hidden))
    return Value(joined, ((hidden, True),) * len(cells), cell.bound)


def _ordered(parameter: np.ndarray, order: Sequence[int], hidden: int) -> np.ndarray:
    """The blocks of ``hidden`` rows in another order."""
    return np.concatenate([parameter[place * hidden : (place + 1) * hidden] for place in order])


def _scans(layers: Layers, value: Value, cells: Sequence[Cell], lengths: str, batch: str) -> Value:
    """Peephole cells, a Scan a direction."""
    g = layers.graph
    hidden = cells[0].hidden_size
    steps = g.op("Squeeze", g.op("Shape", value.name, start=0, end=1))
    numbers = g.op(
        "Range", g.constant(np.array(0, np.int64)), steps, g.constant(np.array(1, np.int64))
    )
    numbers = g.op("Unsqueeze", g.op("Cast", numbers, to=onnx.TensorProto.INT32), g.integers(1))
    real = g.op("Unsqueeze", g.op("Less", numbers, lengths), g.integers(2))  # time x batch x 1
    zeros = g.op("Expand", g.constant(np.zeros(1, np.float32)),
                 g.op("Concat", batch, g.integers(hidden), axis=0))  # fmt: skip
    outputs = []
    for turn, cell in enumerate(cells):
        assert isinstance(cell, Peephole)
        product = g.op("MatMul", value.name, g.constant(array(cell.W).T))
        given = g.op("Add", product, g.constant(array(cell.b)))  # time x batch x 4 units
        body = _PEEPHOLE.format(
            U=g.constant(array(cell.U).T),
            U_c=g.constant(array(cell.U_c).T),
            split=g.integers(3 * hidden, hidden),
            zero=g.constant(np.zeros(1, np.float32)),
            sigma="Identity" if isinstance(cell, PeepholeIdentity) else "Tanh",
        )
        _, _, shown = g.ops(
            "Scan", 3, zeros, zeros, given, real,
            body=parser.parse_graph(body),
            num_scan_inputs=2,
            # Backwards over time: padding comes first and moves nothing.
            scan_input_directions=[turn, turn],
            scan_output_directions=[turn],
        )  # fmt: skip
        outputs.append(shown)  # time x batch x units
    joined = g.concat(*outputs) if len(outputs) == 2 else outputs[0]
    return Value(joined, ((hidden, True),) * len(cells), cells[0].bound)
