"""What an exported classifier says of its inner values explains what it answers."""

import numpy as np
import onnx
import pytest

from service.artifact import Inspection
from service.explanation.contributions import split_logit
from service.explanation.gates import recompute, served_states
from service.pipelines.tensors import open_session, pad_rows
from service.runtime.inner_values import with_outputs
from service.runtime.session import Array
from tests.training.export.networks import VOCABULARY, classifier
from tests.training.export.test_classifier_graph import SHAPES
from training.export.classifier import classifier_graph
from training.export.layers import Precision
from training.networks.classifier import Pooling

ROWS = [
    [4 + (7 * i + j * j) % (VOCABULARY - 4) for j in range(n)] for i, n in enumerate((1, 9, 60))
]
# Of a state that is recomputed: the served weights, and float32 sums in another order. Where that
# rounds a value of an int8 graph to the other of two neighbours, a state moves by thousandths.
CLOSE = {"fp32": 1e-5, "int8": 5e-3}


def values_of(model: onnx.ModelProto, inspection: Inspection, row: list[int]) -> dict[str, Array]:
    """Everything that the inspection names, and the logits, of a text alone."""
    names = [inspection.states, inspection.head_weight, inspection.head_bias]
    names += [name for layer in inspection.layers for name in layer.names()]
    session = open_session(with_outputs(model.SerializeToString(), dict.fromkeys(names)), 1)
    tokens, lengths = pad_rows([row])
    return session.run({"tokens": tokens, "lengths": lengths})


@pytest.mark.parametrize("precision", ["fp32", "int8"])
@pytest.mark.parametrize(("layers", "bidirectional", "pooling"), SHAPES)
def test_the_contributions_and_the_bias_add_up_to_every_logit(
    layers: int, bidirectional: bool, pooling: Pooling, precision: Precision
) -> None:
    graph = classifier_graph(classifier(layers, bidirectional, pooling), precision, 1.7)
    told = graph.inspection
    assert told.pooling == pooling
    for row in ROWS:
        values = values_of(graph.model, told, row)
        states = values[told.states][:, 0]
        assert len(states) == len(row)
        weight, bias = values[told.head_weight], values[told.head_bias]
        for label, logit in enumerate(values["logits"][0]):
            parts = split_logit(states, weight[:, label], told.pooling)
            assert parts.sum() + bias[label] == pytest.approx(float(logit), abs=1e-4)


@pytest.mark.parametrize("precision", ["fp32", "int8"])
@pytest.mark.parametrize(("layers", "bidirectional", "pooling"), SHAPES)
@pytest.mark.parametrize("factor", [0.5, 2.0])
def test_recomputed_gates_give_the_served_states(
    layers: int, bidirectional: bool, pooling: Pooling, precision: Precision, factor: float
) -> None:
    network = classifier(layers, bidirectional, pooling, factor)
    graph = classifier_graph(network, precision)
    told = graph.inspection
    assert len(told.layers) == layers
    for row in ROWS:
        values = values_of(graph.model, told, row)
        for layer in told.layers:
            directions = recompute(layer, values)
            assert len(directions) == 1 + bidirectional
            for gates, served in zip(directions, served_states(layer, values), strict=True):
                assert gates.hidden.shape == (len(row), network.recurrent.hidden_size)
                np.testing.assert_allclose(gates.hidden, served, rtol=0, atol=CLOSE[precision])
                for gate in (gates.input, gates.forget, gates.output):
                    assert gate.shape == gates.hidden.shape
                    assert (gate > 0).all()
                    assert (gate < 1).all()
        # The last layer's states are what is pooled: no pin is among them.
        pooled = np.concatenate(served_states(told.layers[-1], values), axis=1)
        np.testing.assert_array_equal(values[told.states][:, 0], pooled)


@pytest.mark.parametrize(("precision", "pins"), [("fp32", 0), ("int8", 2)])
def test_pins_are_told_apart(precision: Precision, pins: int) -> None:
    layers = classifier_graph(classifier(2), precision).inspection.layers
    assert [layer.pins for layer in layers] == [pins, pins]
    assert all((layer.weight_scale is None) == (pins == 0) for layer in layers)
