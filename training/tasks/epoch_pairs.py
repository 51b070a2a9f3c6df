"""The token rows of an epoch's sentence pairs: always the same, or drawn anew for each epoch.

What is drawn (noise, placeholders, merges left out) depends on the seed, the epoch and the number
of the pair alone, so that a run that goes on sees the rows that it would have seen.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Protocol

import numpy as np

from service.artifact import Tokenizer
from training.bpe_dropout import BpeDropout
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

    dropout: of a BPE's merges; 0 segments every sentence in the one best way. max_tokens: longer
    rows are cut. symbols: of placeholders, which the tokenizer keeps apart.
    """

    tokenizer: Tokenizer
    max_tokens: int
    dropout: float
    seed: int
    symbols: Sequence[str] = ()


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
        self._bpe = BpeDropout(reading.tokenizer, reading.symbols) if reading.dropout else None

    def fingerprint(self) -> str:
        """See `PairRows`."""
        digest = hashlib.sha256(self._tokenizer.to_bytes())
        for pair in (pair for part in self._pairs for pair in part):
            digest.update("\0".join((*pair, "")).encode("utf-8"))
        return digest.hexdigest()

    def rows(self, epoch: int, indices: np.ndarray) -> tuple[list[np.ndarray], list[np.ndarray]]:
        """See `PairRows`."""
        sources: list[np.ndarray] = []
        targets: list[np.ndarray] = []
        for index in indices:
            random = Random(f"{self._seed} {epoch} {index}")
            source, target = self._drawn(int(index), random)
            sources.append(self._row(source, random))
            targets.append(self._row(target, random))
        return sources, targets

    def _row(self, text: str, random: Random) -> np.ndarray:
        if self._bpe is None:
            ids = self._tokenizer.encode(text)
        else:
            ids = self._bpe.encode(text, self._dropout, random)
        if len(ids) > self._max_tokens:
            ids = [*ids[: self._max_tokens - 1], self._tokenizer.eos_id]
        return np.array(ids, dtype=np.int32)
