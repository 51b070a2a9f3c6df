"""Random batches of padded rows for the tests of networks."""

from collections.abc import Sequence

import torch
from torch import Tensor

LENGTHS = (9, 5, 1, 7, 2)


def token_batch(lengths: Sequence[int] = LENGTHS, vocabulary: int = 41) -> tuple[Tensor, Tensor]:
    """Tokens (batch x longest, no special ones, zero behind each end) and lengths (batch)."""
    tokens = torch.randint(4, vocabulary, (len(lengths), max(lengths)))
    for row, length in enumerate(lengths):
        tokens[row, length:] = 0
    return tokens, torch.tensor(lengths)
