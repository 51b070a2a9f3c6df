"""Groups rows of tokens into padded batches. Pure: no session, no clock, no threads."""

from collections.abc import Sequence

import numpy as np

from service.artifact import PAD_ID

Array = np.ndarray


def batches_by_length(
    lengths: Sequence[int], max_batch_size: int, max_batch_tokens: int
) -> list[list[int]]:
    """Every index once, neighbours in length together, longest first.

    A batch holds at most ``max_batch_size`` rows and ``max_batch_tokens`` padded tokens; a row
    longer than that is a batch of its own. Padding costs real time in a recurrent kernel, which
    runs every row at every step.
    """
    order = sorted(range(len(lengths)), key=lambda i: -lengths[i])
    batches: list[list[int]] = []
    for i in order:
        if batches:
            last = batches[-1]
            padded = (len(last) + 1) * lengths[last[0]]  # its first row is its longest
            if len(last) < max_batch_size and padded <= max_batch_tokens:
                last.append(i)
                continue
        batches.append([i])
    return batches


def pad_rows(rows: Sequence[Sequence[int]]) -> tuple[Array, Array]:
    """Tokens (rows x longest, int32, PAD behind each end) and lengths (rows, int32)."""
    lengths = np.array([len(row) for row in rows], dtype=np.int32)
    tokens = np.full((len(rows), int(lengths.max())), PAD_ID, dtype=np.int32)
    for i, row in enumerate(rows):
        tokens[i, : len(row)] = row
    return tokens, lengths
