"""Perturbations of embedded texts that move a classifier's answer most, and losses without labels.

Knows nothing about recipes or batches. Called from the training loop's thread.

Miyato, Dai and Goodfellow 2017 ("Adversarial training methods for semi-supervised text
classification") perturb embeddings that are normalised to mean 0 and variance 1 over running text,
so that the network cannot make a perturbation small by making its embeddings large. Here the
embeddings stay as they are, which a language model's LSTM and the exported graph rely on, and the
perturbation is measured in standard deviations instead::

    x̄ = (x - μ) / σ,  r̄ = ε ḡ / ‖ḡ‖₂  with ḡ = ∇_x̄ = σ ∘ ∇_x,  x + r = x + σ ∘ r̄
"""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any

import torch
from torch import Tensor


def embedding_deviation(vectors: Tensor, frequencies: Tensor) -> Tensor:
    """Standard deviation of each dimension over running text: σ above, embedding (float32).

    vectors: vocabulary x embedding; frequencies: vocabulary, adding up to 1.
    """
    # Not as matrix products, which autocast would round to bfloat16.
    weights = frequencies[:, None]
    mean = (vectors.detach() * weights).sum(dim=0)
    return ((vectors.detach() - mean).square() * weights).sum(dim=0).sqrt()


def perturbation_norms(lengths: Tensor, norm: float, full_tokens: int) -> Tensor:
    """ε of each text: ``norm``, but less for texts under ``full_tokens``; batch (float32).

    A short text gets sqrt(length / full_tokens) of it, the share that leaves each of its tokens
    with what a token of a full text gets: the whole norm on a few words turns them into others.
    """
    shares = lengths.float() / max(full_tokens, 1)
    return norm * (shares.clamp(max=1.0).sqrt() if full_tokens else torch.ones_like(shares))


def gradient_at(embedded: Tensor, objective: Tensor) -> Tensor:
    """∇_x of ``objective``, a scalar: batch x time x embedding. Keeps the graph."""
    with _without_autocast(embedded.device):
        (gradient,) = torch.autograd.grad(objective, embedded, retain_graph=True)
    return gradient


def differentiated(
    objective: Tensor, embedded: Tensor, parameters: Sequence[Tensor]
) -> tuple[Tensor, Tensor]:
    """``objective`` as part of a loss, and its gradient at ``embedded`` as above.

    The one backward pass gives the gradient of the parameters too. The objective that is returned
    knows it, so that the backward pass of the whole loss need not go through this graph again; it
    has a gradient for these parameters only. Keeps the graph.
    """
    with _without_autocast(embedded.device):
        at_embedded, *of_parameters = torch.autograd.grad(
            objective, (embedded, *parameters), retain_graph=True
        )
    known: Tensor = _Differentiated.apply(  # type: ignore[no-untyped-call]
        objective.detach(), of_parameters, *parameters
    )
    return known, at_embedded


class _Differentiated(torch.autograd.Function):
    """A value whose gradients are known."""

    @staticmethod
    def forward(ctx: Any, value: Tensor, gradients: Sequence[Tensor], *_: Tensor) -> Tensor:
        ctx.gradients = gradients
        return value.clone()

    @staticmethod
    def backward(ctx: Any, *outer: Tensor) -> Any:
        return None, None, *(outer[0] * gradient for gradient in ctx.gradients)


def perturbation(gradient: Tensor, deviation: Tensor, norms: Tensor) -> Tensor:
    """r above, which raises an objective fastest at each text: batch x time x embedding.

    gradient: of the sum over texts of what belongs to one text alone, batch x time x embedding;
    deviation: embedding; norms: batch. A text whose gradient is zero is left as it is; padding is
    never touched, as no gradient reaches it.
    """
    steepest = gradient.float() * deviation
    # The gradient of a confident answer is tiny, and its squares would be zero.
    peak = steepest.abs().amax(dim=(1, 2), keepdim=True)
    steepest = steepest / peak.clamp_min(torch.finfo(torch.float32).tiny)
    size = steepest.square().sum(dim=(1, 2)).sqrt().clamp_min(torch.finfo(torch.float32).tiny)
    return steepest * (norms / size)[:, None, None] * deviation


def virtual_objective(logits: Tensor, direction: Tensor) -> Tensor:
    """What to ascend for the virtual adversarial perturbation: one step of power iteration.

    logits, direction: batch x classes. Near x the divergence is ½ rᵀ Jᵀ F J r, with J the
    Jacobian of the logits and F = diag(p) - p pᵀ (Miyato et al. 2017, section 3). They multiply a
    random r by that matrix with finite differences, two passes through the network; the product
    is Jᵀ times a random vector of the image of F, so this draws F u in its place, for which the
    pass at hand is enough. For two classes both are the same direction, up to a sign; and no
    difference of nearly equal numbers is left, which bfloat16 would round away.
    """
    shares = logits.detach().softmax(dim=1)
    mean = (shares * direction).sum(dim=1, keepdim=True)
    return (logits * shares * (direction - mean)).sum()


def divergence(logits: Tensor, perturbed: Tensor) -> Tensor:
    """Sum over texts of KL(p ‖ q), p and q the softmax of ``logits`` and of ``perturbed``.

    batch x classes each. p is what the network says as it stands, and gets no gradient.
    """
    reference = logits.detach().log_softmax(dim=1)
    return (reference.exp() * (reference - perturbed.log_softmax(dim=1))).sum()


def entropy(logits: Tensor) -> Tensor:
    """Sum over texts of the entropy of the answer, in nats; logits: batch x classes.

    Grandvalet and Bengio 2005.
    """
    logs = logits.log_softmax(dim=1)
    return -(logs.exp() * logs).sum()


class Noise:
    """The state of a device's generator: passes that begin with it draw the same dropout.

    Without it two passes over a text differ by their dropout, and by that more than by a
    perturbation.
    """

    def __init__(self, device: torch.device) -> None:
        self._device = device
        cuda = device.type == "cuda"
        self._state = torch.cuda.get_rng_state(device) if cuda else torch.get_rng_state()

    def again(self) -> None:
        """What is drawn from here on is what was drawn after this object was made."""
        if self._device.type == "cuda":
            torch.cuda.set_rng_state(self._state, self._device)
        else:
            torch.set_rng_state(self._state)


def _without_autocast(device: torch.device) -> AbstractContextManager[object]:
    """torch says not to run a backward pass under autocast."""
    return torch.autocast(device.type, enabled=False)
