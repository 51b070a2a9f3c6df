"""Reads the weights of layers back out of a graph that `training.export.layers` wrote.

The mirror image of that module: int8 is multiplied by its scales, what pins met is left out, and an
LSTM's gates get PyTorch's order again. In float32 the weights come back as they were, but for an
LSTM's two biases, of which a graph holds the sum. In int8 each is off by half a step of its row at
most, 1/126 of the row's largest weight (1/254 in an embedding).
"""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import onnx
import torch
from onnx import NodeProto, numpy_helper
from torch import Tensor

from training.export.graph import Array
from training.export.layers import PINS

_LSTMS = ("LSTM", "DynamicQuantizeLSTM")
_PRODUCTS = ("MatMul", "DynamicQuantizeMatMul")
_TORCH_GATES = (0, 2, 3, 1)  # where PyTorch's i, f, c, o stand among ONNX's i, o, f, c


class GraphReader:
    """The layers of one graph.

    Methods that want ``blocks`` get the sizes of the real features that a layer reads side by side,
    each with whether pins stand behind it (in an int8 graph).
    """

    def __init__(self, model: onnx.ModelProto) -> None:
        graph = model.graph
        self._nodes: Sequence[NodeProto] = graph.node
        self._constants = {one.name: numpy_helper.to_array(one) for one in graph.initializer}
        self._writers = {name: node for node in graph.node for name in node.output}

    def embedding(self) -> Tensor:
        """The rows that the graph reads for its tokens: vocabulary x features."""
        tables = [self._constants[node.input[0]] for node in self._gathers()]
        rows = tables[0]
        # In int8 the scales of the rows are read in the same way, right behind them.
        return _tensor(rows * tables[1] if rows.dtype == np.int8 else rows)

    def tables(self) -> list[Tensor]:
        """What is looked up beside the embedding (rows x columns), in the order of the graph."""
        embedding, *others = self._gathers()
        if self._constants[embedding.input[0]].dtype == np.int8:
            others = others[1:]  # the embedding's scales
        tables = []
        for node in others:
            table = self._constants[node.input[0]]
            if table.dtype == np.int8:
                (cast,) = self._readers(node.output[0])
                (product,) = self._readers(cast.output[0])
                table = table * self._constants[product.input[1]]
            tables.append(_tensor(table))
        return tables

    def _gathers(self) -> list[NodeProto]:
        """The nodes that read rows of a constant, in their order."""
        return [
            node
            for node in self._nodes
            if node.op_type == "Gather" and node.input[0] in self._constants
        ]

    def _readers(self, name: str) -> list[NodeProto]:
        return [node for node in self._nodes if name in node.input]

    def lstms(self) -> list[NodeProto]:
        """The LSTM layers in the order in which they run."""
        return [node for node in self._nodes if node.op_type in _LSTMS]

    def lstm(self, node: NodeProto, blocks: Sequence[tuple[int, bool]]) -> list[dict[str, Tensor]]:
        """The parameters of a layer's directions, by the names that `torch.nn.LSTM` gives them."""
        quantised = node.op_type != "LSTM"
        weights, recurrents, biases = (self._constants[name] for name in node.input[1:4])
        if quantised:
            weights, recurrents = (
                # directions x features x 4 units, and a scale for each column
                (self._constants[values] * self._constants[scales][:, None, :]).swapaxes(1, 2)
                for values, scales in (
                    (node.input[1], node.input[8]),
                    (node.input[2], node.input[10]),
                )
            )
        units = recurrents.shape[2]
        hidden = units - (PINS if quantised else 0)
        read = _real(blocks, quantised)
        return [
            {
                "weight_ih_l0": _gates(weight, units, hidden)[:, read],
                "weight_hh_l0": _gates(recurrent, units, hidden)[:, :hidden],
                "bias_ih_l0": _gates(bias[: 4 * units, None], units, hidden)[:, 0],
                "bias_hh_l0": torch.zeros(4 * hidden),
            }
            for weight, recurrent, bias in zip(weights, recurrents, biases, strict=True)
        ]

    def products(self, output: str) -> Iterator[NodeProto]:
        """The matrix products by constants that an output is made of, the nearest first."""
        seen, names = set[str](), [output]
        while names:
            name = names.pop(0)
            node = self._writers.get(name)
            if name in seen or node is None:
                continue
            seen.update(node.output)
            if node.op_type in _PRODUCTS and self._weight(node) is not None:
                yield node
            if node.op_type not in _LSTMS:  # what lies behind one belongs to another layer
                names += node.input

    def linear(self, node: NodeProto, blocks: Sequence[tuple[int, bool]]) -> dict[str, Tensor]:
        """weight (outputs x features) and, where there is one, bias of a linear layer."""
        weight = self._weight(node)
        assert weight is not None
        quantised = node.op_type != "MatMul"
        read = _real(blocks, quantised)
        if quantised:
            scales = self._constants[node.input[2]]
            bias = self._constants[node.input[4]] if len(node.input) > 4 else None
            layer = {"weight": _tensor((weight * scales).T[:, read])}
        else:
            bias = self._added(node.output[0])
            layer = {"weight": _tensor(weight.T[:, read])}
        return layer if bias is None else layer | {"bias": _tensor(bias)}

    def _weight(self, node: NodeProto) -> Array | None:
        """The constant of a product, features x outputs; None of one of two values."""
        name = node.input[1]
        if name in self._constants:
            return self._constants[name]
        writer = self._writers.get(name)
        if writer is not None and writer.op_type == "Transpose":
            turned = self._constants.get(writer.input[0])
            return None if turned is None else turned.T
        return None

    def _added(self, name: str) -> Array | None:
        """The constant vector that is added to a value, where there is one."""
        for node in self._nodes:
            if node.op_type == "Add" and node.input[0] == name:
                constant = self._constants.get(node.input[1])
                if constant is not None and constant.ndim == 1:
                    return constant
        return None


def _gates(rows: Array, units: int, hidden: int) -> Tensor:
    """Rows of four gates of ``units`` each, to those of the real units in PyTorch's order."""
    gates = rows.reshape(4, units, -1)[list(_TORCH_GATES), :hidden]
    return _tensor(gates.reshape(4 * hidden, -1))


def _real(blocks: Sequence[tuple[int, bool]], quantised: bool) -> list[int]:
    """Where the real features stand."""
    positions: list[int] = []
    begin = 0
    for size, pinned in blocks:
        positions += range(begin, begin + size)
        begin += size + (PINS if pinned and quantised else 0)
    return positions


def under(prefix: str, parameters: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Parameters of a part of a network, by their names in the whole."""
    return {f"{prefix}.{name}": value for name, value in parameters.items()}


def _tensor(values: Array) -> Tensor:
    return torch.tensor(values, dtype=torch.float32)
