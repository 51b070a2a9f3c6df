"""The token rows of an epoch's sentence pairs: always the same, or drawn anew for each epoch.

What is drawn (noise, placeholders) depends on the seed, the epoch and the number of the pair alone,
so that a run that goes on sees the rows that it would have seen. Segmentations are sentencepiece's
to draw, and are the same within one process only.
"""

import hashlib
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Protocol

import numpy as np
import sentencepiece

from service.artifact import Tokenizer
from training.data.examples import SentencePair
from training.tasks.padding import fingerprint

Drawn = Callable[[int, Random], SentencePair]  # a pair by its number, as it is to be read now


class PairRows(Protocol):
    """Training pairs as rows of tokens, source after source."""

    sizes: list[int]  # of the sources

    def rows(self, epoch: int, indices: np.ndarray) -> tuple[list[np.ndarray], list[np.ndarray]]:
        """Source and target rows (int32, each with its end) of pairs, in the order of indices."""

    def fingerprint(self) -> str:
        """A digest of the data and the tokenizer."""


@dataclass(frozen=True)
class EncodedPairs:
    """Token ids of sentence pairs; each side ends with EOS."""

    sources: Sequence[np.ndarray]  # int32
    targets: Sequence[np.ndarray]  # int32

    def __len__(self) -> int:
        return len(self.sources)


class FixedPairs:
    """Pairs that are the same in every epoch."""

    def __init__(self, parts: Sequence[EncodedPairs]) -> None:
        self.sizes = [len(part) for part in parts]
        self._sources = [row for part in parts for row in part.sources]
        self._targets = [row for part in parts for row in part.targets]

    def rows(self, epoch: int, indices: np.ndarray) -> tuple[list[np.ndarray], list[np.ndarray]]:
        """See `PairRows`."""
        return [self._sources[i] for i in indices], [self._targets[i] for i in indices]

    def fingerprint(self) -> str:
        """See `PairRows`."""
        return fingerprint([*self._sources, *self._targets])


@dataclass(frozen=True)
class Reading:
    """How a pair is read.

    dropout: of a BPE's merges (Provilkov et al. 2020, "BPE-Dropout"), or alpha of a unigram
    model's sampling; 0 segments every sentence in the one best way. max_tokens: longer rows are
    cut.
    """

    tokenizer: Tokenizer
    max_tokens: int
    dropout: float
    seed: int


class DrawnPairs:
    """Pairs that are read in another way in every epoch."""

    def __init__(
        self, pairs: Sequence[Sequence[SentencePair]], drawn: Drawn, reading: Reading
    ) -> None:
        """pairs: of each source; drawn: a function of its arguments and of the pairs alone."""
        self.sizes = [len(part) for part in pairs]
        self._pairs = pairs
        self._drawn = drawn
        self._tokenizer = reading.tokenizer
        self._max_tokens = reading.max_tokens
        self._dropout = reading.dropout
        self._seed = reading.seed

    def fingerprint(self) -> str:
        """See `PairRows`."""
        digest = hashlib.sha256(self._tokenizer.to_bytes())
        for pair in (pair for part in self._pairs for pair in part):
            digest.update("\0".join((*pair, "")).encode("utf-8"))
        return digest.hexdigest()

    def rows(self, epoch: int, indices: np.ndarray) -> tuple[list[np.ndarray], list[np.ndarray]]:
        """See `PairRows`."""
        rows: list[tuple[np.ndarray, np.ndarray]] = []
        failure: list[BaseException] = []

        def read() -> None:
            try:
                for index in indices:
                    random = Random(f"{self._seed} {epoch} {index}")
                    pair = self._drawn(int(index), random)
                    rows.append((self._row(pair.source), self._row(pair.target)))
            except BaseException as error:
                failure.append(error)

        # sentencepiece seeds a generator when a thread first uses it, and never again.
        sentencepiece.set_random_generator_seed((self._seed * 1_000_003 + epoch) % 2**32)
        thread = threading.Thread(target=read, name="epoch")
        thread.start()
        thread.join()
        if failure:
            raise failure[0]
        return [source for source, _ in rows], [target for _, target in rows]

    def _row(self, text: str) -> np.ndarray:
        if self._dropout:
            ids = self._tokenizer.sample(text, self._dropout)
        else:
            ids = self._tokenizer.encode(text)
        if len(ids) > self._max_tokens:
            ids = [*ids[: self._max_tokens - 1], self._tokenizer.eos_id]
        return np.array(ids, dtype=np.int32)
