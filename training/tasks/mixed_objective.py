"""The losses of mixed-objective training on one batch: Sachan, Zaheer and Salakhutdinov 2019.

Knows nothing about where a batch comes from. Called from the training loop's thread.
"""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from training.networks.adversarial import (
    Noise,
    differentiated,
    divergence,
    embedding_deviation,
    entropy,
    gradient_at,
    perturbation,
    perturbation_norms,
    virtual_objective,
)
from training.networks.classifier import TextClassifier
from training.recipe import Objectives


class Losses(NamedTuple):
    """Sums over a batch's texts, with the weights of the recipe."""

    supervised: Tensor  # cross entropy, and the adversarial one
    unsupervised: Tensor  # virtual adversarial, and entropy


class MixedObjective:
    """Adds what the recipe asks for to the cross entropy of a batch."""

    def __init__(self, settings: Objectives, frequencies: Tensor) -> None:
        """frequencies: of the tokens in running text, vocabulary, adding up to 1."""
        self.settings = settings
        self._frequencies = frequencies

    def losses(
        self,
        network: TextClassifier,
        tokens: Tensor,
        lengths: Tensor,
        cross_entropy: Callable[[Tensor], Tensor] | None,
    ) -> Losses:
        """tokens: batch x time; lengths: batch.

        cross_entropy: logits (batch x classes, float32) to its sum over the texts; None where
        there are no labels. Every pass draws the same word dropout and dropout.
        """
        weights = self.settings
        embedded = network.embed(tokens)  # batch x time x embedding
        direction = torch.randn(len(tokens), network.head.out_features, device=tokens.device)
        noise = Noise(tokens.device)
        logits = network.read(embedded, lengths).float()  # batch x classes

        def perturbed(gradient: Tensor) -> Tensor:
            """The logits where what has this gradient has risen most."""
            moved = embedded + perturbation(gradient, *self._scales(network, lengths))
            noise.again()
            return network.read(moved, lengths).float()

        supervised = unsupervised = logits.new_zeros(())
        if weights.entropy:
            unsupervised = weights.entropy * entropy(logits)
        if weights.virtual_adversarial:
            other = perturbed(gradient_at(embedded, virtual_objective(logits, direction)))
            unsupervised = unsupervised + weights.virtual_adversarial * divergence(logits, other)
        if cross_entropy is not None:
            supervised = cross_entropy(logits)
            if weights.adversarial:
                parameters = [one for one in network.parameters() if one.requires_grad]
                supervised, gradient = differentiated(supervised, embedded, parameters)
                risen = cross_entropy(perturbed(gradient))
                supervised = supervised + weights.adversarial * risen
        return Losses(supervised, unsupervised)

    def _scales(self, network: TextClassifier, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """A standard deviation (embedding), and the norm of each text in such (batch)."""
        frequencies = self._frequencies.to(lengths.device)
        deviation = embedding_deviation(network.embedding.weight, frequencies)
        settings = self.settings
        return deviation, perturbation_norms(
            lengths, settings.perturbation, settings.full_perturbation_tokens
        )
