"""Temperature scaling finds the temperature that data were drawn with."""

import pytest
import torch
from torch import Tensor

from training.export.calibration import best_temperature


def drawn(temperature: float, rows: int) -> tuple[Tensor, Tensor]:
    """Logits, and classes that have the probabilities which the temperature makes of them."""
    logits = 3 * torch.randn(rows, 3)
    return logits, torch.multinomial(torch.softmax(logits / temperature, dim=1), 1)[:, 0]


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.5])
def test_the_temperature_of_drawn_labels_is_found(temperature: float) -> None:
    torch.manual_seed(1)
    logits, classes = drawn(temperature, 20_000)
    assert best_temperature([logits], [classes]) == pytest.approx(temperature, rel=0.05)


def test_a_large_set_weighs_no_more_than_a_small_one() -> None:
    torch.manual_seed(1)
    large, small = drawn(2.5, 40_000), drawn(0.5, 2_000)
    both = [list(pair) for pair in zip(large, small, strict=True)]
    pooled = [[torch.cat(part)] for part in both]
    balanced = best_temperature(*both)
    assert best_temperature(*pooled) == pytest.approx(2.4, rel=0.05)
    assert best_temperature(*([part[1], part[0]] for part in both)) == balanced
    repeated = [[part[0], part[1].repeat_interleave(20, dim=0)] for part in both]
    assert best_temperature(*repeated) == balanced < 2.2


def test_it_stays_within_its_bounds() -> None:
    logits = torch.tensor([[1.0, -1.0], [-1.0, 1.0]])
    assert best_temperature([logits], [torch.tensor([0, 1])]) == pytest.approx(0.25, rel=1e-3)
    assert best_temperature([100 * logits], [torch.tensor([1, 0])]) == pytest.approx(4.0, rel=1e-3)
