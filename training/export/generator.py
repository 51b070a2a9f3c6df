"""The next-word model as an ONNX graph: one step, with the states in and out."""

import numpy as np
import onnx

from service.artifact import BOS_ID
from training.export.graph import GraphBuilder
from training.export.layers import PINS, SATURATING, Layers, Precision, array, plain
from training.export.recurrent import recurrent_step
from training.networks.cells.layers import CELLS
from training.networks.generator import NO_WORDS, Generator

_STATES = ("hidden", "cell")  # what a layer keeps: h, and c where its cell has one
IMPOSSIBLE = -1e9  # log-probability of a token that is no word


def generator_graph(network: Generator, precision: Precision) -> onnx.ModelProto:
    """One token of each row; for the tensors see `service.artifact.manifest.GenerationDraft`."""
    g = GraphBuilder("generator")
    layers = Layers(g, precision)
    token = g.input("token", "int32", ["rows"])
    begins = g.op("Unsqueeze", g.op("Equal", token, g.constant(np.array(BOS_ID, np.int32))),
                  g.integers(1))  # rows x 1  # fmt: skip
    table = None
    if network.tied:
        table = layers.tied(array(network.embedding.weight))
        value = layers.tied_embedding(table, token, network.embedding_scale)  # rows x features
    else:
        value = layers.embedding(array(network.embedding.weight), token)
    units = network.recurrent.hidden_size + layers.pins
    kept = _STATES[: CELLS[network.recurrent.cell].memories]
    for depth, layer in enumerate(network.recurrent.forward_layers):
        names = [f"{part}_{depth}" for part in kept]
        begun = [
            g.op("Where", begins, g.constant(first), g.input(name, "float32", ["rows", units]))
            for name, first in zip(names, _starts(units, layers.pins), strict=False)
        ]
        value, state = recurrent_step(layers, value, layer, begun)
        for name, after in zip(names, state, strict=True):
            g.output(after, f"next_{name}", "float32", ["rows", units])
    k = g.input("k", "int64", [1])
    bias = array(network.output_bias)
    bias[NO_WORDS] = IMPOSSIBLE
    logits = layers.linear(value, network.readout)  # rows x features, or x vocabulary
    if table is None:
        logits = g.op("Add", logits, g.constant(bias))
    else:
        hidden = plain(g.op("Tanh", logits), network.readout.out_features, 1.0)
        logits = layers.tied_linear(layers.pinned(hidden), table, bias)
    log_probs, tokens = g.ops("TopK", 2, g.op("LogSoftmax", logits, axis=-1), k, axis=-1)
    g.output(log_probs, "log_probs", "float32", ["rows", "k"])
    g.output(g.op("Cast", tokens, to=6), "next_tokens", "int32", ["rows", "k"])
    return g.build()


def generator_states(model: onnx.ModelProto) -> dict[str, int]:
    """The names of a graph's states, and how many units each has."""
    return {
        value.name: value.type.tensor_type.shape.dim[1].dim_value
        for value in model.graph.input
        if value.name.startswith(("hidden_", "cell_"))
    }


def _starts(units: int, pins: int) -> tuple[np.ndarray, np.ndarray]:
    """h_0 and c_0 of a text that begins (units): zero, and where the pins stand."""
    hidden, cell = np.zeros((2, units), dtype=np.float32)
    if pins:
        hidden[-PINS:] = (1.0, -1.0)
        cell[-PINS:] = (SATURATING, -SATURATING)
    return hidden, cell
