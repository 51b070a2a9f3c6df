"""Weights that go into a graph come back out of it."""

import pytest
import torch
from torch import Tensor, nn

from tests.training.export.networks import classifier, classifier_with_ngrams, translator
from training.export.classifier import classifier_graph
from training.export.layers import EMBEDDING_LIMIT, WEIGHT_LIMIT, Precision
from training.export.translator import translator_graphs
from training.networks.attention import AttentionKind
from training.networks.classifier import Pooling
from training.networks.translator import NO_WORDS
from training.restoration.weights import classifier_weights, translator_weights

PRECISIONS: tuple[Precision, ...] = ("fp32", "int8")
KINDS: tuple[AttentionKind, ...] = ("additive", "multiplicative", "none")


def expected_of(network: nn.Module) -> dict[str, Tensor]:
    """A network's parameters with an LSTM's two biases as one, as a graph holds them."""
    expected = dict(network.state_dict())
    for name in [name for name in expected if "bias_hh" in name]:
        other = name.replace("bias_hh", "bias_ih")
        expected[other] = expected[other] + expected[name]
        expected[name] = torch.zeros_like(expected[name])
    return expected


def assert_restored(weights: dict[str, Tensor], network: nn.Module, precision: Precision) -> None:
    expected = expected_of(network)
    assert weights.keys() == expected.keys()
    for name, value in expected.items():
        if (
            precision == "fp32"
            or value.ndim == 1
            or name in ("head.weight", "attention.energy.weight")
        ):
            torch.testing.assert_close(weights[name], value, atol=1e-6, rtol=1e-6)
            continue
        limit = EMBEDDING_LIMIT if name == "embedding.weight" else WEIGHT_LIMIT
        # Half a step of the row: its largest value over the limit.
        most = value.abs().amax(dim=1, keepdim=True) / limit * 0.501
        assert ((weights[name] - value).abs() <= most).all(), name
        assert not torch.equal(weights[name], value), name


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("pooling", ["max", "mean", "max+mean"])
@pytest.mark.parametrize(("layers", "bidirectional"), [(1, True), (2, True), (2, False)])
def test_a_classifiers(
    layers: int, bidirectional: bool, pooling: Pooling, precision: Precision
) -> None:
    network = classifier(layers, bidirectional, pooling)
    graph = classifier_graph(network, precision).model
    assert_restored(classifier_weights({"classifier": graph}, network), network, precision)


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("classes", [2, 3])
def test_a_table_of_ngrams(classes: int, precision: Precision) -> None:
    network = classifier_with_ngrams("max+mean", classes)
    graph = classifier_graph(network, precision).model
    weights = classifier_weights({"classifier": graph}, network)
    assert weights.keys() == network.state_dict().keys()
    for name in ("ngrams.tokens", "ngrams.pairs"):
        value = network.state_dict()[name]
        # Half a step of the column.
        step = value.abs().amax(dim=0) / EMBEDDING_LIMIT if precision == "int8" else 2e-6
        assert ((weights[name] - value).abs() <= 0.501 * step).all(), name
        assert torch.equal(weights[name], value) is (precision == "fp32")


def test_a_temperature_stays_in_the_head() -> None:
    network = classifier()
    graph = classifier_graph(network, "fp32", temperature=2.0).model
    weights = classifier_weights({"classifier": graph}, network)
    torch.testing.assert_close(weights["head.weight"] * 2, network.head.weight.detach())
    torch.testing.assert_close(weights["head.bias"] * 2, network.head.bias.detach())


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("layers", [1, 2])
def test_a_translators(layers: int, kind: AttentionKind, precision: Precision) -> None:
    network = translator(layers, attention=kind)
    graphs = translator_graphs(network, precision)
    weights = translator_weights({"encoder": graphs.encoder, "decoder": graphs.decoder}, network)
    bias = weights.pop("output_bias")
    expected = network.output_bias.detach().clone()
    # What no translation holds is forbidden in a graph; it stays the least likely.
    words = [token for token in range(len(expected)) if token not in NO_WORDS]
    torch.testing.assert_close(bias[words], expected[words])
    assert (bias[NO_WORDS] == bias.min()).all()
    weights["output_bias"] = expected
    assert_restored(weights, network, precision)


def test_int8_weights_give_the_same_int8_graph() -> None:
    network = classifier(2)
    graph = classifier_graph(network, "int8").model
    again = classifier(2, True, "max", 1.5)  # other weights of the same sizes
    again.load_state_dict(classifier_weights({"classifier": graph}, again))
    # A constant may differ in its last bit where a scale was divided and multiplied again.
    for mine, theirs in zip(
        classifier_graph(again, "int8").model.graph.initializer,
        graph.graph.initializer,
        strict=True,
    ):
        if mine.data_type == 3:  # int8
            assert mine.raw_data == theirs.raw_data
