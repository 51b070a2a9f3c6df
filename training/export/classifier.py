"""The classifier as an ONNX graph: tokens and lengths to logits."""

from dataclasses import dataclass

import numpy as np
import onnx

from service.artifact import Inspection
from training.export.graph import GraphBuilder
from training.export.layers import Layers, Precision, array
from training.export.ngram_table import ngram_values
from training.export.recurrent import recurrent
from training.networks.classifier import TextClassifier


@dataclass(frozen=True)
class ClassifierGraph:
    model: onnx.ModelProto
    inspection: Inspection  # where the values stand that explain an answer


def classifier_graph(
    network: TextClassifier, precision: Precision, temperature: float = 1.0
) -> ClassifierGraph:
    """tokens int32 [batch, time], lengths int32 [batch] to logits float32 [batch, classes].

    ``temperature`` divides the logits (Guo et al. 2017), so that the softmax of what the graph
    gives is a calibrated probability.
    """
    g = GraphBuilder("classifier")
    layers = Layers(g, precision)
    tokens = g.input("tokens", "int32", ["batch", "time"])
    lengths = g.input("lengths", "int32", ["batch"])
    batch = g.op("Shape", tokens, start=0, end=1)
    turned = g.op("Transpose", tokens, perm=[1, 0])  # time x batch
    value = layers.embedding(array(network.embedding.weight), turned)  # time x batch x features
    stack = network.recurrent
    for depth, forward in enumerate(stack.forward_layers):
        directions = [forward]
        if stack.bidirectional:
            directions.append(stack.backward_layers[depth])
        value = recurrent(layers, value, directions, lengths, batch)
    outputs = layers.unpinned(value).name  # time x batch x states; zero at padding
    real = _real_positions(g, tokens, lengths)
    if network.ngrams is not None:
        beside = ngram_values(layers, network.ngrams, turned, lengths, real)
        outputs = g.concat(outputs, beside)
    pooled = []
    if "max" in network.pooling:
        # Padding must not win over negative states. This is below the maximum of any cell, as the
        # first h that is read lies in (-1, 1).
        low = g.constant(np.array(-2.0, np.float32))
        pooled.append(
            g.op("ReduceMax", g.op("Where", real, outputs, low), g.integers(0), keepdims=0)
        )
    if "mean" in network.pooling:
        total = g.op("ReduceSum", outputs, g.integers(0), keepdims=0)
        count = g.op("Unsqueeze", g.op("Cast", lengths, to=1), g.integers(1))
        pooled.append(g.op("Div", total, count))
    states = g.concat(*pooled)  # batch x pooled
    head = network.head
    weight = g.constant(array(head.weight).T / np.float32(temperature))
    bias = g.constant(array(head.bias) / np.float32(temperature))
    # The head stays in float32: it is tiny, and an explanation splits it exactly.
    logits = g.op("Add", g.op("MatMul", states, weight), bias)
    g.output(logits, "logits", "float32", ["batch", head.out_features])
    inspection = Inspection(
        states=outputs,
        pooling=network.pooling,
        head_weight=weight,
        head_bias=bias,
        layers=tuple(layers.recurrent),
    )
    return ClassifierGraph(g.build(), inspection)


def _real_positions(g: GraphBuilder, tokens: str, lengths: str) -> str:
    """Where a position holds a token: time x batch x 1, of tokens (batch x time) and lengths."""
    steps = g.op(
        "Range",
        g.constant(np.array(0, np.int64)),
        g.op("Squeeze", g.op("Shape", tokens, start=1, end=2)),
        g.constant(np.array(1, np.int64)),
    )
    steps = g.op("Unsqueeze", g.op("Cast", steps, to=6), g.integers(1))  # time x 1
    return g.op("Unsqueeze", g.op("Less", steps, lengths), g.integers(2))
