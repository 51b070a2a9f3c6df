"""Temperature scaling finds the temperature that data were drawn with."""

import pytest
import torch

from training.export.calibration import best_temperature


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.5])
def test_the_temperature_of_drawn_labels_is_found(temperature: float) -> None:
    torch.manual_seed(1)
    logits = 3 * torch.randn(20_000, 3)
    classes = torch.multinomial(torch.softmax(logits / temperature, dim=1), 1)[:, 0]
    assert best_temperature(logits, classes) == pytest.approx(temperature, rel=0.05)


def test_it_stays_within_its_bounds() -> None:
    logits = torch.tensor([[1.0, -1.0], [-1.0, 1.0]])
    assert best_temperature(logits, torch.tensor([0, 1])) == pytest.approx(0.25, rel=1e-3)
    assert best_temperature(100 * logits, torch.tensor([1, 0])) == pytest.approx(4.0, rel=1e-3)
