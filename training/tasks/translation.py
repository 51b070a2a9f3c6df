"""Translation for the training loop: batches of pairs, smoothed cross entropy, greedy BLEU.

Knows nothing about files or recipes; lives in the training loop's thread.
"""

from collections.abc import Sequence

import numpy as np
import torch
from sacrebleu.metrics.bleu import BLEU
from torch import Tensor

from service.artifact import BOS_ID, EOS_ID, PAD_ID, Tokenizer
from service.pipelines.placeholders import Keeper, Masked, read
from training.data.batching import TokenBatches, weighted_epoch
from training.data.examples import SentencePair
from training.networks.loss import smoothed_cross_entropy
from training.networks.translator import Translator
from training.recipe import Training
from training.task import Validation
from training.tasks.epoch_pairs import PairRows
from training.tasks.padding import pad

SHOWN = 3  # validation sentences whose attention goes to the log


class TranslationTask:
    """``network`` learns ``train``; its score is the BLEU of greedy translations."""

    metric = "BLEU"

    def __init__(
        self,
        network: Translator,
        tokenizer: Tokenizer,
        train: PairRows,
        takes: Sequence[int | None],
        validation: Sequence[SentencePair],
        settings: Training,
        keeper: Keeper | None = None,
    ) -> None:
        """keeper: finds what placeholders stand for; None of a network that knows none."""
        self.network: Translator = network
        self.tokenizer = tokenizer
        self.validation = list(validation)
        self.settings = settings
        self._train = train
        self._takes = takes
        self._keeper = keeper
        self._sources: dict[int, np.ndarray] = {}  # of the epoch, by the numbers of its pairs
        self._targets: dict[int, np.ndarray] = {}

    def fingerprint(self) -> str:
        return self._train.fingerprint()

    def epoch(self, epoch: int) -> Sequence[np.ndarray]:
        sizes, seed = self._train.sizes, self.settings.seed
        indices = np.unique(weighted_epoch(sizes, self._takes, seed, epoch))
        sources, targets = self._train.rows(epoch, indices)
        self._sources = dict(zip(indices.tolist(), sources, strict=True))
        self._targets = dict(zip(indices.tolist(), targets, strict=True))
        lengths = np.zeros(sum(sizes), dtype=np.int64)
        lengths[indices] = [max(len(s), len(t)) for s, t in zip(sources, targets, strict=True)]
        batches = TokenBatches(lengths, self.settings.tokens_per_batch, seed, sizes, self._takes)  # type: ignore[arg-type]
        return batches.epoch(epoch)

    def loss(self, batch: np.ndarray) -> tuple[Tensor, int]:
        device = self.network.output_bias.device
        source, source_lengths = pad([self._sources[i] for i in batch], device)
        target, target_lengths = pad([self._targets[i] for i in batch], device)
        begin = torch.full_like(target[:, :1], BOS_ID)
        shifted = torch.cat([begin, target[:, :-1]], dim=1)  # batch x time
        real = target != PAD_ID  # batch x time
        logits = self.network.logits_at(source, source_lengths, shifted, real)
        total = smoothed_cross_entropy(logits, target[real], self.settings.label_smoothing)
        return total / real.sum(), int(target_lengths.sum())

    def validate(self) -> Validation:
        masked = [self._masked(pair.source) for pair in self.validation]
        rows = [np.array(self.tokenizer.encode(one.text)) for one in masked]
        order = sorted(range(len(rows)), key=lambda i: len(rows[i]))
        translations = [""] * len(rows)
        for start in range(0, len(order), 64):
            taken = order[start : start + 64]
            words, _ = self._greedy([rows[i] for i in taken])
            for i, row in zip(taken, words.tolist(), strict=True):
                translations[i] = masked[i].restored(self.tokenizer.decode(_before_end(row)))
        references = [pair.target for pair in self.validation]
        # Where no sentence has four words, plain BLEU is 0 for every translation; elsewhere this
        # is plain BLEU.
        bleu = BLEU(effective_order=True).corpus_score(translations, [references])
        shown = [self._alignment(row) for row in rows[: SHOWN if self.network.attends else 0]]
        return Validation(bleu.score, {"length ratio": bleu.sys_len / bleu.ref_len}, shown)

    def _masked(self, sentence: str) -> Masked:
        """As the service will hand it to the network."""
        if self._keeper is None:
            return Masked(sentence, {})
        return read(sentence, self._keeper)

    def _greedy(self, rows: Sequence[np.ndarray]) -> tuple[Tensor, Tensor]:
        tokens, lengths = pad(rows, self.network.output_bias.device)
        words, weights = self.network.greedy(tokens, lengths, 2 * tokens.shape[1] + 10)
        return words.cpu(), weights.float().cpu()

    def _alignment(self, row: np.ndarray) -> dict[str, object]:
        words, weights = self._greedy([row])
        target = _before_end(words[0].tolist())
        return {
            "source": self.tokenizer.pieces(row.tolist()),
            "target": self.tokenizer.pieces(target),
            "weights": [
                [round(value, 3) for value in line] for line in weights[0][: len(target)].tolist()
            ],
        }


def _before_end(row: list[int]) -> list[int]:
    return row[: row.index(EOS_ID)] if EOS_ID in row else row
