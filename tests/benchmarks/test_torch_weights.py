"""The PyTorch peer is the shipped network: reading a graph undoes writing it."""

from pathlib import Path

import onnx
import pytest
import torch

from benchmarks.systems.torch_translation.weights import UnknownGraph, load_network
from training.export.translator import translator_graphs
from training.networks.translator import Translator


@pytest.fixture
def network() -> Translator:
    torch.manual_seed(3)
    network = Translator(
        vocabulary=40, embedding_size=12, encoder_size=10, decoder_size=14, attention_size=6
    )
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.copy_(torch.randn_like(parameter))
    return network.eval()


def written(network: Translator, precision: str, folder: Path) -> tuple[Path, Path]:
    graphs = translator_graphs(network, precision)  # type: ignore[arg-type]
    paths = folder / "encoder.onnx", folder / "decoder.onnx"
    for path, graph in zip(paths, (graphs.encoder, graphs.decoder), strict=True):
        onnx.save(graph, str(path))
    return paths


def test_weights_come_back_within_the_rounding_of_seven_bits(
    network: Translator, tmp_path: Path
) -> None:
    back = load_network(*written(network, "int8", tmp_path))
    wanted = dict(network.named_parameters())
    for name, parameter in back.named_parameters():
        if "bias_hh" in name or "bias_ih" in name:
            continue  # the graph holds their sum
        error = (parameter - wanted[name]).abs().max()
        # Half a step of 63 to each side of the largest value of a row.
        assert error <= wanted[name].abs().max() / 63 / 2 + 1e-6 or name == "output_bias", name
    weights = dict(back.named_parameters())
    torch.testing.assert_close(
        weights["reader.bias_ih_l0"] + weights["reader.bias_hh_l0"],
        wanted["reader.bias_ih_l0"] + wanted["reader.bias_hh_l0"],
    )
    torch.testing.assert_close(back.output_bias[4:], network.output_bias[4:])


def test_graphs_in_float_are_refused(network: Translator, tmp_path: Path) -> None:
    with pytest.raises(UnknownGraph, match="int8"):
        load_network(*written(network, "fp32", tmp_path))
