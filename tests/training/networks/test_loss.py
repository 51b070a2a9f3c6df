"""The smoothed cross entropy against torch's, in value and gradient."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor
from torch.nn.functional import cross_entropy

from training.networks.loss import smoothed_cross_entropy


def value_and_gradient(loss: Tensor, logits: Tensor) -> tuple[float, Tensor]:
    (gradient,) = torch.autograd.grad(loss, logits)
    return float(loss.detach()), gradient


@pytest.mark.parametrize("smoothing", [0.0, 0.05, 0.1, 0.9])
@pytest.mark.parametrize("scale", [1.0, 30.0])
def test_it_equals_torchs(smoothing: float, scale: float) -> None:
    torch.manual_seed(1)
    logits = (scale * torch.randn(11, 7)).requires_grad_()
    targets = torch.randint(7, (11,))
    # A factor on the loss, so that the incoming gradient is not just 1.
    mine = value_and_gradient(0.3 * smoothed_cross_entropy(logits, targets, smoothing), logits)
    theirs = value_and_gradient(
        0.3 * cross_entropy(logits, targets, reduction="sum", label_smoothing=smoothing), logits
    )
    assert mine[0] == pytest.approx(theirs[0], rel=1e-5, abs=1e-5)
    torch.testing.assert_close(mine[1], theirs[1], rtol=1e-5, atol=1e-6)


@given(
    rows=st.integers(1, 6),
    classes=st.integers(2, 9),
    smoothing=st.floats(0, 0.99),
    shift=st.floats(-1e3, 1e3),
    seed=st.integers(0, 1000),
)
def test_its_gradient_sums_to_zero_and_a_shift_changes_nothing(
    rows: int, classes: int, smoothing: float, shift: float, seed: int
) -> None:
    generator = torch.Generator().manual_seed(seed)
    logits = torch.randn(rows, classes, generator=generator).requires_grad_()
    targets = torch.randint(classes, (rows,), generator=generator)
    loss, gradient = value_and_gradient(smoothed_cross_entropy(logits, targets, smoothing), logits)
    torch.testing.assert_close(gradient.sum(dim=1), torch.zeros(rows), rtol=0, atol=1e-5)
    moved = float(smoothed_cross_entropy(logits + shift, targets, smoothing).detach())
    assert moved == pytest.approx(loss, rel=1e-3, abs=2e-3)


def test_bfloat16_logits_get_bfloat16_gradients() -> None:
    torch.manual_seed(1)
    logits = torch.randn(5, 9)
    targets = torch.randint(9, (5,))
    low = logits.bfloat16().requires_grad_()
    exact = low.detach().float().requires_grad_()
    mine, gradient = value_and_gradient(smoothed_cross_entropy(low, targets, 0.1), low)
    theirs, expected = value_and_gradient(smoothed_cross_entropy(exact, targets, 0.1), exact)
    assert gradient.dtype == torch.bfloat16
    assert mine == pytest.approx(theirs)  # the sum itself is in float32
    torch.testing.assert_close(gradient.float(), expected, rtol=1e-2, atol=1e-3)
