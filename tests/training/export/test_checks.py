"""The checks before a version is written refuse graphs that are not their network's."""

import copy

import numpy as np
import pytest
import torch
from onnx import numpy_helper

from service.artifact import EOS_ID
from tests.training.export.networks import VOCABULARY, classifier, translator
from training.export.checks import (
    ExportError,
    check_classifier_agreement,
    check_classifier_invariance,
    check_translator_agreement,
    check_translator_invariance,
)
from training.export.classifier import classifier_graph
from training.export.translator import TranslatorGraphs, translator_graphs
from training.networks.translator import Translator

ROWS = [[4 + (3 * i + j) % (VOCABULARY - 4) for j in range(1 + i)] for i in range(12)]
SENTENCES = [[*row, EOS_ID] for row in ROWS]


def test_graphs_of_their_networks_pass() -> None:
    assert check_classifier_agreement(
        classifier(), classifier_graph(classifier(), "fp32", 2.0).model, 2.0, ROWS
    ) <= 1e-4  # fmt: skip
    graphs = translator_graphs(translator(), "fp32")
    assert check_translator_agreement(translator(), graphs, SENTENCES) <= 1e-4
    for precision in ("fp32", "int8"):
        model = classifier_graph(classifier(), precision).model
        assert check_classifier_invariance(model, precision, ROWS) <= 1e-5
        both = translator_graphs(translator(), precision)
        assert check_translator_invariance(both, precision, SENTENCES) <= 1e-5


def test_a_classifier_whose_weights_have_moved_is_refused() -> None:
    network = copy.deepcopy(classifier())
    model = classifier_graph(network, "fp32").model
    with torch.no_grad():
        network.head.bias[0] += 2e-4
    with pytest.raises(
        ExportError, match=r"torch and onnxruntime differ by 0\.0002, more than 0\.0"
    ):
        check_classifier_agreement(network, model, 1.0, ROWS)


def test_a_temperature_that_was_left_out_is_seen() -> None:
    with pytest.raises(ExportError, match="torch and onnxruntime differ"):
        check_classifier_agreement(
            classifier(), classifier_graph(classifier(), "fp32").model, 1.5, ROWS
        )


MOVED = (
    "embedding.weight",
    "encoder.backward_layers.1.weight_hh_l0",
    "bridge.bias",
    "attention.key.bias",
    "writer.bias_hh_l0",
    "readout.bias",
    "output_bias",
)


@pytest.mark.parametrize("name", MOVED)
def test_a_translator_whose_weights_have_moved_is_refused(name: str) -> None:
    network = copy.deepcopy(translator())
    graphs = translator_graphs(network, "fp32")
    torch.manual_seed(1)
    with torch.no_grad():
        parameter = network.get_parameter(name)
        parameter.add_(torch.randn_like(parameter), alpha=0.02)
    with pytest.raises(ExportError, match="torch and onnxruntime differ"):
        check_translator_agreement(network, graphs, SENTENCES)


def test_nonsense_is_refused() -> None:
    network = copy.deepcopy(classifier())
    with torch.no_grad():
        network.head.weight[0, 0] = torch.nan
    with pytest.raises(ExportError, match="torch and onnxruntime differ by nan"):
        check_classifier_agreement(network, classifier_graph(network, "fp32").model, 1.0, ROWS)


def without_pins(graphs: TranslatorGraphs) -> TranslatorGraphs:
    """The graphs with every pin of a product at zero, as an export that knows none would have."""
    for model in (graphs.encoder, graphs.decoder):
        for constant in model.graph.initializer:
            values = numpy_helper.to_array(constant)
            if constant.dims == [2] and values.dtype == np.float32 and values[0] == -values[1] > 0:
                constant.CopyFrom(numpy_helper.from_array(0 * values, constant.name))
    return graphs


def test_a_graph_that_depends_on_its_batch_is_refused() -> None:
    with pytest.raises(ExportError, match=r"a sentence alone and in a batch differ by .*: nothing"):
        check_translator_invariance(
            without_pins(translator_graphs(translator(), "int8")), "int8", SENTENCES
        )


def test_a_vocabulary_smaller_than_the_encoders_states() -> None:
    # A user's few pairs make a small vocabulary beside a network of the usual size.
    torch.manual_seed(1)
    network = Translator(30, 8, 24, 1, 10, 7).eval()
    sentences = [[4, 5, 6, EOS_ID], [29, EOS_ID]]
    for precision in ("fp32", "int8"):
        graphs = translator_graphs(network, precision)
        check_translator_invariance(graphs, precision, sentences)
    check_translator_agreement(network, translator_graphs(network, "fp32"), sentences)
