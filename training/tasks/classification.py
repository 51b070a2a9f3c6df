"""Text classification for the training loop: batches of padded tokens, their losses, accuracy.

Knows nothing about files or recipes; lives in the training loop's thread.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from training.data.batching import TokenBatches
from training.networks.classifier import TextClassifier
from training.recipe import Objectives, Training
from training.task import Validation
from training.tasks.mixed_objective import MixedObjective
from training.tasks.padding import fingerprint, pad, shortened
from training.tasks.targets import Targets, TaughtTexts

CROSS_ENTROPY = Objectives()  # alone


@dataclass(frozen=True)
class EncodedTexts:
    """Token ids and class indices of some texts."""

    tokens: Sequence[np.ndarray]  # int32, each of its own length
    classes: np.ndarray  # int64, rows

    def __len__(self) -> int:
        return len(self.tokens)


@dataclass(frozen=True)
class UnlabelledTexts:
    """Token ids of texts without labels."""

    tokens: Sequence[np.ndarray]  # int32, each of its own length
    take: int | None = None  # rows of which an epoch's are drawn; None: all

    def __len__(self) -> int:
        return len(self.tokens)


class ClassificationTask:
    """``network`` learns ``train`` and ``taught``, with the recipe's objectives.

    Its score is the mean accuracy over the validation sets.
    """

    metric = "accuracy"

    def __init__(
        self,
        network: TextClassifier,
        train: Sequence[EncodedTexts],
        takes: Sequence[int | None],
        validation: Mapping[str, EncodedTexts],
        settings: Training,
        objectives: Objectives = CROSS_ENTROPY,
        taught: Sequence[TaughtTexts] = (),
        unlabelled: Sequence[UnlabelledTexts] = (),
    ) -> None:
        self.network: TextClassifier = network
        self.validation = dict(validation)
        self.settings = settings
        parts = [*(texts.tokens for texts in train), *(texts.tokens for texts in taught)]
        learnt = [row for part in parts for row in part]
        others = [row for texts in unlabelled for row in texts.tokens]
        # Examples are numbered: labelled, then taught, then unlabelled.
        self._tokens = [shortened(row, settings.max_tokens) for row in (*learnt, *others)]
        self._targets = Targets(
            np.concatenate([texts.classes for texts in train]),
            network.head.out_features,
            taught,
            settings.label_smoothing,
        )
        self._learnt = len(learnt)
        lengths = [len(row) for row in self._tokens]
        self._batches = TokenBatches(
            lengths[: self._learnt],
            settings.tokens_per_batch,
            settings.seed,
            sizes=[len(part) for part in parts],
            takes=[*takes, *(texts.take for texts in taught)],
        )
        self._unlabelled = _unlabelled_batches(
            lengths[self._learnt :], unlabelled, settings, objectives
        )
        self._objective = _mixed_objective(
            objectives, self._tokens, network.embedding.num_embeddings
        )

    def fingerprint(self) -> str:
        return fingerprint([*self._tokens, *self._targets.arrays()])

    def epoch(self, epoch: int) -> Sequence[np.ndarray]:
        """Each batch is one of learnt examples and, where there are any, one of unlabelled ones."""
        batches = self._batches.epoch(epoch)
        if self._unlabelled is None:
            return batches
        others = self._unlabelled.epoch(epoch)
        return [
            np.concatenate([batch, self._learnt + others[i % len(others)]])
            for i, batch in enumerate(batches)
        ]

    def loss(self, batch: np.ndarray) -> tuple[Tensor, int]:
        learnt, others = batch[batch < self._learnt], batch[batch >= self._learnt]
        tokens, lengths = self._padded(learnt)
        cross_entropy = self._targets.cross_entropy(learnt, tokens.device)
        if self._objective is None:
            logits = self.network(tokens, lengths)  # batch x classes
            return cross_entropy(logits.float()) / len(learnt), int(lengths.sum())
        supervised, unsupervised = self._objective.losses(
            self.network, tokens, lengths, cross_entropy
        )
        read = int(lengths.sum())
        if len(others):
            tokens, lengths = self._padded(others)
            unsupervised = (
                unsupervised
                + self._objective.losses(self.network, tokens, lengths, None).unsupervised
            )
            read += int(lengths.sum())
        return supervised / len(learnt) + unsupervised / len(batch), read

    def validate(self) -> Validation:
        return validated(
            {
                name: (logits_of(self.network, texts.tokens), torch.from_numpy(texts.classes))
                for name, texts in self.validation.items()
            }
        )

    def _padded(self, batch: np.ndarray) -> tuple[Tensor, Tensor]:
        return pad([self._tokens[i] for i in batch], self.network.head.weight.device)


def validated(sets: Mapping[str, tuple[Tensor, Tensor]]) -> Validation:
    """What logits (rows x classes) and right classes (rows) of each validation set say."""
    accuracies = {
        name: float((logits.argmax(dim=1) == classes).float().mean())
        for name, (logits, classes) in sets.items()
    }
    losses = [float(F.cross_entropy(logits, classes)) for logits, classes in sets.values()]
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


def _unlabelled_batches(
    lengths: Sequence[int],
    unlabelled: Sequence[UnlabelledTexts],
    settings: Training,
    objectives: Objectives,
) -> TokenBatches | None:
    """None where there are no such texts, or no objective reads them."""
    if not lengths or not objectives.needs_no_labels:
        return None
    return TokenBatches(
        lengths,
        objectives.unlabelled_tokens_per_batch or settings.tokens_per_batch,
        settings.seed,
        sizes=[len(texts) for texts in unlabelled],
        takes=[texts.take for texts in unlabelled],
    )


def _mixed_objective(
    objectives: Objectives, rows: Sequence[np.ndarray], vocabulary: int
) -> MixedObjective | None:
    """None where the cross entropy is all."""
    if not objectives.any:
        return None
    counts = np.bincount(np.concatenate(rows), minlength=vocabulary)
    return MixedObjective(objectives, torch.from_numpy(counts / counts.sum()).float())
