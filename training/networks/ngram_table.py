"""A table of n-grams beside a recurrent network: what each token and each pair of them adds.

The wide half of a wide and deep network (Cheng et al. 2016, "Wide & deep learning for recommender
systems"): a linear model of the words and pairs of words that a text has. Pairs share the table's
buckets by a hash (Weinberger et al. 2009, "Feature hashing for large scale multitask learning"), so
that there is no list of them. With u the table of tokens, v that of pairs and T tokens, the logits
of all classes but the first, beside which the others are measured, are

::

    (Σ_t u[x_t] + Σ_{t>1} v[bucket(x_{t-1}, x_t)]) / √T

A long text says more than a short one, but not in proportion: hence the root.
"""

import torch
from torch import Tensor, nn

from training.networks.recurrent import padding_mask

MULTIPLIER = 1_000_003  # of a pair's first token; its product with any token stays in 64 bits


class NgramTable(nn.Module):
    """tokens (batch x time) and lengths (batch) to values (batch x time x classes - 1), whose mean
    over a text's positions is what it adds to the logits.

    A pair is told half to each of its tokens. Zero until it is fitted (`training.ngram_runs`).
    """

    def __init__(self, vocabulary: int, buckets: int, classes: int) -> None:
        super().__init__()
        self.tokens = nn.Parameter(torch.zeros(vocabulary, classes - 1))
        self.pairs = nn.Parameter(torch.zeros(buckets, classes - 1))

    @property
    def size(self) -> int:
        """Values at a position."""
        return self.tokens.shape[1]

    def forward(self, tokens: Tensor, lengths: Tensor) -> Tensor:
        real = padding_mask(lengths, tokens.shape[1])[:, :, None]
        pairs = self.pairs[pair_buckets(tokens, len(self.pairs))] * real[:, 1:]
        none = pairs.new_zeros(len(tokens), 1, self.size)
        halves = 0.5 * (torch.cat([none, pairs], dim=1) + torch.cat([pairs, none], dim=1))
        return (self.tokens[tokens] * real + halves) * lengths.sqrt()[:, None, None]


def pair_buckets(tokens: Tensor, buckets: int) -> Tensor:
    """The bucket of each two neighbours: batch x time - 1 (int64), of tokens (batch x time)."""
    tokens = tokens.long()
    return (tokens[:, :-1] * MULTIPLIER + tokens[:, 1:]) % buckets
