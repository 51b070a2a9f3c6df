"""The shipped int8 translator as a PyTorch network: its weights, back in float32.

Reads the two graphs that `training.export.translator` writes, node by node in the order in which it
writes them, multiplies the integers by their scales and leaves out the pins (the constant units
that keep int8 answers independent of the batch, see `training.export.layers`). What comes out is
the same network with the same weights, without the rounding of its activations.
"""

from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import numpy_helper

from training.export.layers import PINS
from training.networks.attention import AdditiveAttention
from training.networks.translator import Translator

Array = np.ndarray
TORCH_GATES = (0, 2, 3, 1)  # i, f, c, o as places in ONNX's order i, o, f, c


class UnknownGraph(ValueError):
    """The graphs are not of the form that this module reads."""


class Graph:
    """The nodes and constants of an ONNX file."""

    def __init__(self, path: Path) -> None:
        self.graph = onnx.load(str(path)).graph
        self.constants = {
            tensor.name: numpy_helper.to_array(tensor) for tensor in self.graph.initializer
        }

    def nodes(self, kind: str) -> list[onnx.NodeProto]:
        """The nodes of a kind, in order."""
        return [node for node in self.graph.node if node.op_type == kind]


def load_network(encoder: Path, decoder: Path) -> Translator:
    """The network of an encoder and a decoder graph, in int8. Raises UnknownGraph."""
    first, second = Graph(encoder), Graph(decoder)
    lower, upper = _expect(first, "DynamicQuantizeLSTM", 2)
    reader, writer = _expect(second, "DynamicQuantizeLSTM", 2)
    key, bridge = _expect(first, "DynamicQuantizeMatMul", 2)
    query, readout, output = _expect(second, "DynamicQuantizeMatMul", 3)
    # The input table has 8 bits, the tied one 7: its rows are the better copy of the embedding.
    table = _table(first)  # vocabulary x features
    encoder_size = _units(upper) - PINS
    decoder_size = _units(reader) - PINS
    attention_size = len(first.constants[key.input[2]])
    network = Translator(
        vocabulary=len(table),
        embedding_size=table.shape[1],
        encoder_size=encoder_size,
        encoder_layers=2,
        decoder_size=decoder_size,
        attention_size=attention_size,
    )
    embedding = (table.shape[1], PINS)
    both = (encoder_size, PINS, encoder_size, PINS)
    state = (decoder_size, PINS)
    context = (2 * encoder_size,)
    with torch.no_grad():
        network.embedding.weight.copy_(torch.from_numpy(table / network.embedding_scale))
        for node, depth, blocks in ((lower, 0, embedding), (upper, 1, both)):
            for side, layers in enumerate(
                (network.encoder.forward_layers, network.encoder.backward_layers)
            ):
                _fill_lstm(layers[depth], first, node, side, _real(*blocks))
        _fill_lstm(network.reader, second, reader, 0, _real(*embedding))
        _fill_lstm(network.writer, second, writer, 0, _real(*state, *context, PINS))
        attention = network.attention
        assert isinstance(attention, AdditiveAttention)  # as it is built by default
        _fill_linear(attention.key, first, key, _real(*both))
        _fill_linear(network.bridge, first, bridge, _real(*both))
        _fill_linear(attention.query, second, query, _real(*state))
        _fill_linear(network.readout, second, readout, _real(*state, *context, 0, *embedding))
        energy = _constant_of_shape(second, (attention_size, 1))
        attention.energy.weight.copy_(torch.from_numpy(energy.T.copy()))
        bias = second.constants[output.input[4]]  # vocabulary
        network.output_bias.copy_(torch.from_numpy(bias.copy()))
    return network.eval()


def _expect(graph: Graph, kind: str, count: int) -> list[onnx.NodeProto]:
    nodes = graph.nodes(kind)
    if len(nodes) != count:
        raise UnknownGraph(f"{len(nodes)} nodes {kind} where {count} are known; is it int8?")
    return nodes


def _units(node: onnx.NodeProto) -> int:
    return int(next(attribute.i for attribute in node.attribute if attribute.name == "hidden_size"))


def _real(*blocks: int) -> Array:
    """Positions of real features where blocks of real features and of pins take turns."""
    flags = np.concatenate([np.full(size, i % 2 == 0) for i, size in enumerate(blocks)])
    return np.flatnonzero(flags)


def _table(graph: Graph) -> Array:
    """The embedding: rows of integers and a scale for each row, gathered by the same tokens."""
    gathered = [graph.constants[node.input[0]] for node in graph.nodes("Gather")
                if node.input[0] in graph.constants]  # fmt: skip
    rows = next(array for array in gathered if array.dtype == np.int8)
    scales = next(array for array in gathered if array.shape == (len(rows), 1))
    table: Array = rows.astype(np.float32) * scales
    return table


def _constant_of_shape(graph: Graph, shape: tuple[int, ...]) -> Array:
    found = [array for array in graph.constants.values() if array.shape == shape]
    if len(found) != 1:
        raise UnknownGraph(f"{len(found)} constants have the shape {shape}; one should")
    return found[0]


def _fill_lstm(
    layer: torch.nn.Module, graph: Graph, node: onnx.NodeProto, side: int, real: Array
) -> None:
    """Inputs of a node: X, W, R, B, lengths, h0, c0, P, then a scale and a zero point for W and R.

    W and R are directions x features x (4 * units), B is directions x (8 * units).
    """
    units = _units(node)
    hidden = units - PINS
    own = dict(layer.named_parameters())
    kept = np.arange(hidden)
    for name, place, features in (("weight_ih_l0", 1, real), ("weight_hh_l0", 2, kept)):
        integers = graph.constants[node.input[place]][side].astype(np.float32)
        scales = graph.constants[node.input[8 if place == 1 else 10]][side]  # 4 * units
        gates = (integers * scales).T.reshape(4, units, -1)
        weight = np.concatenate([gates[gate, :hidden] for gate in TORCH_GATES])[:, features]
        own[name].copy_(torch.from_numpy(weight))
    bias = graph.constants[node.input[3]][side].reshape(2, 4, units)
    for name, part in (("bias_ih_l0", bias[0]), ("bias_hh_l0", bias[1])):
        own[name].copy_(torch.from_numpy(np.concatenate([part[g, :hidden] for g in TORCH_GATES])))


def _fill_linear(layer: torch.nn.Linear, graph: Graph, node: onnx.NodeProto, real: Array) -> None:
    """Inputs of a node: x, the weight (features x outputs), its scales, zero points, the bias."""
    weight = graph.constants[node.input[1]].astype(np.float32) * graph.constants[node.input[2]]
    layer.weight.copy_(torch.from_numpy(weight.T[:, real].copy()))
    if len(node.input) > 4:
        layer.bias.copy_(torch.from_numpy(graph.constants[node.input[4]].copy()))
