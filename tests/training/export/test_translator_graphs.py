"""The translator's graphs: what the network computes, whatever rows stand in the same batch."""

from functools import cache

import numpy as np
import onnx
import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st

from service.artifact import BOS_ID, EOS_ID, PAD_ID, UNK_ID
from service.pipelines.tensors import Session, pad_rows
from tests.training.export.networks import (
    VOCABULARY,
    Decoding,
    Rows,
    chosen,
    decoding,
    stacked,
    translator,
)
from training.export.checks import (
    check_translator_agreement,
    check_translator_invariance,
    graph_session,
)
from training.export.graph import GraphBuilder
from training.export.layers import PINS, Precision
from training.export.recurrent import QUANTISED
from training.export.translator import BLOCK, MEMORY, STATES, best_values, translator_graphs
from training.networks.attention import AttentionKind
from training.networks.cells.layers import CELLS
from training.networks.cells.names import CellName

PRECISIONS: tuple[Precision, ...] = ("fp32", "int8")
KINDS: tuple[AttentionKind, ...] = ("additive", "multiplicative", "none")
STEPS = 6
ROWS = [
    [4 + (7 * i + j) % (VOCABULARY - 4) for j in range(1 + i * 5 % 13)] + [EOS_ID]
    for i in range(13)
]

some_rows = st.lists(
    st.lists(st.integers(4, VOCABULARY - 1), min_size=0, max_size=20).map(
        lambda row: [*row, EOS_ID]
    ),
    min_size=1,
    max_size=6,
)


def targets(rows: int, seed: int = 1) -> np.ndarray:
    words = np.random.default_rng(seed).integers(4, VOCABULARY, (rows, STEPS))
    words[:, 0] = BOS_ID
    return words


@pytest.mark.parametrize("factor", [0.5, 2.0, 4.0])
@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("kind", KINDS)
def test_torch_and_onnxruntime_agree(layers: int, factor: float, kind: AttentionKind) -> None:
    forced = targets(len(ROWS))
    graphs = decoding("fp32", layers, factor, kind)
    got = graphs.forced(ROWS, forced)
    tokens, lengths = (torch.from_numpy(part).long() for part in pad_rows(ROWS))
    with torch.no_grad():
        network = translator(layers, factor, attention=kind)
        logits, attention = network(tokens, lengths, torch.from_numpy(forced))
    special = [PAD_ID, BOS_ID, UNK_ID]
    logits[:, :, special] = -1e9
    want = torch.log_softmax(logits, dim=2).numpy()
    words = [token for token in range(VOCABULARY) if token not in special]
    np.testing.assert_allclose(got[:, :, words], want[:, :, words], rtol=0, atol=1e-4)
    assert (got[:, :, special] < -1e8).all()
    _, _, weights = graphs.step(graphs.encode(ROWS), [BOS_ID] * len(ROWS))
    np.testing.assert_allclose(weights, attention[:, 0].numpy(), rtol=0, atol=1e-5)


@pytest.mark.parametrize("cell", list(CELLS))
@pytest.mark.parametrize("kind", ["additive", "none"])
def test_every_cell_encodes_and_decodes(kind: AttentionKind, cell: CellName) -> None:
    network = translator(2, 1.0, attention=kind, cell=cell)
    graphs = translator_graphs(network, "fp32")
    assert check_translator_agreement(network, graphs, ROWS) < 1e-4
    assert check_translator_invariance(graphs, "fp32", ROWS) < 1e-5
    assert len(graphs.states) == 2 * CELLS[cell].memories
    if cell in QUANTISED:
        assert check_translator_invariance(translator_graphs(network, "int8"), "int8", ROWS) < 1e-4
    else:
        with pytest.raises(ValueError, match="onnxruntime has no int8 kernel for"):
            translator_graphs(network, "int8")


@pytest.mark.parametrize(("precision", "limit"), [("fp32", 1e-5), ("int8", 1e-4)])
@pytest.mark.parametrize("layers", [1, 2])
@settings(max_examples=40)
@given(
    rows=some_rows,
    factor=st.sampled_from([0.5, 2.0]),
    kind=st.sampled_from(KINDS),
    seed=st.integers(0, 100),
)
def test_a_sentence_does_not_depend_on_its_batch(
    layers: int,
    precision: Precision,
    limit: float,
    rows: Rows,
    factor: float,
    kind: AttentionKind,
    seed: int,
) -> None:
    graphs = decoding(precision, layers, factor, kind)
    forced = targets(len(rows), seed)
    together = graphs.forced(rows, forced)
    alone = [graphs.forced([row], forced[i : i + 1]) for i, row in enumerate(rows)]
    np.testing.assert_allclose(together, np.concatenate(alone), rtol=0, atol=limit)


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("kind", KINDS)
def test_rows_that_join_at_other_steps_get_the_values_they_get_alone(
    precision: Precision, kind: AttentionKind
) -> None:
    graphs = decoding(precision, attention=kind)
    sources = [[4 + i, 9, 20 + i, EOS_ID] for i in range(4)]
    forced = targets(len(sources))
    alone = [
        graphs.forced([row], forced[i : i + 1])[0] for i, row in enumerate(sources)
    ]  # each: steps x vocabulary
    # Row i joins at step i, while those before it go on.
    held: dict[str, np.ndarray] | None = None
    for step in range(STEPS + len(sources) - 1):
        rows = [i for i in range(len(sources)) if 0 <= step - i < STEPS]
        if step < len(sources):
            new = graphs.encode([sources[step]])
            held = new if held is None else stacked(held, new)
        assert held is not None
        held, scores, _ = graphs.step(held, [int(forced[i, step - i]) for i in rows])
        expected = np.stack([alone[i][step - i] for i in rows])
        if precision == "int8":
            np.testing.assert_array_equal(scores, expected)
        else:
            np.testing.assert_allclose(scores, expected, rtol=0, atol=1e-5)
        if rows[0] == step - STEPS + 1:
            held = chosen(held, range(1, len(rows)))  # the first one leaves


@pytest.mark.parametrize(("precision", "limit"), [("fp32", 1e-5), ("int8", 1e-4)])
@pytest.mark.parametrize("kind", KINDS)
def test_joining_longer_sources_moves_nothing(
    precision: Precision, limit: float, kind: AttentionKind
) -> None:
    graphs = decoding(precision, attention=kind)
    short, long = [5, 6, EOS_ID], [*range(4, 20), EOS_ID]
    forced = targets(1)
    alone = graphs.forced([short], forced)[0]
    held = graphs.encode([short])
    for step in range(3):
        held, _, _ = graphs.step(held, forced[:, step])
    both = stacked(held, graphs.encode([long]))
    _, scores, attention = graphs.step(both, [int(forced[0, 3]), BOS_ID])
    np.testing.assert_allclose(scores[0], alone[3], rtol=0, atol=limit)
    assert not attention[0, len(short) :].any()


@pytest.mark.parametrize("precision", PRECISIONS)
def test_what_the_graphs_give_carries_no_pins_but_the_states(precision: Precision) -> None:
    network = translator()
    graphs = translator_graphs(network, precision)
    held = Decoding(graphs).encode(ROWS)
    after, scores, attention = Decoding(graphs).step(held, [BOS_ID] * len(ROWS))
    time = max(map(len, ROWS))
    assert held[MEMORY[0]].shape == (len(ROWS), time, network.encoder.output_size)
    assert held[MEMORY[1]].shape == (len(ROWS), time, 7)
    assert scores.shape == (len(ROWS), VOCABULARY)
    assert attention.shape == (len(ROWS), time)
    np.testing.assert_allclose(attention.sum(axis=1), 1.0, atol=1e-5)
    units = network.bridge.out_features + (PINS if precision == "int8" else 0)
    for name in STATES:
        assert held[name].shape == after[name].shape == (len(ROWS), units)
    if precision == "int8":
        for name in ("reader_hidden", "writer_hidden"):
            assert after[name][:, -PINS:].tolist() == [[1.0, -1.0]] * len(ROWS)
            assert np.abs(after[name]).max() == 1.0


@pytest.mark.parametrize("precision", PRECISIONS)
def test_without_attention_there_is_no_memory(precision: Precision) -> None:
    graphs = translator_graphs(translator(attention="none"), precision)
    assert graphs.memory == ()
    assert [value.name for value in graphs.encoder.graph.output] == list(STATES)
    names = {value.name for value in (*graphs.decoder.graph.input, *graphs.decoder.graph.output)}
    assert not names & {"attention", *MEMORY}


@pytest.mark.parametrize("precision", PRECISIONS)
def test_k_takes_the_best_words_in_order(precision: Precision) -> None:
    graphs = decoding(precision)
    held = graphs.encode(ROWS[:3])
    feeds = {**held, "token": np.array([BOS_ID] * 3, np.int32), "k": np.array([5])}
    output = graphs.decoder.run(feeds)
    _, everything, _ = graphs.step(held, [BOS_ID] * 3)
    assert output["log_probs"].shape == output["next_tokens"].shape == (3, 5)
    np.testing.assert_array_equal(output["log_probs"], -np.sort(-everything, axis=1)[:, :5])
    best = np.take_along_axis(everything, output["next_tokens"].astype(np.int64), axis=1)
    np.testing.assert_array_equal(output["log_probs"], best)
    assert (output["next_tokens"] != PAD_ID).all()


@given(
    size=st.sampled_from([1, 7, BLOCK, 2 * BLOCK, 3 * BLOCK, 97, 120, 330]),
    rows=st.integers(1, 4),
    k=st.integers(1, 330),
    kinds=st.sampled_from([1, 2, 9, 10**6]),
    seed=st.integers(0, 10**6),
)
@example(size=120, rows=1, k=120, kinds=1, seed=0)  # all equal
def test_the_best_of_blocks_are_those_of_the_row(
    size: int, rows: int, k: int, kinds: int, seed: int
) -> None:
    k = min(k, size)
    # Few kinds of values, so that many are equal: among those the first come first.
    values = np.random.default_rng(seed).integers(0, kinds, (rows, size)).astype(np.float32)
    best, places = best_session(size).run({"values": values, "k": np.array([k])}).values()
    order = np.argsort(-values, axis=1, kind="stable")[:, :k]
    np.testing.assert_array_equal(places, order)
    np.testing.assert_array_equal(best, np.take_along_axis(values, order, axis=1))


@cache
def best_session(size: int) -> Session:
    g = GraphBuilder("best")
    values, k = g.input("values", "float32", ["rows", size]), g.input("k", "int64", [1])
    best, places = best_values(g, values, k, size)
    g.output(best, "best", "float32", ["rows", "k"])
    g.output(places, "places", "int64", ["rows", "k"])
    return graph_session(g.build())


@pytest.mark.parametrize("kind", KINDS)
def test_int8_stays_near_fp32(kind: AttentionKind) -> None:
    forced = targets(len(ROWS))
    words = [EOS_ID, *range(4, VOCABULARY)]
    exact, near = (
        np.exp(decoding(precision, 2, 0.5, kind).forced(ROWS, forced)[:, :, words])
        for precision in PRECISIONS
    )
    np.testing.assert_allclose(near, exact, rtol=0, atol=0.005)
    assert not np.array_equal(near, exact)


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("kind", KINDS)
def test_the_graphs_pass_onnxs_checks_and_state_their_shapes(
    precision: Precision, kind: AttentionKind
) -> None:
    graphs = translator_graphs(translator(attention=kind), precision)
    held = Decoding(graphs).encode(ROWS)
    feeds = {**held, "token": np.array([BOS_ID] * len(ROWS), np.int32), "k": np.array([3])}
    tokens, lengths = pad_rows(ROWS)
    runs = [(graphs.encoder, {"tokens": tokens, "lengths": lengths}), (graphs.decoder, feeds)]
    for model, inputs in runs:
        onnx.checker.check_model(model, full_check=True)
        outputs = graph_session(model).run(inputs)
        assert {value.name for value in model.graph.input} == set(inputs)
        for value in (*model.graph.input, *model.graph.output):
            actual = {**inputs, **outputs}[value.name].shape
            stated = [axis.dim_value for axis in value.type.tensor_type.shape.dim]
            assert len(stated) == len(actual)
            assert all(size in {0, real} for size, real in zip(stated, actual, strict=True))
