"""Cross entropy with label smoothing, with the gradient written out.

Knows nothing about networks. One pass over the logits gives both the loss and its gradient, which
saves three arrays of batch x vocabulary against composing torch's operators (a quarter of a step
of the translator on a CPU).
"""

from typing import Any

import torch
from torch import Tensor


class _SmoothedCrossEntropy(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, logits: Tensor, targets: Tensor, smoothing: float) -> Tensor:
        scores = logits.float()  # rows x classes
        classes = scores.shape[1]
        index = targets[:, None]
        peak = scores.amax(dim=1, keepdim=True)
        gold = scores.gather(1, index)
        mean = scores.mean(dim=1, keepdim=True)
        probabilities = torch.exp(scores - peak)
        total = probabilities.sum(dim=1, keepdim=True)
        log_normaliser = peak + torch.log(total)  # rows x 1
        losses = log_normaliser - (1.0 - smoothing) * gold - smoothing * mean
        # d loss / d logit = p - ((1 - ε) [class is the target] + ε / classes)
        gradient = probabilities.div_(total).sub_(smoothing / classes)
        gradient.scatter_add_(1, index, torch.full_like(gold, smoothing - 1.0))
        ctx.save_for_backward(gradient.to(logits.dtype))
        return losses.sum()

    @staticmethod
    def backward(ctx: Any, *outputs: Tensor) -> tuple[Tensor, None, None]:
        (gradient,) = ctx.saved_tensors
        return gradient * outputs[0].to(gradient.dtype), None, None


def smoothed_cross_entropy(logits: Tensor, targets: Tensor, smoothing: float) -> Tensor:
    """Sum over rows of the cross entropy with (1 - ε) on the target and ε spread over all classes.

    logits: rows x classes; targets: rows (int64). Szegedy et al. 2016, section 7.
    """
    loss: Tensor = _SmoothedCrossEntropy.apply(  # type: ignore[no-untyped-call]
        logits, targets, smoothing
    )
    return loss


def soft_cross_entropy(
    logits: Tensor, shares: Tensor, weights: Tensor, temperatures: Tensor
) -> Tensor:
    """Weighted sum over rows of the cross entropy with a distribution, at a temperature T.

    logits, shares: rows x classes; weights, temperatures: rows. The logits are divided by T, as
    those behind ``shares`` have been, and the loss is multiplied by T², which keeps its gradient
    at the size that it has at T = 1 (Hinton et al. 2015, section 2.1).
    """
    logs = (logits / temperatures[:, None]).log_softmax(dim=1)
    return -(weights * temperatures.square() * (shares * logs).sum(dim=1)).sum()
