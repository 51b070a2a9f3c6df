"""The classifier's graph: what the network computes, whatever a text is batched with."""

import itertools

import numpy as np
import onnx
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import numpy_helper

from service.pipelines.tensors import pad_rows
from tests.training.export.networks import (
    VOCABULARY,
    Rows,
    classifier,
    classifier_session,
    classify,
)
from training.export.checks import graph_session
from training.export.classifier import classifier_graph
from training.export.graph import OPSET
from training.export.layers import Precision
from training.networks.classifier import Pooling

SHAPES: list[tuple[int, bool, Pooling]] = [
    (1, False, "max"),
    (1, True, "max"),
    (1, True, "mean"),
    (2, True, "max+mean"),
    (2, False, "mean"),
    (3, True, "max"),
]
# A row for each length from 1 on, in an order that mixes them.
EVERY_LENGTH = [
    [4 + (7 * i + j) % (VOCABULARY - 4) for j in range(1 + i * 5 % 17)] for i in range(17)
]

some_rows = st.lists(
    st.lists(st.integers(1, VOCABULARY - 1), min_size=1, max_size=25), min_size=1, max_size=8
)


@pytest.mark.parametrize("factor", [0.5, 2.0, 6.0])
@pytest.mark.parametrize(("layers", "bidirectional", "pooling"), SHAPES)
def test_torch_and_onnxruntime_agree(
    layers: int, bidirectional: bool, pooling: Pooling, factor: float
) -> None:
    network = classifier(layers, bidirectional, pooling, factor)
    got = classify(classifier_session("fp32", layers, bidirectional, pooling, factor), EVERY_LENGTH)
    tokens, lengths = (torch.from_numpy(part).long() for part in pad_rows(EVERY_LENGTH))
    with torch.no_grad():
        want = network(tokens, lengths)
    torch.testing.assert_close(torch.from_numpy(got), want, rtol=0, atol=1e-4)


@pytest.mark.parametrize(("precision", "limit"), [("fp32", 1e-5), ("int8", 1e-4)])
@pytest.mark.parametrize(("layers", "bidirectional", "pooling"), SHAPES)
@settings(max_examples=40)
@given(rows=some_rows, factor=st.sampled_from([0.5, 2.0, 6.0]))
def test_a_text_does_not_depend_on_its_batch(
    layers: int, bidirectional: bool, pooling: Pooling,
    precision: Precision, limit: float, rows: Rows, factor: float,
) -> None:  # fmt: skip
    session = classifier_session(precision, layers, bidirectional, pooling, factor)
    together = classify(session, rows)
    alone = np.concatenate([classify(session, [row]) for row in rows])
    np.testing.assert_allclose(together, alone, rtol=0, atol=limit)
    assert together.argmax(axis=1).tolist() == alone.argmax(axis=1).tolist()


@pytest.mark.parametrize(("layers", "bidirectional", "pooling"), SHAPES)
def test_int8_stays_near_fp32(layers: int, bidirectional: bool, pooling: Pooling) -> None:
    scores = []
    for precision in ("fp32", "int8"):
        logits = classify(
            classifier_session(precision, layers, bidirectional, pooling, 0.5), EVERY_LENGTH
        )
        scores.append(torch.softmax(torch.from_numpy(logits), dim=1))
    torch.testing.assert_close(*scores, rtol=0, atol=0.01)
    assert not torch.equal(*scores)


def test_the_order_of_a_batch_does_not_matter() -> None:
    session = classifier_session("int8", 2, True, "max+mean", 2.0)
    expected = classify(session, EVERY_LENGTH)
    for shift in range(1, len(EVERY_LENGTH)):
        turned = [*EVERY_LENGTH[shift:], *EVERY_LENGTH[:shift]]
        np.testing.assert_array_equal(classify(session, turned), np.roll(expected, -shift, axis=0))


def test_an_unpinned_graph_would_depend_on_its_batch() -> None:
    # What the pins are for: without them the same kernel moves a text with its neighbours.
    model = classifier_graph(classifier(), "int8").model
    for constant in model.graph.initializer:
        values = numpy_helper.to_array(constant)
        if constant.dims == [2] and values.dtype == np.float32 and values[0] == -values[1] > 0:
            constant.CopyFrom(numpy_helper.from_array(0 * values, constant.name))  # the embedding's
    session = graph_session(model)
    together = classify(session, EVERY_LENGTH)
    alone = np.concatenate([classify(session, [row]) for row in EVERY_LENGTH])
    assert np.abs(together - alone).max() > 1e-3


@pytest.mark.parametrize("precision", ["fp32", "int8"])
@pytest.mark.parametrize("temperature", [0.25, 3.0])
def test_temperature_divides_the_logits(precision: Precision, temperature: float) -> None:
    network = classifier()
    plain = classify(graph_session(classifier_graph(network, precision).model), EVERY_LENGTH)
    scaled = classify(
        graph_session(classifier_graph(network, precision, temperature).model), EVERY_LENGTH
    )
    np.testing.assert_allclose(scaled, plain / temperature, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(
    ("precision", "shape"), list(itertools.product(("fp32", "int8"), (SHAPES[0], SHAPES[3])))
)
def test_the_graph_passes_onnxs_checks_and_says_what_it_takes_and_gives(
    precision: Precision, shape: tuple[int, bool, Pooling]
) -> None:
    model = classifier_graph(classifier(*shape), precision).model
    onnx.checker.check_model(model, full_check=True)
    assert {entry.domain: entry.version for entry in model.opset_import}[""] == OPSET
    assert [value.name for value in model.graph.input] == ["tokens", "lengths"]
    assert [value.name for value in model.graph.output] == ["logits"]
    logits = classify(graph_session(model), EVERY_LENGTH)
    assert logits.shape == (len(EVERY_LENGTH), 3)
    kernels = {node.op_type for node in model.graph.node}
    assert ("DynamicQuantizeLSTM" if precision == "int8" else "LSTM") in kernels
    assert ("LSTM" in kernels) == (precision == "fp32")
