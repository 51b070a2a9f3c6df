"""A linear classifier of averaged embeddings of words and hashed n-grams, in torch.

Joulin et al. 2016, "Bag of Tricks for Efficient Text Classification": section 2.1 (the hidden layer
is the average of the embeddings, the output a softmax over classes) and 2.2 (n-grams share a table
by hashing). Its optimiser is Adam with sparse steps, where the paper has plain SGD.
"""

import zlib
from collections.abc import Iterator, Sequence

import numpy as np
import torch
from torch import Tensor, nn

from training.baselines.words import words

BUCKETS = 1 << 21  # rows of the table, shared by words and n-grams
NGRAMS = 2
SIZE = 16
EPOCHS = 5
BATCH = 64
LEARNING_RATE = 5e-3
SEED = 1
_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)  # Fibonacci hashing: 2^64 over the golden ratio


class FastText:
    """Embeddings of words and pairs of words, averaged, and one linear layer."""

    def __init__(self, epochs: int = EPOCHS) -> None:
        self._epochs = epochs
        self._network = nn.Sequential()

    def fit(self, texts: Sequence[str], classes: np.ndarray) -> None:
        rows = [hashed_ngrams(text) for text in texts]
        generator = np.random.default_rng(SEED)
        torch.manual_seed(SEED)
        table = nn.EmbeddingBag(BUCKETS, SIZE, mode="mean", sparse=True)
        nn.init.uniform_(table.weight, -1 / SIZE, 1 / SIZE)
        head = nn.Linear(SIZE, int(classes.max()) + 1)
        nn.init.zeros_(head.weight)
        self._network = nn.Sequential(table, head)
        optimizers = (
            torch.optim.SparseAdam(table.parameters(), lr=LEARNING_RATE),
            torch.optim.Adam(head.parameters(), lr=LEARNING_RATE),
        )
        step, steps = 0, self._epochs * -(-len(rows) // BATCH)
        for _ in range(self._epochs):
            for chosen in _batches(generator.permutation(len(rows))):
                for optimizer in optimizers:
                    optimizer.param_groups[0]["lr"] = LEARNING_RATE * (1 - step / steps)
                    optimizer.zero_grad()
                logits = self._logits([rows[i] for i in chosen])
                wanted = torch.from_numpy(classes[chosen])
                loss = torch.nn.functional.cross_entropy(logits, wanted)
                loss.backward()  # type: ignore[no-untyped-call]
                for optimizer in optimizers:
                    optimizer.step()  # type: ignore[no-untyped-call, unused-ignore]
                step += 1

    @torch.no_grad()
    def probabilities(self, texts: Sequence[str]) -> np.ndarray:
        parts = [
            torch.softmax(self._logits([hashed_ngrams(texts[i]) for i in chosen]).double(), dim=1)
            for chosen in _batches(np.arange(len(texts)))
        ]
        return torch.cat(parts).numpy()

    def _logits(self, rows: Sequence[np.ndarray]) -> Tensor:
        """rows: table indices of each text; to texts x classes."""
        table, head = self._network
        offsets = np.cumsum([0, *(len(row) for row in rows[:-1])])
        averaged = table(torch.from_numpy(np.concatenate(rows)), torch.from_numpy(offsets))
        logits: Tensor = head(averaged)
        return logits


def hashed_ngrams(text: str) -> np.ndarray:
    """Places in the table of a text's words and n-grams (int64). A text of no words has none."""
    spelled = [zlib.crc32(word.encode("utf-8", "replace")) for word in words(text)]
    unigrams = np.array(spelled, dtype=np.uint64)
    grams, longer = [unigrams], unigrams
    for n in range(2, NGRAMS + 1):
        if len(unigrams) < n:
            break
        longer = longer[:-1] * _MULTIPLIER + unigrams[n - 1 :]
        grams.append(longer)
    mixed = np.concatenate(grams) * _MULTIPLIER  # the upper bits are the well mixed ones
    return (mixed >> np.uint64(64 - (BUCKETS - 1).bit_length())).astype(np.int64)


def _batches(order: np.ndarray) -> Iterator[np.ndarray]:
    for start in range(0, len(order), BATCH):
        yield order[start : start + BATCH]
