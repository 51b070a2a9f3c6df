"""A table of n-grams in a graph: what the network computes, whatever a text is batched with."""

import itertools

import numpy as np
import pytest
import torch
from hypothesis import given, settings

from service.explanation.contributions import split_logit
from service.pipelines.tensors import pad_rows
from tests.training.export.networks import Rows, classifier_with_ngrams, classify
from tests.training.export.test_classifier_graph import EVERY_LENGTH, some_rows
from tests.training.export.test_inspection import values_of
from training.export.checks import graph_session
from training.export.classifier import classifier_graph
from training.export.layers import Precision
from training.networks.classifier import Pooling
from training.networks.ngram_table import MULTIPLIER

POOLINGS: tuple[Pooling, ...] = ("mean", "max+mean")
PRECISIONS: tuple[Precision, ...] = ("fp32", "int8")
SESSIONS = {
    precision: graph_session(classifier_graph(classifier_with_ngrams(), precision).model)
    for precision in PRECISIONS
}


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("pooling", POOLINGS)
def test_torch_and_onnxruntime_agree(pooling: Pooling, classes: int) -> None:
    network = classifier_with_ngrams(pooling, classes)
    got = classify(graph_session(classifier_graph(network, "fp32").model), EVERY_LENGTH)
    tokens, lengths = (torch.from_numpy(part).long() for part in pad_rows(EVERY_LENGTH))
    with torch.no_grad():
        want = network(tokens, lengths)
    torch.testing.assert_close(torch.from_numpy(got), want, rtol=0, atol=1e-4)


@pytest.mark.parametrize(("precision", "limit"), [("fp32", 1e-4), ("int8", 1e-3)])
@settings(max_examples=40)
@given(rows=some_rows)
def test_a_text_does_not_depend_on_its_batch(
    precision: Precision, limit: float, rows: Rows
) -> None:
    together = classify(SESSIONS[precision], rows)
    alone = np.concatenate([classify(SESSIONS[precision], [row]) for row in rows])
    np.testing.assert_allclose(together, alone, rtol=0, atol=limit)


def test_int8_reads_the_same_table_with_rounded_numbers() -> None:
    fp32, int8 = (classify(SESSIONS[precision], EVERY_LENGTH) for precision in PRECISIONS)
    np.testing.assert_allclose(int8, fp32, rtol=0, atol=0.2)
    assert not np.array_equal(int8, fp32)


@pytest.mark.parametrize("precision", PRECISIONS)
def test_an_explanation_adds_up_and_tells_a_pair_half_to_each_of_its_words(
    precision: Precision,
) -> None:
    network = classifier_with_ngrams("mean", 2)
    graph = classifier_graph(network, precision)
    row = [5, 9, 9, 31]
    values = values_of(graph.model, graph.inspection, row)
    told = graph.inspection
    weight = values[told.head_weight][:, 1]
    states = values[told.states][:, 0]
    parts = split_logit(states, weight, told.pooling)
    logit = float(values["logits"][0, 1])
    assert parts.sum() + values[told.head_bias][1] == pytest.approx(logit, abs=1e-4)
    assert network.ngrams is not None
    tokens, pairs = (
        part.detach()[:, 0].numpy() for part in (network.ngrams.tokens, network.ngrams.pairs)
    )
    of_pairs = [
        pairs[(first * MULTIPLIER + second) % len(pairs)]
        for first, second in itertools.pairwise(row)
    ]
    root = len(row) ** 0.5
    want = [
        (tokens[5] + of_pairs[0] / 2) / root,
        (tokens[9] + (of_pairs[0] + of_pairs[1]) / 2) / root,
        (tokens[9] + (of_pairs[1] + of_pairs[2]) / 2) / root,
        (tokens[31] + of_pairs[2] / 2) / root,
    ]
    # The table's value is the last state of a position, of which the mean is read.
    np.testing.assert_allclose(states[:, -1] / len(row), want, atol=0.02)
