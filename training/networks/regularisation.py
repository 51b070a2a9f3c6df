"""Noise on discrete inputs. Knows nothing about which network reads them."""

import torch
from torch import Tensor, nn


class WordDropout(nn.Module):
    """Replaces each token by the unknown token with probability ``p`` while training.

    Gal and Ghahramani 2016 drop word types; dropping each occurrence on its own is the variant of
    Iyyer et al. 2015. Ids below ``first_word`` (padding, begin, end, unknown) are left alone.
    """

    def __init__(self, p: float, unknown_id: int, first_word: int = 4) -> None:
        super().__init__()
        self.p = p
        self.unknown_id = unknown_id
        self.first_word = first_word

    def forward(self, tokens: Tensor) -> Tensor:
        if not self.training or self.p == 0.0:
            return tokens
        dropped = torch.rand(tokens.shape, device=tokens.device) < self.p
        return tokens.masked_fill(dropped & (tokens >= self.first_word), self.unknown_id)
