"""Text classification for the training loop: batches of padded tokens, cross entropy, accuracy.

Knows nothing about files or recipes; lives in the training loop's thread.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from training.data.batching import TokenBatches
from training.networks.classifier import TextClassifier
from training.networks.loss import smoothed_cross_entropy
from training.recipe import Training
from training.task import Validation
from training.tasks.padding import fingerprint, pad, shortened


@dataclass(frozen=True)
class EncodedTexts:
    """Token ids and class indices of some texts."""

    tokens: Sequence[np.ndarray]  # int32, each of its own length
    classes: np.ndarray  # int64, rows

    def __len__(self) -> int:
        return len(self.tokens)


class ClassificationTask:
    """``network`` learns ``train``; its score is the mean accuracy over the validation sets."""

    metric = "accuracy"

    def __init__(
        self,
        network: TextClassifier,
        train: Sequence[EncodedTexts],
        takes: Sequence[int | None],
        validation: Mapping[str, EncodedTexts],
        settings: Training,
    ) -> None:
        self.network: TextClassifier = network
        self.validation = dict(validation)
        self.settings = settings
        self._tokens = [
            shortened(row, settings.max_tokens) for texts in train for row in texts.tokens
        ]
        self._classes = np.concatenate([texts.classes for texts in train])
        self._batches = TokenBatches(
            [len(row) for row in self._tokens],
            settings.tokens_per_batch,
            settings.seed,
            sizes=[len(texts) for texts in train],
            takes=takes,
        )

    def fingerprint(self) -> str:
        return fingerprint([*self._tokens, self._classes])

    def epoch(self, epoch: int) -> Sequence[np.ndarray]:
        return self._batches.epoch(epoch)

    def loss(self, batch: np.ndarray) -> tuple[Tensor, int]:
        device = self.network.head.weight.device
        tokens, lengths = pad([self._tokens[i] for i in batch], device)
        classes = torch.from_numpy(self._classes[batch]).to(device)
        logits = self.network(tokens, lengths)  # batch x classes
        total = smoothed_cross_entropy(logits.float(), classes, self.settings.label_smoothing)
        return total / len(batch), int(lengths.sum())

    def validate(self) -> Validation:
        accuracies = {}
        losses = []
        for name, texts in self.validation.items():
            logits = logits_of(self.network, texts.tokens)
            classes = torch.from_numpy(texts.classes)
            accuracies[name] = float((logits.argmax(dim=1) == classes).float().mean())
            losses.append(float(torch.nn.functional.cross_entropy(logits, classes)))
        score = float(np.mean(list(accuracies.values())))
        return Validation(score, {**accuracies, "loss": float(np.mean(losses))})


@torch.no_grad()
def logits_of(
    network: TextClassifier, rows: Sequence[np.ndarray], tokens_per_batch: int = 16_384
) -> Tensor:
    """Logits (rows x classes, float32 on the CPU) of whole texts, in the order given."""
    device = network.head.weight.device
    lengths = [len(row) for row in rows]
    logits = torch.empty(len(rows), network.head.out_features)
    for batch in TokenBatches(lengths, tokens_per_batch, seed=0).epoch(0):
        tokens, sizes = pad([rows[i] for i in batch], device)
        logits[torch.from_numpy(batch)] = network(tokens, sizes).float().cpu()
    return logits
