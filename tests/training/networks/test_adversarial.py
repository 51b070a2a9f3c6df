"""Perturbations against brute force: finite differences, the whole Jacobian, random directions."""

import math

import pytest
import torch
from torch import Tensor

from tests.training.networks.batches import LENGTHS, token_batch
from training.networks.adversarial import (
    Noise,
    divergence,
    embedding_deviation,
    entropy,
    gradient_at,
    perturbation,
    perturbation_norms,
    virtual_objective,
)
from training.networks.classifier import TextClassifier

VOCABULARY = 41


class Case:
    """A small network in double precision, a batch, and what a perturbation is measured in."""

    def __init__(self, classes: int = 2, dropout: float = 0.0) -> None:
        torch.manual_seed(2)
        self.network = TextClassifier(
            VOCABULARY, classes, 4, 3, dropout=dropout, pooling="mean"
        ).double()
        torch.nn.init.normal_(self.network.head.weight)
        torch.nn.init.normal_(self.network.embedding.weight, std=0.3)
        self.tokens, self.lengths = token_batch()
        self.embedded = self.network.embed(self.tokens)
        frequencies = torch.rand(VOCABULARY, dtype=torch.float64)
        self.deviation = embedding_deviation(
            self.network.embedding.weight, frequencies / frequencies.sum()
        )

    def logits(self, moved: Tensor | float = 0.0) -> Tensor:
        return self.network.read(self.embedded + moved, self.lengths)

    def norms(self, moved: Tensor) -> Tensor:
        """Of each text, in standard deviations."""
        return (moved / self.deviation).square().sum(dim=(1, 2)).sqrt()

    def random(self, norm: float) -> Tensor:
        """A perturbation of that norm in a random direction, real positions alone."""
        moved = torch.randn_like(self.embedded).detach() * self.deviation
        for row, length in enumerate(LENGTHS):
            moved[row, length:] = 0
        return norm * moved / self.norms(moved)[:, None, None]

    def jacobian(self, row: int) -> Tensor:
        """Of a text's logits by its normalised embeddings: classes x (time * embedding)."""
        logits = self.logits()
        gradients = [
            torch.autograd.grad(one, self.embedded, retain_graph=True)[0][row] * self.deviation
            for one in logits[row]
        ]
        return torch.stack([gradient.flatten() for gradient in gradients])

    def perturbation(self, objective: Tensor, norm: float) -> Tensor:
        gradient = gradient_at(self.embedded, objective)
        return perturbation(gradient, self.deviation, torch.full((5,), norm))


def test_the_deviation_is_that_of_the_vectors_of_running_text() -> None:
    torch.manual_seed(1)
    vectors, counts = torch.randn(7, 3), torch.tensor([4, 0, 1, 9, 2, 2, 1])
    text = vectors.repeat_interleave(counts, dim=0)  # each vector as often as its word occurs
    deviation = embedding_deviation(vectors, counts / counts.sum())
    torch.testing.assert_close(deviation, text.std(dim=0, correction=0))


def test_short_texts_get_what_leaves_each_token_with_as_much() -> None:
    lengths = torch.tensor([1, 4, 25, 100, 400])
    assert perturbation_norms(lengths, 5.0, 0).tolist() == [5.0] * 5
    norms = perturbation_norms(lengths, 5.0, 100)
    assert norms.tolist() == pytest.approx([0.5, 1.0, 2.5, 5.0, 5.0])
    per_token = norms[:4] / lengths[:4].sqrt()
    torch.testing.assert_close(per_token, per_token[:1].expand(4))


def test_the_perturbation_raises_the_loss_as_no_random_one_does() -> None:
    case = Case(classes=3)
    classes = torch.tensor([0, 1, 2, 0, 1])

    def losses(moved: Tensor | float = 0.0) -> Tensor:
        return torch.nn.functional.cross_entropy(case.logits(moved), classes, reduction="none")

    norm = 1e-4
    moved = case.perturbation(losses().sum(), norm)
    torch.testing.assert_close(case.norms(moved), torch.full((5,), norm, dtype=torch.float64))
    before = losses()
    rise = (losses(moved.double()) - before) / norm
    for row in range(5):
        # To first order the rise is the norm of the gradient, which finite differences give.
        shares = case.logits().softmax(dim=1)[row]
        target = torch.nn.functional.one_hot(classes[row], 3)
        gradient = (shares - target) @ case.jacobian(row)
        assert rise[row].item() == pytest.approx(gradient.norm().item(), rel=1e-3)
    for _ in range(50):
        others = (losses(case.random(norm)) - before) / norm
        assert (others <= rise * (1 + 1e-3)).all()


def test_padding_is_not_perturbed_and_a_text_without_gradient_neither() -> None:
    case = Case()
    logits = case.logits()
    # The second text has no part in the objective.
    objective = logits[[0, 2, 3, 4], 0].sum()
    moved = case.perturbation(objective, 1.0)
    for row, length in enumerate(LENGTHS):
        assert (moved[row, length:] == 0).all()
        assert (moved[row, :length] != 0).any() == (row != 1)
    assert torch.isfinite(moved).all()


@pytest.mark.parametrize("scale", [1e-25, 1.0, 1e25])
def test_how_large_the_gradient_is_does_not_matter(scale: float) -> None:
    case = Case()
    objective = (case.logits()[:, 0] * scale).sum()
    moved = case.perturbation(objective, 2.0)
    torch.testing.assert_close(
        case.norms(moved), torch.full((5,), 2.0, dtype=torch.float64), rtol=1e-5, atol=0
    )


def finite_difference_direction(case: Case, small: float) -> Tensor:
    """One power iteration as Miyato et al. write it: the gradient of KL at x + ξ d."""
    moved = case.random(small).requires_grad_()
    kl = divergence(case.logits(), case.logits(moved))
    (gradient,) = torch.autograd.grad(kl, moved)
    gradient = gradient * case.deviation  # by normalised embeddings
    return gradient / gradient.square().sum(dim=(1, 2), keepdim=True).sqrt()


def test_of_two_classes_it_is_the_power_iteration_by_finite_differences() -> None:
    case = Case(classes=2)
    objective = virtual_objective(case.logits(), torch.randn(5, 2, dtype=torch.float64))
    moved = case.perturbation(objective, 1.0)
    expected = finite_difference_direction(case, 1e-4)
    cosine = (moved / case.deviation * expected).sum(dim=(1, 2))
    torch.testing.assert_close(cosine.abs(), torch.ones_like(cosine), rtol=0, atol=1e-3)


@pytest.mark.parametrize("classes", [2, 5])
def test_the_divergence_rises_as_the_largest_eigenvalue_allows(classes: int) -> None:
    case = Case(classes)
    norm = 1e-2
    reached: list[list[float]] = []
    random: list[list[float]] = []
    largest: list[float] = []
    for _ in range(40):
        direction = torch.randn(5, classes, dtype=torch.float64)
        objective = virtual_objective(case.logits(), direction)
        moved = case.perturbation(objective, norm)
        for tried, found in ((moved.double(), reached), (case.random(norm), random)):
            logits, other = case.logits(), case.logits(tried)
            found.append([float(divergence(logits[[i]], other[[i]]).detach()) for i in range(5)])
    for row in range(5):
        shares = case.logits().detach().softmax(dim=1)[row]
        fisher = torch.diag(shares) - torch.outer(shares, shares)
        jacobian = case.jacobian(row)
        eigenvalues = torch.linalg.eigvalsh(jacobian.T @ fisher @ jacobian)
        largest.append(0.5 * norm**2 * float(eigenvalues[-1]))
    best = torch.tensor(reached) / torch.tensor(largest)  # tries x texts
    assert (best < 1.05).all()
    if classes == 2:
        assert (best > 0.95).all()  # the matrix has rank one: a single step is all there is to do
    else:
        assert best.mean() > 0.6
        assert best.mean() > 2 * (torch.tensor(random) / torch.tensor(largest)).mean()


def test_the_divergence_is_kullback_and_leiblers_and_has_one_gradient() -> None:
    torch.manual_seed(1)
    logits = torch.randn(4, 3, requires_grad=True)
    perturbed = torch.randn(4, 3, requires_grad=True)
    p, q = logits.softmax(dim=1), perturbed.softmax(dim=1)
    expected = sum(
        float(a * (math.log(a) - math.log(b)))
        for a, b in zip(p.flatten().tolist(), q.flatten().tolist(), strict=True)
    )
    kl = divergence(logits, perturbed)
    assert float(kl.detach()) == pytest.approx(expected, rel=1e-5)
    kl.backward()  # type: ignore[no-untyped-call]
    assert logits.grad is None
    assert perturbed.grad is not None
    torch.testing.assert_close(perturbed.grad, (q - p).detach())
    assert float(divergence(logits, logits).detach()) == pytest.approx(0.0, abs=1e-6)


def test_entropy_in_nats() -> None:
    shares = torch.tensor([[0.5, 0.25, 0.25], [1 / 3, 1 / 3, 1 / 3]])
    expected = 0.5 * math.log(2) + 0.5 * math.log(4) + math.log(3)
    assert float(entropy(shares.log())) == pytest.approx(expected)
    assert float(entropy(torch.tensor([[200.0, -200.0]]))) == 0.0


def test_the_same_noise_again() -> None:
    case = Case(dropout=0.5)
    noise = Noise(torch.device("cpu"))
    first = case.logits()
    assert not torch.equal(case.logits(), first)
    noise.again()
    assert torch.equal(case.logits(), first)
    after = torch.rand(3)
    noise.again()
    case.logits()
    assert torch.equal(torch.rand(3), after)  # it goes on as if there had been one pass
