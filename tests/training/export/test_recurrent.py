"""Every cell in a graph computes what it computes in torch, whatever a text is batched with."""

from functools import cache

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from service.pipelines.tensors import Session, pad_rows
from tests.training.export.networks import VOCABULARY, Rows, classify, enlarged
from tests.training.export.test_classifier_graph import EVERY_LENGTH, some_rows
from training.export.checks import graph_session
from training.export.classifier import classifier_graph
from training.export.layers import Precision
from training.networks.cells.layers import CELLS
from training.networks.cells.names import CellName
from training.networks.classifier import Pooling, TextClassifier

NAMES: list[CellName] = list(CELLS)
SHAPES: list[tuple[int, bool, Pooling]] = [
    (1, False, "max"),
    (1, True, "mean"),
    (2, True, "max+mean"),
]
OPERATORS = {
    "lstm": "LSTM",
    "lstm-1997": "LSTM",
    "gru": "GRU",
    "rnn": "RNN",
    "peephole": "Scan",
    "peephole-identity": "Scan",
}


@cache
def network(
    cell: CellName, layers: int, bidirectional: bool, pooling: Pooling, factor: float
) -> TextClassifier:
    torch.manual_seed(layers)
    made = TextClassifier(VOCABULARY, 3, 10, 7, layers, bidirectional, pooling, cell=cell)
    enlarged(made, factor)
    return made.eval()


@cache
def session(
    cell: CellName, shape: tuple[int, bool, Pooling], factor: float, precision: Precision = "fp32"
) -> Session:
    return graph_session(classifier_graph(network(cell, *shape, factor), precision).model)


@pytest.mark.parametrize("factor", [0.5, 2.0])
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("cell", NAMES)
def test_torch_and_onnxruntime_agree(
    cell: CellName, shape: tuple[int, bool, Pooling], factor: float
) -> None:
    got = classify(session(cell, shape, factor), EVERY_LENGTH)
    tokens, lengths = (torch.from_numpy(part).long() for part in pad_rows(EVERY_LENGTH))
    with torch.no_grad():
        want = network(cell, *shape, factor)(tokens, lengths)
    torch.testing.assert_close(torch.from_numpy(got), want, rtol=0, atol=1e-4)


@pytest.mark.parametrize("cell", [name for name in NAMES if name != "lstm"])
@settings(max_examples=25)
@given(rows=some_rows, shape=st.sampled_from(SHAPES), factor=st.sampled_from([0.5, 2.0]))
def test_a_text_does_not_depend_on_its_batch(
    cell: CellName, rows: Rows, shape: tuple[int, bool, Pooling], factor: float
) -> None:
    opened = session(cell, shape, factor)
    together = classify(opened, rows)
    alone = np.concatenate([classify(opened, [row]) for row in rows])
    np.testing.assert_allclose(together, alone, rtol=0, atol=1e-5)


@pytest.mark.parametrize("cell", NAMES)
def test_what_is_in_the_graph(cell: CellName) -> None:
    graph = classifier_graph(network(cell, *SHAPES[2], 0.5), "fp32")
    kinds = [node.op_type for node in graph.model.graph.node]
    # Of a Scan one a direction and layer; the operators hold both directions.
    assert kinds.count(OPERATORS[cell]) == (4 if OPERATORS[cell] == "Scan" else 2)
    # The gates of an explanation are an LSTM's.
    assert len(graph.inspection.layers) == (2 if OPERATORS[cell] == "LSTM" else 0)


@pytest.mark.parametrize("cell", [name for name in NAMES if "lstm" not in name])
def test_cells_without_a_quantised_kernel_say_so(cell: CellName) -> None:
    with pytest.raises(ValueError, match="onnxruntime has no int8 kernel for "):
        classifier_graph(network(cell, *SHAPES[0], 0.5), "int8")


@pytest.mark.parametrize("shape", SHAPES)
def test_the_lstm_of_1997_in_int8_is_near_and_does_not_depend_on_its_batch(
    shape: tuple[int, bool, Pooling],
) -> None:
    opened = session("lstm-1997", shape, 0.5, "int8")
    together = classify(opened, EVERY_LENGTH)
    alone = np.concatenate([classify(opened, [row]) for row in EVERY_LENGTH])
    np.testing.assert_array_equal(together, alone)
    exact = classify(session("lstm-1997", shape, 0.5), EVERY_LENGTH)
    assert 0 < np.abs(together - exact).max() < 0.02


def test_a_falling_state_stands_above_padding() -> None:
    # What this cell shows has no bound, but its first h has: zeros at padding must not win.
    made = TextClassifier(VOCABULARY, 2, 3, 2, 1, False, "max", cell="peephole-identity").eval()
    with torch.no_grad():
        for parameter in (*made.recurrent.parameters(), made.embedding.weight, made.head.bias):
            parameter.zero_()
        own = dict(made.recurrent.forward_layers[0].named_parameters())
        own["b"][:6] = 9.0  # all gates open
        own["b"][6:] = -9.0  # and 1 less at every step
        made.head.weight.copy_(torch.eye(2))
        falling = made.recurrent(torch.zeros(1, 30, 3), torch.tensor([30])).outputs[0, :, 0]
    assert float(falling[-1]) < -29
    logits = classify(graph_session(classifier_graph(made, "fp32").model), [[5] * 30, [5] * 3])
    np.testing.assert_allclose(logits, float(falling[0]), atol=1e-5)  # the first, near -1
