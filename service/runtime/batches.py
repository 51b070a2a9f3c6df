"""Groups rows of tokens into padded batches. Pure: no session, no clock, no threads.

Padding costs real time in a recurrent kernel, which runs every row at every step; a batch of few
rows costs more a row than one of many. Measured, the two balance where the longest row is about
twice as long as the shortest, and where there are enough rows to choose from, at a tenth longer: a
batch of 8 rows costs no more a row than one of 32. Beyond some hundred tokens it costs more,
because what is computed leaves the cache.
"""

from collections.abc import Sequence

import numpy as np

from service.artifact import PAD_ID

Array = np.ndarray

_RATIO, _SLACK = 2.0, 8  # of the longest row to the shortest, and tokens beyond
_CHOOSY_RATIO, _CHOOSY_SLACK = 1.1, 2
MANY = 12  # rows to choose from
# From so many rows on others gain nothing by coming along, and so many tokens fit into a cache.
ENOUGH_ROWS, ENOUGH_TOKENS = 8, 384


class BatchBounds:
    """The rows and tokens of a batch that grows row by row, and what still fits into it."""

    def __init__(self, max_batch_size: int, max_batch_tokens: int, choices: int = 0) -> None:
        """choices: how many rows there are to choose from; MANY allow to be choosy."""
        many = choices >= MANY
        self._ratio, self._slack = (_CHOOSY_RATIO, _CHOOSY_SLACK) if many else (_RATIO, _SLACK)
        self._max_batch_size = max_batch_size
        self._max_batch_tokens = max_batch_tokens
        self.rows = 0
        self.longest = 0
        self._shortest = 0

    def accept(self, length: int) -> bool:
        """Whether a row of `length` tokens fits; if so, it is counted.

        The first row always fits. The others must leave at most `max_batch_size` rows and
        `max_batch_tokens` padded tokens (of more than ENOUGH_ROWS rows: ENOUGH_TOKENS), and be of
        similar length.
        """
        if self.rows:
            longest = max(self.longest, length)
            shortest = min(self._shortest, length)
            tokens = (self.rows + 1) * longest
            if (
                self.rows >= self._max_batch_size
                or tokens > self._max_batch_tokens
                or (self.rows >= ENOUGH_ROWS and tokens > ENOUGH_TOKENS)
                or longest > self._ratio * shortest + self._slack
            ):
                return False
            self.longest, self._shortest = longest, shortest
        else:
            self.longest = self._shortest = length
        self.rows += 1
        return True


def batches_by_length(
    lengths: Sequence[int], max_batch_size: int, max_batch_tokens: int
) -> list[list[int]]:
    """Every index once, in batches of similar lengths, longest first. See `BatchBounds`."""
    order = sorted(range(len(lengths)), key=lambda i: -lengths[i])
    batches: list[list[int]] = []
    bounds = BatchBounds(max_batch_size, max_batch_tokens)
    for i in order:
        if not (batches and bounds.accept(lengths[i])):
            bounds = BatchBounds(max_batch_size, max_batch_tokens)
            bounds.accept(lengths[i])
            batches.append([])
        batches[-1].append(i)
    return batches


def pad_rows(rows: Sequence[Sequence[int]]) -> tuple[Array, Array]:
    """Tokens (rows x longest, int32, PAD behind each end) and lengths (rows, int32)."""
    lengths = np.array([len(row) for row in rows], dtype=np.int32)
    longest = int(lengths.max())
    tokens = np.array([[*row, *[PAD_ID] * (longest - len(row))] for row in rows], dtype=np.int32)
    return tokens, lengths
