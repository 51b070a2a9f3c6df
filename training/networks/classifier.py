"""A text classifier: embedding, recurrent stack, pooling over time, one linear layer.

Knows nothing about tokenizers or labels. The head is linear over pooled states, so a logit splits
exactly over the positions that were pooled.
"""

from typing import Literal

import torch
from torch import Tensor, nn

from service.artifact import UNK_ID
from training.networks.cells.names import CellName
from training.networks.recurrent import RecurrentStack, padding_mask
from training.networks.regularisation import WordDropout

Pooling = Literal["max", "mean", "max+mean"]


class TextClassifier(nn.Module):
    """tokens (batch x time) and lengths (batch) to logits (batch x classes)."""

    def __init__(
        self,
        vocabulary: int,
        classes: int,
        embedding_size: int = 256,
        hidden_size: int = 256,
        layers: int = 1,
        bidirectional: bool = True,
        pooling: Pooling = "max",
        dropout: float = 0.5,
        word_dropout: float = 0.0,
        unknown_id: int = UNK_ID,
        cell: CellName = "lstm",
    ) -> None:
        super().__init__()
        self.pooling = pooling
        self.word_dropout = WordDropout(word_dropout, unknown_id)
        self.embedding = nn.Embedding(vocabulary, embedding_size)
        nn.init.normal_(self.embedding.weight, std=0.1)
        self.recurrent = RecurrentStack(
            embedding_size, hidden_size, layers, bidirectional, dropout, cell
        )
        self.dropout = nn.Dropout(dropout)
        pooled = self.recurrent.output_size * (2 if pooling == "max+mean" else 1)
        self.head = nn.Linear(pooled, classes)

    def forward(self, tokens: Tensor, lengths: Tensor) -> Tensor:
        return self.read(self.embed(tokens), lengths)

    def embed(self, tokens: Tensor) -> Tensor:
        """What the first layer reads, after dropout: batch x time x embedding."""
        embedded: Tensor = self.dropout(self.embedding(self.word_dropout(tokens)))
        return embedded

    def read(self, embedded: Tensor, lengths: Tensor) -> Tensor:
        """Logits (batch x classes) of embedded texts (batch x time x embedding)."""
        outputs, _ = self.recurrent(embedded, lengths)  # batch x time x states
        pooled = pool(outputs, lengths, self.pooling)  # batch x pooled
        logits: Tensor = self.head(self.dropout(pooled))
        return logits


def pool(outputs: Tensor, lengths: Tensor, pooling: Pooling) -> Tensor:
    """outputs: batch x time x states, over real positions only; to batch x pooled."""
    mask = padding_mask(lengths, outputs.shape[1])[:, :, None]
    pooled = []
    if "max" in pooling:
        pooled.append(outputs.masked_fill(~mask, float("-inf")).amax(dim=1))
    if "mean" in pooling:
        total = (outputs * mask).float().sum(dim=1)
        pooled.append((total / lengths[:, None]).to(outputs.dtype))
    return torch.cat(pooled, dim=1)
