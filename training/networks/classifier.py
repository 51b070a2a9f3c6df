"""A text classifier: embedding, recurrent stack, pooling over time, one linear layer.

Knows nothing about tokenizers or labels. The head is linear over pooled states, so a logit splits
exactly over the positions that were pooled. What a table of n-grams says stands beside the states
of a position, and is pooled and weighted with them.
"""

from typing import Literal

import torch
from torch import Tensor, nn

from service.artifact import UNK_ID
from training.networks.cells.names import CellName
from training.networks.ngram_table import NgramTable
from training.networks.recurrent import RecurrentStack, padding_mask
from training.networks.regularisation import WordDropout

Pooling = Literal["max", "mean", "max+mean"]


class TextClassifier(nn.Module):
    """tokens (batch x time) and lengths (batch) to logits (batch x classes).

    ngram_buckets: of the pairs of a table of n-grams, whose values are read by their mean; 0: none.
    Raises ValueError for one without a mean.
    """

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
        ngram_buckets: int = 0,
    ) -> None:
        super().__init__()
        if ngram_buckets and "mean" not in pooling:
            raise ValueError("a table of n-grams needs pooling by the mean")
        self.pooling = pooling
        self.word_dropout = WordDropout(word_dropout, unknown_id)
        self.embedding = nn.Embedding(vocabulary, embedding_size)
        nn.init.normal_(self.embedding.weight, std=0.1)
        self.recurrent = RecurrentStack(
            embedding_size, hidden_size, layers, bidirectional, dropout, cell
        )
        self.dropout = nn.Dropout(dropout)
        self.ngrams = NgramTable(vocabulary, ngram_buckets, classes) if ngram_buckets else None
        states = self.recurrent.output_size + (0 if self.ngrams is None else self.ngrams.size)
        self.head = nn.Linear(states * (2 if pooling == "max+mean" else 1), classes)

    def forward(self, tokens: Tensor, lengths: Tensor) -> Tensor:
        beside = None if self.ngrams is None else self.ngrams(tokens, lengths)
        return self.read(self.embed(tokens), lengths, beside)

    def embed(self, tokens: Tensor) -> Tensor:
        """What the first layer reads, after dropout: batch x time x embedding."""
        embedded: Tensor = self.dropout(self.embedding(self.word_dropout(tokens)))
        return embedded

    def read(self, embedded: Tensor, lengths: Tensor, beside: Tensor | None = None) -> Tensor:
        """Logits (batch x classes) of embedded texts (batch x time x embedding).

        beside: what the table of n-grams says of them, where there is one (batch x time x values).
        """
        outputs, _ = self.recurrent(embedded, lengths)  # batch x time x states
        if beside is not None:
            outputs = torch.cat([outputs, beside.to(outputs.dtype)], dim=2)
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
