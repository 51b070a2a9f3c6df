"""The generator's graph computes what the network does, whatever its rows are beside."""

from functools import cache

import numpy as np
import pytest
import torch

from service.artifact import BOS_ID
from tests.training.export.networks import VOCABULARY, enlarged
from training.export.checks import ExportError, graph_session
from training.export.generator import IMPOSSIBLE, generator_graph, generator_states
from training.export.generator_checks import (
    check_generator_agreement,
    check_generator_invariance,
)
from training.export.layers import Precision
from training.export.recurrent import QUANTISED
from training.networks.cells.layers import CELLS
from training.networks.cells.names import CellName
from training.networks.generator import NO_WORDS, Generator

RANDOM = np.random.default_rng(1)
ROWS = [
    [BOS_ID, *RANDOM.integers(4, VOCABULARY, size).tolist()] for size in (0, 1, 3, 8, 8, 20, 33)
]


@cache
def network(tied: bool, layers: int, factor: float, cell: CellName = "lstm") -> Generator:
    torch.manual_seed(layers)
    model = Generator(VOCABULARY, 10, 7, layers, tied, cell=cell)
    enlarged(model, factor)
    return model.eval()


@pytest.mark.parametrize("tied", [True, False])
@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("factor", [0.5, 2.0])
def test_torch_and_onnxruntime_agree(tied: bool, layers: int, factor: float) -> None:
    model = network(tied, layers, factor)
    assert check_generator_agreement(model, generator_graph(model, "fp32"), ROWS) < 1e-4


@pytest.mark.parametrize("tied", [True, False])
@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("precision", ["fp32", "int8"])
@pytest.mark.parametrize("factor", [0.5, 2.0])
def test_a_row_alone_is_the_row_in_a_batch(
    tied: bool, layers: int, precision: Precision, factor: float
) -> None:
    model = network(tied, layers, factor)
    graph = generator_graph(model, precision)
    assert check_generator_invariance(model, graph, precision, ROWS) < 1e-5


@pytest.mark.parametrize("cell", list(CELLS))
@pytest.mark.parametrize("layers", [1, 2])
def test_every_cell_carries_its_state_from_step_to_step(cell: CellName, layers: int) -> None:
    model = network(True, layers, 2.0 if layers == 1 else 0.8, cell)
    graph = generator_graph(model, "fp32")
    assert check_generator_agreement(model, graph, ROWS) < 1e-4
    assert check_generator_invariance(model, graph, "fp32", ROWS) < 1e-5
    memories = CELLS[cell].memories
    assert len(generator_states(graph)) == memories * layers
    if cell in QUANTISED:
        graph = generator_graph(model, "int8")
        assert check_generator_invariance(model, graph, "int8", ROWS) < 1e-5
    else:
        with pytest.raises(ValueError, match="onnxruntime has no int8 kernel for"):
            generator_graph(model, "int8")


def test_int8_is_near_fp32() -> None:
    model = network(True, 1, 1.0)
    exact = graph_session(generator_graph(model, "fp32"))
    rounded = graph_session(generator_graph(model, "int8"))
    k = np.array([VOCABULARY], np.int64)
    token = np.arange(4, 20, dtype=np.int32)
    rows = []
    for session in (exact, rounded):
        names = [name for name in session.inputs if name not in ("token", "k")]
        units = 7 if session is exact else 9  # with two pins
        begin = np.full(len(token), BOS_ID, np.int32)
        states = {name: np.zeros((len(token), units), np.float32) for name in names}
        output = session.run({"token": begin, "k": k, **states})
        states = {name: output[f"next_{name}"] for name in names}
        output = session.run({"token": token, "k": k, **states})
        order = np.argsort(output["next_tokens"], axis=1)
        rows.append(np.take_along_axis(output["log_probs"], order, axis=1))
    possible = rows[0] > IMPOSSIBLE / 10
    assert 0 < np.abs(rows[0] - rows[1])[possible].max() < 0.3


def test_what_is_no_word_cannot_be_chosen() -> None:
    model = network(False, 1, 2.0)
    session = graph_session(generator_graph(model, "fp32"))
    zeros = {name: np.zeros((1, 7), np.float32) for name in ("hidden_0", "cell_0")}
    k = np.array([VOCABULARY], np.int64)
    output = session.run({"token": np.array([BOS_ID], np.int32), "k": k, **zeros})
    assert sorted(output["next_tokens"][0, -len(NO_WORDS) :].tolist()) == sorted(NO_WORDS)
    assert (output["log_probs"][0, -len(NO_WORDS) :] < IMPOSSIBLE / 10).all()
    assert np.exp(output["log_probs"]).sum() == pytest.approx(1.0, abs=1e-5)


def test_states_are_named_with_their_sizes() -> None:
    states = generator_states(generator_graph(network(True, 2, 0.5), "int8"))
    assert states == {"hidden_0": 9, "cell_0": 9, "hidden_1": 9, "cell_1": 9}


def test_another_network_is_not_agreed_with() -> None:
    graph = generator_graph(network(True, 1, 2.0), "fp32")
    with pytest.raises(ExportError, match="torch and onnxruntime differ by"):
        check_generator_agreement(network(True, 1, 0.5), graph, ROWS)
