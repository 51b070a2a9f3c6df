"""Quantised weights, and values that carry pins."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from training.export.checks import graph_session
from training.export.graph import GraphBuilder
from training.export.layers import (
    EMBEDDING_LIMIT,
    WEIGHT_LIMIT,
    Layers,
    Precision,
    Value,
    array,
    plain,
    quantise,
)


@given(
    rows=st.integers(1, 6),
    columns=st.integers(1, 20),
    scale=st.floats(1e-4, 1e4),
    limit=st.sampled_from([WEIGHT_LIMIT, EMBEDDING_LIMIT]),
    seed=st.integers(0, 1000),
)
def test_quantisation_is_off_by_half_a_step_at_most(
    rows: int, columns: int, scale: float, limit: int, seed: int
) -> None:
    generator = np.random.default_rng(seed)
    matrix = (scale * generator.standard_normal((rows, columns))).astype(np.float32)
    integers, scales = quantise(matrix, limit)
    assert integers.dtype == np.int8
    assert scales.dtype == np.float32
    assert np.abs(integers.astype(int)).max(axis=1).tolist() == [limit] * rows
    error = np.abs(integers * scales[:, None] - matrix)
    assert (error <= 0.5 * scales[:, None] * (1 + 1e-3)).all()


def test_a_row_of_zeros_stays_zero() -> None:
    integers, scales = quantise(np.zeros((2, 3), np.float32), WEIGHT_LIMIT)
    assert not integers.any()
    assert scales.tolist() == [1.0, 1.0]


def test_weights_meet_no_pin() -> None:
    value = Value("x", ((2, True), (2, False), (1, True)), 1.0)
    assert value.size == 5
    assert value.real.tolist() == [0, 1, 4]
    wide = value.spread(np.array([[1, 2, 3]], np.float32))
    assert wide.tolist() == [[1, 2, 0, 0, 3]]


def pinned_session(precision: Precision, bound: float) -> np.ndarray:
    g = GraphBuilder("pins")
    layers = Layers(g, precision)
    value = layers.pinned(plain(g.input("x", "float32", ["rows", 3]), 3, bound))
    g.output(value.name, "pinned", "float32", ["rows", value.size])
    g.output(layers.unpinned(value).name, "unpinned", "float32", ["rows", 3])
    x = np.arange(6, dtype=np.float32).reshape(2, 3)
    output = graph_session(g.build()).run({"x": x})
    np.testing.assert_array_equal(output["unpinned"], x)
    return output["pinned"]


@pytest.mark.parametrize(("bound", "least"), [(0.2, 1.0), (5.0, 5.0)])
def test_pins_stand_just_outside_the_bound(bound: float, least: float) -> None:
    pinned = pinned_session("int8", bound)
    assert pinned.shape == (2, 5)
    assert (pinned[:, 3] == -pinned[:, 4]).all()
    assert (pinned[:, 3] > least).all()
    assert (pinned[:, 3] < least * 1.01).all()
    assert pinned_session("fp32", bound).shape == (2, 3)


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize(("precision", "tolerance"), [("fp32", 1e-6), ("int8", 0.05)])
def test_a_linear_layer(precision: Precision, tolerance: float, bias: bool) -> None:
    layer = nn.Linear(12, 5, bias=bias)
    g = GraphBuilder("linear")
    layers = Layers(g, precision)
    value = layers.pinned(plain(g.input("x", "float32", ["rows", 12]), 12, 2.0))
    g.output(layers.linear(value, layer), "y", "float32", ["rows", 5])
    x = np.random.default_rng(1).uniform(-2, 2, (9, 12)).astype(np.float32)
    session = graph_session(g.build())
    together = session.run({"x": x})["y"]
    expected = x @ array(layer.weight).T + (array(layer.bias) if bias else 0)
    np.testing.assert_allclose(together, expected, atol=tolerance)
    alone = np.concatenate([session.run({"x": row[None]})["y"] for row in x])
    np.testing.assert_array_equal(together, alone) if precision == "int8" else None


def test_an_embedding_in_int8_is_near_its_table() -> None:
    table = np.random.default_rng(1).standard_normal((20, 6)).astype(np.float32)
    g = GraphBuilder("embedding")
    layers = Layers(g, "int8")
    value = layers.embedding(table, g.input("tokens", "int32", ["rows"]))
    g.output(layers.unpinned(value).name, "y", "float32", ["rows", 6])
    y = graph_session(g.build()).run({"tokens": np.arange(20, dtype=np.int32)})["y"]
    assert (np.abs(y - table) <= np.abs(table).max(axis=1, keepdims=True) / 250).all()
    assert np.abs(y).max() <= value.bound


def test_what_no_output_needs_is_left_out() -> None:
    g = GraphBuilder("used")
    x = g.input("x", "float32", ["rows", 3])
    unused = g.op("Mul", x, g.constant(np.ones((1, 3), np.float32)))
    g.op("Tanh", unused)
    needed = g.op("Add", x, g.constant(np.zeros((1, 3), np.float32)))
    g.output(needed, "y", "float32", ["rows", 3])
    graph = g.build().graph
    assert [node.op_type for node in graph.node] == ["Add", "Identity"]
    assert list(graph.node[0].input) == ["x", graph.initializer[0].name]
    assert len(graph.initializer) == 1
