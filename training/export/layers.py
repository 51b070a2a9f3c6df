"""Embedding, linear and LSTM layers as ONNX nodes, in float32 or int8.

Knows how to keep an int8 graph's answers independent of the batch. Dynamic quantisation gives a
whole batch one activation scale, taken from its smallest and largest value, so that a text's
score would move with its neighbours. Here every quantised input carries two constant *pins* at
+R and -R, where R bounds every other value, so the scale is the same for every batch:

- an embedding gets two columns of ±R, R = max(1, largest absolute value in the table);
- an LSTM direction gets two units that stand at ±1, the bound of every other unit, at all steps:
  weights of zero, biases that saturate i, f and o at 1 and the candidate at ±1, and start values
  h_0 = ±1, c_0 = ±40 (from zero they would climb as ±tanh(t) only);
- the input of any other product gets two columns of ±R appended.

The weights that meet a pin are zero. Weights are quantised symmetrically per output channel to 7
bits: 8-bit weights overflow the 16-bit sums of x86 processors without VNNI, and a model would
then answer differently on them.
"""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from torch import Tensor, nn

from service.artifact import RecurrentLayer
from training.export.graph import MICROSOFT, Array, GraphBuilder

Precision = Literal["fp32", "int8"]
WEIGHT_LIMIT = 63  # 7 bits, symmetric
EMBEDDING_LIMIT = 127  # a table is only read, never multiplied as integers
SATURATING = 40.0  # σ(40) = 1 and tanh(40) = 1 in float32
PINS = 2
MARGIN = 1.001  # a bound computed in other steps than the value may be an ulp below it


@dataclass(frozen=True)
class Value:
    """A tensor of a graph whose last axis holds ``blocks`` of real features and pins.

    ``blocks`` lists (features, is_real) along the last axis; ``bound`` is the largest absolute
    value that any of them can take.
    """

    name: str
    blocks: tuple[tuple[int, bool], ...]
    bound: float

    @property
    def size(self) -> int:
        """Features with pins."""
        return sum(size for size, _ in self.blocks)

    @property
    def real(self) -> Array:
        """Positions of the real features along the last axis."""
        flags = np.concatenate([np.full(size, is_real) for size, is_real in self.blocks])
        return np.flatnonzero(flags)

    def spread(self, weight: Array) -> Array:
        """Widens outputs x real features to outputs x size, with zeros where pins are."""
        wide = np.zeros((weight.shape[0], self.size), dtype=np.float32)
        wide[:, self.real] = weight
        return wide


@dataclass(frozen=True)
class Tied:
    """A matrix stored once and used twice."""

    rows: str  # the constant: vocabulary x features (and pins, in int8)
    scales: Array | None  # vocabulary; None in float32
    features: int
    bound: float  # largest absolute value


def plain(name: str, size: int, bound: float) -> Value:
    """A tensor without pins."""
    return Value(name, ((size, True),), bound)


class Layers:
    """Adds layers to a graph in one precision."""

    def __init__(self, graph: GraphBuilder, precision: Precision) -> None:
        self.graph = graph
        self.quantised = precision == "int8"
        self.pins = PINS if self.quantised else 0
        self.recurrent: list[RecurrentLayer] = []  # the LSTM layers added so far

    def embedding(self, table: Array, tokens: str) -> Value:
        """Rows of ``table`` (vocabulary x features); the pins stand behind them."""
        return self.pinned(self.rows(table, tokens))

    def rows(self, table: Array, tokens: str) -> Value:
        """Rows of ``table`` (vocabulary x features) without pins, to be joined with others."""
        g = self.graph
        bound = float(np.abs(table).max())
        if not self.quantised:
            return plain(g.op("Gather", g.constant(table), tokens, axis=0), table.shape[1], bound)
        rows, scales = quantise(table, EMBEDDING_LIMIT)  # a scale for each token
        integers = g.op("Gather", g.constant(rows), tokens, axis=0)
        scale = g.op("Gather", g.constant(scales[:, None]), tokens, axis=0)
        embedded = g.op("Mul", g.op("Cast", integers, to=1), scale)
        return plain(embedded, table.shape[1], bound)

    def looked_up(self, table: Array, rows: str) -> str:
        """Rows of a table of many rows and few columns, which share a scale each in int8."""
        g = self.graph
        if not self.quantised:
            return g.op("Gather", g.constant(table), rows, axis=0)
        columns, scales = quantise(table.T, EMBEDDING_LIMIT)
        integers = g.op("Gather", g.constant(columns.T), rows, axis=0)
        return g.op("Mul", g.op("Cast", integers, to=1), g.constant(scales))

    def tied(self, weight: Array) -> "Tied":
        """A matrix (vocabulary x features) that is both an embedding and an output layer."""
        g = self.graph
        if not self.quantised:
            return Tied(g.constant(weight), None, weight.shape[1], float(np.abs(weight).max()))
        wide = np.pad(weight, ((0, 0), (0, self.pins)))  # zeros meet the output layer's pins
        rows, scales = quantise(wide, WEIGHT_LIMIT)
        return Tied(g.constant(rows), scales, weight.shape[1], float(np.abs(weight).max()))

    def tied_embedding(self, table: "Tied", tokens: str, scale: float) -> Value:
        """Rows of a tied matrix, times ``scale``; the pins stand behind them."""
        g = self.graph
        rows = g.op("Gather", table.rows, tokens, axis=0)
        bound = table.bound * scale
        if table.scales is None:
            factor = g.constant(np.array(scale, np.float32))
            return plain(g.op("Mul", rows, factor), table.features, bound)
        bound = max(1.0, bound) * MARGIN
        scales = g.op(
            "Gather", g.constant(table.scales[:, None] * np.float32(scale)), tokens, axis=0
        )
        pins = np.zeros(table.features + PINS, dtype=np.float32)
        pins[-PINS:] = (bound, -bound)
        embedded = g.op("Mul", g.op("Cast", rows, to=1), scales)
        blocks = ((table.features, True), (PINS, False))
        return Value(g.op("Add", embedded, g.constant(pins)), blocks, bound)

    def tied_linear(self, value: Value, table: "Tied", bias: Array) -> str:
        """x W^T + b with a tied matrix. In int8 the value must end with its pins.

        onnxruntime transposes the constant once, when it loads the graph.
        """
        g = self.graph
        turned = g.op("Transpose", table.rows, perm=[1, 0])
        if table.scales is None:
            return g.op("Add", g.op("MatMul", value.name, turned), g.constant(bias))
        return self._quantised_product(value, turned, table.scales, bias)

    def join(self, *values: Value) -> Value:
        """Values side by side along the last axis."""
        return Value(
            self.graph.concat(*(value.name for value in values)),
            tuple(block for value in values for block in value.blocks),
            max(value.bound for value in values),
        )

    def pinned(self, value: Value, margin: float = MARGIN) -> Value:
        """The value with pins at ±max(1, bound) * margin behind it; itself in float32."""
        if not self.quantised:
            return value
        g = self.graph
        bound = max(1.0, value.bound) * margin
        pins = np.array([bound, -bound], dtype=np.float32)
        # The value's shape with the last axis replaced by the pins'.
        axes = g.op("Shape", value.name, start=0, end=-1)
        shape = g.op("Concat", axes, g.integers(PINS), axis=0)
        wide = g.op("Expand", g.constant(pins), shape)
        blocks = (*value.blocks, (PINS, False))
        return Value(g.concat(value.name, wide), blocks, bound)

    def unpinned(self, value: Value) -> Value:
        """The real features alone."""
        if not self.quantised:
            return value
        g = self.graph
        runs = []
        begin = 0
        # A slice copies a run of features at once; a Gather copies them one by one, and took a
        # quarter of a classifier's time.
        for size, is_real in value.blocks:
            end = begin + size
            if is_real:
                axes = (g.integers(begin), g.integers(end), g.integers(-1))
                runs.append(g.op("Slice", value.name, *axes))
            begin = end
        name = runs[0] if len(runs) == 1 else g.concat(*runs)
        return plain(name, len(value.real), value.bound)

    def linear(self, value: Value, layer: nn.Linear) -> str:
        """x W^T + b over the last axis. In int8 the value must carry pins at its bound."""
        own = {name: array(parameter) for name, parameter in layer.named_parameters()}
        offset = own.get("bias")  # outputs
        g = self.graph
        wide = value.spread(own["weight"])  # outputs x features
        if not self.quantised:
            product = g.op("MatMul", value.name, g.constant(wide.T))
            return product if offset is None else g.op("Add", product, g.constant(offset))
        rows, scales = quantise(wide, WEIGHT_LIMIT)
        return self._quantised_product(value, g.constant(rows.T), scales, offset)

    def _quantised_product(
        self, value: Value, weight: str, scales: Array, offset: Array | None
    ) -> str:
        """weight: features x outputs, int8; scales, offset: outputs."""
        g = self.graph
        constants = [scales, np.zeros(len(scales), np.int8)]
        if offset is not None:
            constants.append(offset)
        inputs = (value.name, weight, *(g.constant(part) for part in constants))
        return g.op("DynamicQuantizeMatMul", *inputs, domain=MICROSOFT)

    def lstm(
        self,
        value: Value,
        directions: list[nn.LSTM],
        lengths: str,
        start: tuple[str, str] | None = None,
        batch: str = "",
    ) -> tuple[Value, Value, str]:
        """One layer, forwards or in both directions, over a time-major value (time x batch x *).

        start: h_0 and c_0 (directions x batch x units, pins included); zero by default, for which
        ``batch`` names a one-element int64 tensor with the batch size. Returns outputs (time x
        batch x directions * units), final hidden states (batch x directions * units) and final
        cells (directions x batch x units).
        """
        g = self.graph
        units = directions[0].hidden_size + self.pins
        parts = [self._direction(value, layer) for layer in directions]
        weights = [np.stack(arrays) for arrays in zip(*parts, strict=True)]
        named = self._quantised_weights(weights) if self.quantised else self._weights(weights)
        begin = None
        if start is None:
            begin = self._start_rows(units)
            start = self._start(begin, len(directions), units, batch)
        attributes: dict[str, Any] = {
            "hidden_size": units,
            "direction": "bidirectional" if len(directions) == 2 else "forward",
        }
        inputs = [value.name, named["weight"], named["recurrent"], named["bias"]]
        inputs += [lengths, *start]
        if self.quantised:
            zeros = g.constant(np.zeros((len(directions), 4 * units), np.int8))
            inputs += ["", named["weight_scale"], zeros, named["recurrent_scale"], zeros]
            outputs, final, cells = g.ops(
                "DynamicQuantizeLSTM", 3, *inputs, domain=MICROSOFT, **attributes
            )
        else:
            outputs, final, cells = g.ops("LSTM", 3, *inputs, **attributes)
        if begin is not None:
            self.recurrent.append(self._facts(value, outputs, named, begin))
        # time x directions x batch x units to time x batch x directions * units
        aside = g.op("Transpose", outputs, perm=[0, 2, 1, 3])
        joined = g.op("Reshape", aside, g.integers(0, 0, len(directions) * units))
        if len(directions) == 1:
            ends = g.op("Squeeze", final, g.integers(0))
        else:
            ends = g.op("Transpose", final, perm=[1, 0, 2])
            ends = g.op("Reshape", ends, g.integers(0, len(directions) * units))
        block = [(directions[0].hidden_size, True)]
        if self.pins:
            block.append((self.pins, False))
        blocks = tuple(block * len(directions))
        return Value(joined, blocks, 1.0), Value(ends, blocks, 1.0), cells

    def _facts(
        self, value: Value, outputs: str, named: dict[str, str], begin: tuple[str, str]
    ) -> RecurrentLayer:
        """Where the values of a layer stand in the graph."""
        return RecurrentLayer(
            inputs=value.name,
            outputs=outputs,
            weight=named["weight"],
            recurrent=named["recurrent"],
            bias=named["bias"],
            weight_scale=named.get("weight_scale"),
            recurrent_scale=named.get("recurrent_scale"),
            hidden=begin[0],
            cell=begin[1],
            pins=self.pins,
        )

    def _weights(self, weights: list[Array]) -> dict[str, str]:
        """W, R (directions x 4 units x features) and B of a layer as constants: their names."""
        kinds = ("weight", "recurrent", "bias")
        return {
            kind: self.graph.constant(weight) for kind, weight in zip(kinds, weights, strict=True)
        }

    def _quantised_weights(self, weights: list[Array]) -> dict[str, str]:
        """As `_weights`, in int8 and with a scale for each row of W and R."""
        g = self.graph
        named = {"bias": g.constant(weights[2])}
        for kind, weight in zip(("weight", "recurrent"), weights[:2], strict=True):
            pairs = [quantise(part, WEIGHT_LIMIT) for part in weight]
            # onnxruntime wants directions x features x 4 units
            named[kind] = g.constant(np.stack([rows.T for rows, _ in pairs]))
            named[f"{kind}_scale"] = g.constant(np.stack([scale for _, scale in pairs]))
        return named

    def _direction(self, value: Value, layer: nn.LSTM) -> tuple[Array, Array, Array]:
        """W (4 units x features), R (4 units x units) and B (8 units) with gates i, o, f, c.

        PyTorch keeps the gates in the order i, f, c, o.
        """
        order = (0, 3, 1, 2)
        hidden = layer.hidden_size
        units = hidden + self.pins
        own = {name: array(parameter) for name, parameter in layer.named_parameters()}
        weight = value.spread(own["weight_ih_l0"])
        recurrent = own["weight_hh_l0"]
        bias = own["bias_ih_l0"] + own["bias_hh_l0"]
        W = np.zeros((4, units, value.size), dtype=np.float32)
        R = np.zeros((4, units, units), dtype=np.float32)
        B = np.zeros((2, 4, units), dtype=np.float32)
        for place, gate in enumerate(order):
            rows = slice(gate * hidden, (gate + 1) * hidden)
            W[place, :hidden] = weight[rows]
            R[place, :hidden, :hidden] = recurrent[rows]
            B[0, place, :hidden] = bias[rows]
        if self.pins:
            B[0, :3, hidden:] = SATURATING  # i, o, f
            B[0, 3, hidden:] = (SATURATING, -SATURATING)  # c̃
        return W.reshape(4 * units, -1), R.reshape(4 * units, -1), B.reshape(8 * units)

    def _start_rows(self, units: int) -> tuple[str, str]:
        """Where every row starts, h_0 and c_0: zero for real units, ±1 and ±40 for pins."""
        rows = np.zeros((2, units), dtype=np.float32)
        if self.pins:
            rows[0, -PINS:] = (1.0, -1.0)
            rows[1, -PINS:] = (SATURATING, -SATURATING)
        return self.graph.constant(rows[0]), self.graph.constant(rows[1])

    def _start(
        self, rows: tuple[str, str], directions: int, units: int, batch: str
    ) -> tuple[str, str]:
        """h_0 and c_0 (directions x batch x units) of rows that all start alike."""
        g = self.graph
        shape = g.op("Concat", g.integers(directions), batch, g.integers(units), axis=0)
        return g.op("Expand", rows[0], shape), g.op("Expand", rows[1], shape)


def quantise(matrix: Array, limit: int) -> tuple[Array, Array]:
    """Rows of integers in ±limit and a scale for each: matrix ≈ integers * scale[:, None].

    matrix: outputs x features, float32. Returns int8 (the same shape) and float32 (outputs).
    """
    scales = np.abs(matrix).max(axis=1) / limit
    scales[scales == 0] = 1.0  # a row of zeros
    integers = np.clip(np.rint(matrix / scales[:, None]), -limit, limit)
    return integers.astype(np.int8), scales.astype(np.float32)


def array(tensor: Tensor) -> Array:
    """A float32 copy on the CPU."""
    values: Array = tensor.detach().cpu().float().numpy().copy()
    return values
