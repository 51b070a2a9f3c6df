"""Exported sequence models compute what their networks compute, with any cell, in any batch."""

from typing import Any

import numpy as np
import onnx
import pytest
import torch

from training.export.checks import graph_session
from training.export.sequence import forecast_graph, label_graph
from training.networks.cells.layers import CELLS
from training.networks.sequence import SequencePredictor, forecasts

MEANS, DEVIATIONS = torch.tensor([20.0, 0.0, 1000.0]), torch.tensor([5.0, 1.0, 10.0])


def predictor(outputs: int, **settings: Any) -> SequencePredictor:
    torch.manual_seed(3)
    network = SequencePredictor(MEANS, DEVIATIONS, outputs, hidden_size=5, **settings)
    return network.eval()


def rows(lengths: list[int]) -> tuple[torch.Tensor, torch.Tensor]:
    torch.manual_seed(4)
    features = MEANS + DEVIATIONS * torch.randn(len(lengths), max(lengths), 3)
    return features, torch.tensor(lengths)


def run(model: onnx.ModelProto, features: torch.Tensor, lengths: torch.Tensor) -> np.ndarray:
    feeds = {"features": features.numpy(), "lengths": lengths.numpy().astype(np.int32)}
    (answer,) = graph_session(model).run(feeds).values()
    return answer


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("bidirectional", [False, True])
def test_logits_agree_and_do_not_depend_on_the_batch(cell: Any, bidirectional: bool) -> None:
    network = predictor(4, cell=cell, bidirectional=bidirectional, layers=2)
    features, lengths = rows([6, 1, 4])
    model = label_graph(network, temperature=2.0)
    together = run(model, features, lengths)
    with torch.no_grad():
        expected = network.last(features, lengths) / 2.0
    np.testing.assert_allclose(together, expected.numpy(), atol=1e-5)
    for i, length in enumerate(lengths.tolist()):
        alone = run(model, features[i : i + 1, :length], lengths[i : i + 1])
        np.testing.assert_allclose(alone[0], together[i], atol=1e-6)


def test_a_forecast_is_in_the_columns_own_units() -> None:
    network = predictor(2 * 2)
    features, lengths = rows([5, 3])
    places = [2, 0]
    ahead = run(forecast_graph(network, places, horizon=2), features, lengths)
    assert ahead.shape == (2, 2, 2)
    with torch.no_grad():
        changes = network.last(features, lengths)
        ends = features[torch.arange(2), lengths - 1]
        expected = forecasts(changes, network.standardised(ends), places)
    own = expected.numpy() * DEVIATIONS.numpy()[places] + MEANS.numpy()[places]
    np.testing.assert_allclose(ahead, own, rtol=1e-5)
    assert np.abs(ahead[:, :, 0] - 1000).max() < 100


def test_what_is_forecast_is_a_change_from_the_last_step() -> None:
    changes = torch.tensor([[0.0, 0.0, 1.0, 0.5]])
    ahead = forecasts(changes, torch.tensor([[3.0, 9.0, -2.0]]), [2, 0])
    assert ahead.tolist() == [[[-2.0, 3.0], [-1.0, 3.5]]]


def test_each_step_of_a_forward_network_is_the_last_of_its_own_past() -> None:
    network = predictor(3)
    features, _ = rows([5])
    with torch.no_grad():
        steps = network(features, torch.tensor([5]))
        for step in range(5):
            last = network.last(features[:, : step + 1], torch.tensor([step + 1]))
            torch.testing.assert_close(steps[:, step], last)
