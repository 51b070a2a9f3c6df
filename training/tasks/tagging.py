"""Tagging for the training loop: batches of padded words, their losses, accuracy or F1 of entities.

Knows nothing about files or recipes; lives in the training loop's thread.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from service.artifact.vocabulary import ROW
from service.pipelines.tag_decoding import TagDecoder, is_bio
from training.data.batching import TokenBatches
from training.networks.loss import smoothed_cross_entropy
from training.networks.recurrent import padding_mask
from training.networks.tagger import Tagger
from training.recipe import Training
from training.tagging_scores import span_scores, token_accuracy
from training.task import Validation
from training.tasks.padding import fingerprint

NO_TAG = -1  # of a word whose tag is not known to the model: counted as wrong, never learnt


@dataclass(frozen=True)
class EncodedSentences:
    """Sentences as numbers."""

    tokens: Sequence[np.ndarray]  # int32, words x ROW each
    tags: Sequence[np.ndarray]  # int64, words each

    def __len__(self) -> int:
        return len(self.tokens)


class TaggingTask:
    """``network`` learns ``train``; its score is the F1 of entities, or else the accuracy of tags.

    Both in percent, the mean over the validation sets, decoded as the service decodes.
    """

    def __init__(
        self,
        network: Tagger,
        tags: Sequence[str],
        train: Sequence[EncodedSentences],
        takes: Sequence[int | None],
        validation: Mapping[str, EncodedSentences],
        settings: Training,
    ) -> None:
        self.network: Tagger = network
        self.tags = tuple(tags)
        self.bio = is_bio(tags)
        self.metric = "span F1" if self.bio else "accuracy"
        self.validation = dict(validation)
        self.settings = settings
        self._decoder = TagDecoder(tags, self.bio)
        self._tokens = [row for part in train for row in part.tokens]
        self._tags = [row for part in train for row in part.tags]
        self._batches = TokenBatches(
            [len(row) for row in self._tokens],
            settings.tokens_per_batch,
            settings.seed,
            sizes=[len(part) for part in train],
            takes=takes,
        )

    def fingerprint(self) -> str:
        given = self.network.vectors.cpu().numpy()
        return fingerprint([*(row.ravel() for row in self._tokens), *self._tags, given])

    def epoch(self, epoch: int) -> Sequence[np.ndarray]:
        return self._batches.epoch(epoch)

    def loss(self, batch: np.ndarray) -> tuple[Tensor, int]:
        device = self.network.head.weight.device
        tokens, lengths = pad_words([self._tokens[i] for i in batch], device)
        gold = torch.from_numpy(np.concatenate([self._tags[i] for i in batch])).to(device)
        logits = self.network(tokens, lengths)[padding_mask(lengths, tokens.shape[1])]
        total = smoothed_cross_entropy(logits, gold, self.settings.label_smoothing)
        return total / len(gold), len(gold)

    def validate(self) -> Validation:
        details: dict[str, float] = {}
        scores, losses = [], []
        for name, sentences in self.validation.items():
            logits = logits_of(self.network, sentences.tokens)
            logs = [torch.log_softmax(rows, dim=1).numpy() for rows in logits]
            paths = [self._decoder.decode(rows) for rows in logs]
            accuracy = token_accuracy(sentences.tags, paths)
            scores.append(accuracy)
            details[f"{name} accuracy"] = accuracy
            if self.bio:
                found = span_scores(
                    [self._names(path) for path in sentences.tags],
                    [self._names(path) for path in paths],
                )
                scores[-1] = details[f"{name} F1"] = found.f1
            losses.append(_mean_loss(logs, sentences.tags))
        details["loss"] = float(np.mean(losses))
        return Validation(float(np.mean(scores)), details)

    def _names(self, path: np.ndarray) -> list[str]:
        return [self.tags[i] if i != NO_TAG else "B-?" for i in path.tolist()]


def _mean_loss(logs: Sequence[np.ndarray], gold: Sequence[np.ndarray]) -> float:
    """Nats a word whose tag the model knows."""
    parts = [
        -rows[np.flatnonzero(tags != NO_TAG), tags[tags != NO_TAG]]
        for rows, tags in zip(logs, gold, strict=True)
    ]
    return float(np.concatenate(parts).mean())


def pad_words(rows: Sequence[np.ndarray], device: torch.device) -> tuple[Tensor, Tensor]:
    """Tokens (rows x longest x ROW, int64, zero behind each end) and lengths (rows, int64)."""
    lengths = np.array([len(row) for row in rows], dtype=np.int64)
    tokens = np.zeros((len(rows), int(lengths.max()), ROW), dtype=np.int64)
    for i, row in enumerate(rows):
        tokens[i, : len(row)] = row
    return torch.from_numpy(tokens).to(device), torch.from_numpy(lengths).to(device)


@torch.no_grad()
def logits_of(
    network: Tagger, rows: Sequence[np.ndarray], tokens_per_batch: int = 8192
) -> list[Tensor]:
    """Logits of each sentence (words x tags, float32 on the CPU), in the order given."""
    device = network.head.weight.device
    found: list[Tensor] = [torch.empty(0)] * len(rows)
    for batch in TokenBatches([len(row) for row in rows], tokens_per_batch, seed=0).epoch(0):
        tokens, lengths = pad_words([rows[i] for i in batch], device)
        logits = network(tokens, lengths).float().cpu()
        for i, sentence, length in zip(batch.tolist(), logits, lengths.tolist(), strict=True):
            found[i] = sentence[:length]
    return found
