"""Language modelling for the training loop: windows of text, sampled softmax, perplexity.

Knows nothing about files or recipes; lives in the training loop's thread.
"""

import math
from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from training.data.batching import TokenBatches
from training.networks.language_model import LanguageModel
from training.networks.recurrent import padding_mask
from training.recipe import Training
from training.task import Validation
from training.tasks.padding import fingerprint, pad

_POWER = 0.75  # of a word's frequency, in the distribution that negatives are drawn from
_VALIDATION_WINDOWS = 200  # of each set; a full softmax over many is slow


def windows(rows: Sequence[np.ndarray], size: int) -> list[np.ndarray]:
    """Rows cut into windows of at most `size` tokens, each of at least two."""
    cut = (row[start : start + size] for row in rows for start in range(0, len(row), size))
    return [window for window in cut if len(window) > 1]


def drawing_rate(weights: np.ndarray, count: int) -> float:
    """The t at which 1 - exp(-t w) is how likely a word of weight w is among `count` drawn.

    Drawing without replacement takes the words whose exponential clocks of rates w ring first
    (Rosén 1997): about those that have rung by the time t at which `count` are expected to have.
    Infinite where all are drawn.
    """
    if count >= len(weights):
        return math.inf
    low, high = 0.0, 1.0
    while -np.expm1(-high * weights).sum() < count:
        high *= 2.0
    for _ in range(60):
        middle = (low + high) / 2.0
        enough = -np.expm1(-middle * weights).sum() >= count
        low, high = (low, middle) if enough else (middle, high)
    return high


class LanguageModellingTask:
    """``network`` learns ``train``; its score is the negative loss on the validation sets.

    The softmax of a step is over its own words and `negatives` others, drawn by their frequency
    to the power 0.75, with each score corrected by the log of how often its word is a candidate
    (Bengio and Senécal 2008; Jean et al. 2015): the whole vocabulary would cost ten times the LSTM.
    """

    metric = "negative loss"

    def __init__(
        self,
        network: LanguageModel,
        train: Sequence[Sequence[np.ndarray]],
        takes: Sequence[int | None],
        validation: Mapping[str, Sequence[np.ndarray]],
        negatives: int,
        settings: Training,
    ) -> None:
        """train, validation: windows of token ids."""
        self.network: LanguageModel = network
        self.settings = settings
        self.validation = {
            name: some[:: max(1, len(some) // _VALIDATION_WINDOWS)]
            for name, some in validation.items()
        }
        self._windows = [window for part in train for window in part]
        self._batches = TokenBatches(
            [len(window) for window in self._windows],
            settings.tokens_per_batch,
            settings.seed,
            sizes=[len(part) for part in train],
            takes=takes,
        )
        # Each word counts once more than it occurs: one that never does is a negative too, or its
        # score would stay where it began and the perplexity would count it.
        vocabulary = network.embedding.num_embeddings
        counts = np.ones(vocabulary) + np.bincount(
            np.concatenate([np.zeros(0, np.int32), *self._windows]), minlength=vocabulary
        )
        weights = counts**_POWER
        self._shares = torch.from_numpy(counts / counts.sum())  # of running text
        self._weights = torch.from_numpy(weights / weights.sum())  # of the drawing
        self._negatives = min(negatives, vocabulary)
        self._rate = drawing_rate(weights / weights.sum(), self._negatives)

    def fingerprint(self) -> str:
        return fingerprint(self._windows)

    def epoch(self, epoch: int) -> Sequence[np.ndarray]:
        return self._batches.epoch(epoch)

    def loss(self, batch: np.ndarray) -> tuple[Tensor, int]:
        device = self.network.bias.device
        tokens, lengths = pad([self._windows[i] for i in batch], device)
        drawn = torch.multinomial(self._weights, self._negatives, replacement=False).to(device)
        total = tokens.new_zeros((), dtype=torch.float32)
        count = 0
        for queries, words in self._predictions(tokens, lengths):
            candidates, places = self._candidates(words, drawn)
            scores = self.network.scores(queries, candidates).float()
            scores = scores - self._log_expected(candidates, len(words))[None, :]
            total = total + F.cross_entropy(scores, places, reduction="sum")
            count += len(words)
        return total / count, int(lengths.sum())

    def validate(self) -> Validation:
        losses = {name: self._validation_loss(some) for name, some in self.validation.items()}
        mean = float(np.mean(list(losses.values())))
        perplexities = {f"{name} perplexity": math.exp(loss) for name, loss in losses.items()}
        return Validation(-mean, perplexities)

    def _predictions(self, tokens: Tensor, lengths: Tensor) -> list[tuple[Tensor, Tensor]]:
        """Queries (rows x embedding) and the words that they ask for, of either direction."""
        ahead, back = self.network(tokens, lengths)
        real = padding_mask(lengths - 1, tokens.shape[1] - 1)
        return [(ahead[real], tokens[:, 1:][real]), (back[real], tokens[:, :-1][real])]

    def _candidates(self, words: Tensor, drawn: Tensor) -> tuple[Tensor, Tensor]:
        """All words of the batch and those drawn, each once; and where each word stands there."""
        candidates, places = torch.unique(torch.cat([words, drawn]), return_inverse=True)
        return candidates, places[: len(words)]

    def _log_expected(self, candidates: Tensor, words: int) -> Tensor:
        """log of how likely each candidate was to be one: drawn, or one of a batch's `words`."""
        drawn = self._rate * self._weights.to(candidates.device)[candidates]
        own = words * self._shares.to(candidates.device)[candidates]
        return torch.log(-torch.expm1(-(drawn + own))).float()

    def _validation_loss(self, some: Sequence[np.ndarray]) -> float:
        """Nats a word over the whole vocabulary, the mean of both directions."""
        device = self.network.bias.device
        everything = torch.arange(self.network.embedding.num_embeddings, device=device)
        total, count = 0.0, 0
        for batch in TokenBatches([len(row) for row in some], 2048, seed=0).epoch(0):
            tokens, lengths = pad([some[i] for i in batch], device)
            for queries, words in self._predictions(tokens, lengths):
                scores = self.network.scores(queries, everything).float()
                total += float(F.cross_entropy(scores, words, reduction="sum"))
                count += len(words)
        return total / max(count, 1)
