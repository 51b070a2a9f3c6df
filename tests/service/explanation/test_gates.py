"""The gates by hand, and those of the shipped model; test_inspection.py has other graphs."""

import math
from pathlib import Path

import numpy as np
import pytest

from service.artifact import ClassificationManifest, RecurrentLayer, Tokenizer, read_artifact
from service.explanation.gates import recompute, recompute_batch, rounded, served_states
from service.runtime.batches import pad_rows
from service.runtime.inner_values import with_outputs
from service.runtime.session import Session, open_session
from tests.service.explanation.reviews import WRITTEN

SHIPPED = Path("models") / "sentiment" / "1"

LAYER = RecurrentLayer(
    inputs="x", outputs="y", weight="W", recurrent="R", bias="b", hidden="h", cell="c", pins=1
)


def shipped() -> tuple[RecurrentLayer, Session, Tokenizer]:
    """The layer of the shipped model, its graph with the layer's values, and its tokenizer."""
    artifact = read_artifact(SHIPPED)
    manifest = artifact.manifest
    assert isinstance(manifest, ClassificationManifest)
    assert manifest.inspection is not None
    (layer,) = manifest.inspection.layers
    graph = artifact.graph_path("classifier").read_bytes()
    session = open_session(with_outputs(graph, layer.names()), threads=1)
    return layer, session, artifact.tokenizer


def sigmoid(value: float) -> float:
    return 1 / (1 + math.exp(-value))


def test_two_steps_of_one_unit_worked_by_hand() -> None:
    # One feature, one unit and one that is a pin; both biases count.
    W = np.zeros((1, 8, 1), np.float32)
    R = np.zeros((1, 8, 2), np.float32)
    W[0, ::2, 0] = (1, 2, -1, 0.5)  # i, o, f, c
    R[0, ::2, 0] = (0.5, -1, 1, 2)
    b = np.zeros((1, 16), np.float32)
    b[0, 0], b[0, 8] = 0.1, 0.2  # of the input gate
    values = {
        "x": np.array([[[1.0]], [[-2.0]]], np.float32),
        "W": W, "R": R, "b": b,
        "h": np.zeros(2, np.float32), "c": np.zeros(2, np.float32),
    }  # fmt: skip
    c1 = sigmoid(1.3) * math.tanh(0.5)
    h1 = sigmoid(2) * math.tanh(c1)
    i2, o2, f2 = sigmoid(-2 + 0.5 * h1 + 0.3), sigmoid(-4 - h1), sigmoid(2 + h1)
    c2 = f2 * c1 + i2 * math.tanh(-1 + 2 * h1)
    h2 = o2 * math.tanh(c2)
    values["y"] = np.array([h1, 0.5, h2, 0.5], np.float32).reshape(2, 1, 1, 2)  # as a graph has it
    (gates,) = recompute(LAYER, values)
    np.testing.assert_allclose(gates.input, [[sigmoid(1.3)], [i2]], rtol=1e-5)
    np.testing.assert_allclose(gates.forget, [[sigmoid(-1)], [f2]], rtol=1e-5)
    np.testing.assert_allclose(gates.output, [[sigmoid(2)], [o2]], rtol=1e-5)
    np.testing.assert_allclose(gates.candidate, np.tanh([[0.5], [-1 + 2 * h1]]), rtol=1e-5)
    np.testing.assert_allclose(gates.cell, [[c1], [c2]], rtol=1e-5)
    np.testing.assert_allclose(gates.hidden, [[h1], [h2]], rtol=1e-5)


def test_rounding_is_that_of_the_quantised_operator() -> None:
    # From -1 to 0.53 in 255 steps of 0.006, such that zero stays zero.
    values = np.array([-1, -0.5, 0, 0.001, 0.53], np.float32)
    np.testing.assert_allclose(rounded(values), np.array([-167, -83, 0, 0, 88]) * 0.006, atol=1e-6)
    np.testing.assert_array_equal(rounded(np.zeros(3, np.float32)), np.zeros(3))
    steps = np.stack([values, 2 * values, np.zeros(5, np.float32)])
    apart = [rounded(values), rounded(2 * values), np.zeros(5)]
    np.testing.assert_array_equal(rounded(steps, by_step=True), apart)


@pytest.mark.skipif(not SHIPPED.is_dir(), reason="the shipped sentiment model is not there")
def test_a_batch_has_the_gates_of_its_texts() -> None:
    layer, session, tokenizer = shipped()
    rows = [tokenizer.encode(text) for text in (WRITTEN[0], "bad", "not good at all")]
    tokens, lengths = pad_rows(rows)
    together = recompute_batch(layer, session.run({"tokens": tokens, "lengths": lengths}), lengths)
    for place, row in enumerate(rows):
        tokens, lengths = pad_rows([row])
        alone = recompute(layer, session.run({"tokens": tokens, "lengths": lengths}))
        for several, one in zip(together, alone, strict=True):
            for name, values in vars(one).items():
                of_batch = getattr(several, name)[: len(row), place]
                np.testing.assert_allclose(of_batch, values, rtol=0, atol=1e-5, err_msg=name)


@pytest.mark.skipif(not SHIPPED.is_dir(), reason="the shipped sentiment model is not there")
@pytest.mark.parametrize("text", [WRITTEN[0], " ".join(WRITTEN), "no " * 400 + "yes", "x"])
def test_the_states_of_the_shipped_model_are_reproduced(text: str) -> None:
    layer, session, tokenizer = shipped()
    tokens, lengths = pad_rows([tokenizer.encode(text)])
    values = session.run({"tokens": tokens, "lengths": lengths})
    directions = zip(recompute(layer, values), served_states(layer, values), strict=True)
    for gates, served in directions:
        assert gates.hidden.shape == (int(lengths[0]), 256)
        np.testing.assert_allclose(gates.hidden, served, rtol=0, atol=1e-5)
