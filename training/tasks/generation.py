"""Next-word modelling for the training loop: windows of texts, cross entropy, perplexity.

Knows nothing about files or recipes; lives in the training loop's thread.
"""

import math
from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch import Tensor

from service.artifact import BOS_ID, EOS_ID
from training.data.batching import TokenBatches
from training.networks.generator import Generator
from training.networks.loss import smoothed_cross_entropy
from training.networks.recurrent import padding_mask
from training.recipe import Training
from training.task import Validation
from training.tasks.padding import fingerprint, pad

_VALIDATION_TOKENS = 40_000  # of each set, at most: a look must not take longer than an epoch


def windows(rows: Sequence[Sequence[int]], size: int) -> list[np.ndarray]:
    """Texts between BOS and EOS, cut where they are longer than ``size`` predictions.

    rows: token ids. Neighbouring windows share a token, which is the last word of one and the first
    that the other reads, so each word is predicted once. Arrays of int32, of two tokens or more.
    """
    whole = (np.array([BOS_ID, *row, EOS_ID], dtype=np.int32) for row in rows)
    return [
        row[start : start + size + 1] for row in whole for start in range(0, len(row) - 1, size)
    ]


class GenerationTask:
    """``network`` learns ``train``; its score is the negative loss on the validation sets."""

    metric = "negative loss"

    def __init__(
        self,
        network: Generator,
        train: Sequence[Sequence[np.ndarray]],
        takes: Sequence[int | None],
        validation: Mapping[str, Sequence[np.ndarray]],
        settings: Training,
    ) -> None:
        """train, validation: windows of token ids."""
        self.network: Generator = network
        self.settings = settings
        self.validation = {name: _first(some) for name, some in validation.items()}
        self._windows = [window for part in train for window in part]
        self._batches = TokenBatches(
            [len(window) - 1 for window in self._windows],
            settings.tokens_per_batch,
            settings.seed,
            sizes=[len(part) for part in train],
            takes=takes,
        )

    def fingerprint(self) -> str:
        return fingerprint(self._windows)

    def epoch(self, epoch: int) -> Sequence[np.ndarray]:
        return self._batches.epoch(epoch)

    def loss(self, batch: np.ndarray) -> tuple[Tensor, int]:
        logits, words = self._predictions([self._windows[i] for i in batch])
        total = smoothed_cross_entropy(logits, words, self.settings.label_smoothing)
        return total / len(words), len(words)

    def validate(self) -> Validation:
        losses = {name: self._validation_loss(some) for name, some in self.validation.items()}
        mean = float(np.mean(list(losses.values())))
        perplexities = {f"{name} perplexity": math.exp(loss) for name, loss in losses.items()}
        return Validation(-mean, perplexities)

    def _predictions(self, some: Sequence[np.ndarray]) -> tuple[Tensor, Tensor]:
        """Logits (words x vocabulary) of every word that windows ask for, and the words."""
        tokens, lengths = pad(some, self.network.output_bias.device)
        logits = self.network(tokens[:, :-1], lengths - 1)
        real = padding_mask(lengths - 1, tokens.shape[1] - 1)
        return logits[real], tokens[:, 1:][real]

    @torch.no_grad()
    def _validation_loss(self, some: Sequence[np.ndarray]) -> float:
        """Nats a token."""
        total, count = 0.0, 0
        for batch in TokenBatches([len(row) for row in some], 2048, seed=0).epoch(0):
            logits, words = self._predictions([some[i] for i in batch])
            total += float(smoothed_cross_entropy(logits, words, 0.0))
            count += len(words)
        return total / max(count, 1)


def _first(some: Sequence[np.ndarray]) -> list[np.ndarray]:
    """As many windows, spread evenly over all, as the limit of a look holds."""
    tokens = sum(map(len, some))
    return list(some[:: max(1, math.ceil(tokens / _VALIDATION_TOKENS))])
