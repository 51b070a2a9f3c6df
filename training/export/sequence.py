"""A predictor over steps of columns as an ONNX graph: features to a forecast or logits."""

from collections.abc import Sequence

import numpy as np
import onnx

from training.export.ends import final_states, last_steps, picked
from training.export.graph import GraphBuilder
from training.export.layers import Layers, array, plain
from training.export.recurrent import recurrent
from training.networks.sequence import SequencePredictor

# A number is at most so many deviations from its mean (`service.artifact.columns.FARTHEST`).
_BOUND = 1e6


def label_graph(network: SequencePredictor, temperature: float = 1.0) -> onnx.ModelProto:
    """features float32 [batch, time, features], lengths int32 [batch] to logits [batch, classes].

    ``temperature`` divides the logits (Guo et al. 2017).
    """
    g, _, outputs = _after_last_step(network, 1.0 / temperature)
    g.output(outputs, "logits", "float32", ["batch", network.head.out_features])
    return g.build()


def forecast_graph(
    network: SequencePredictor, places: Sequence[int], horizon: int
) -> onnx.ModelProto:
    """features, lengths to forecast [batch, horizon, columns], in the columns' own units.

    places: of the columns among the features.
    """
    g, today, outputs = _after_last_step(network)
    columns = len(places)
    index = g.integers(*places)
    changes = g.op("Reshape", outputs, g.integers(0, horizon, columns))
    now = g.op("Unsqueeze", g.op("Gather", today, index, axis=1), g.integers(1))
    ahead = g.op("Add", changes, now)  # batch x horizon x columns, in deviations
    deviations, means = array(network.deviations)[list(places)], array(network.means)[list(places)]
    own = g.op("Add", g.op("Mul", ahead, g.constant(deviations)), g.constant(means))
    g.output(own, "forecast", "float32", ["batch", horizon, columns])
    return g.build()


def _after_last_step(
    network: SequencePredictor, factor: float = 1.0
) -> tuple[GraphBuilder, str, str]:
    """The graph, the standardised last step (batch x features), and the head's outputs."""
    g = GraphBuilder("sequence")
    layers = Layers(g, "fp32")
    count = len(network.means)
    features = g.input("features", "float32", ["batch", "time", count])
    lengths = g.input("lengths", "int32", ["batch"])
    batch = g.op("Shape", features, start=0, end=1)
    centred = g.op("Sub", features, g.constant(array(network.means)))
    standard = g.op("Div", centred, g.constant(array(network.deviations)))
    value = plain(g.op("Transpose", standard, perm=[1, 0, 2]), count, _BOUND)
    last = last_steps(g, features, lengths)  # time x batch x 1
    today = picked(g, value.name, last)
    stack = network.recurrent
    for depth, forward in enumerate(stack.forward_layers):
        directions = [forward]
        if stack.bidirectional:
            directions.append(stack.backward_layers[depth])
        value = recurrent(layers, value, directions, lengths, batch)
    final = final_states(g, value.name, last, stack.hidden_size, stack.bidirectional)
    weight = g.constant(array(network.head.weight).T * np.float32(factor))
    bias = g.constant(array(network.head.bias) * np.float32(factor))
    outputs = g.op("Add", g.op("MatMul", g.concat(final, today), weight), bias)
    return g, today, outputs
