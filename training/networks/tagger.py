"""A tagger: each word and its characters, a recurrent stack over the sentence, one linear layer.

After Ma and Hovy 2016 (a convolution over the characters of a word, beside its embedding, read by
a BiLSTM), without their CRF and without outside vectors. Knows nothing about texts or tags. The
head is linear over the states of both directions, so that a tag's logit splits exactly into the
forward direction's part, the backward direction's and the bias.
"""

import torch
from torch import Tensor, nn

from service.artifact.vocabulary import (
    CASING,
    CASINGS,
    CHARACTERS,
    FIRST_CHARACTER,
    PAD,
    SPECIAL,
    UNKNOWN,
    WORD,
)
from training.networks.cells.names import CellName
from training.networks.recurrent import RecurrentStack
from training.networks.regularisation import WordDropout

WINDOW = 3  # characters that a filter sees
_SMALLEST = -1e4  # below all that a filter gives; -inf has no gradient to speak of


class Tagger(nn.Module):
    """tokens (batch x time x ROW, see `Vocabulary`) and lengths to logits (batch x time x tags).

    ``vectors``: words x features, given ones that are not trained, or none.
    """

    def __init__(
        self,
        words: int,
        characters: int,
        tags: int,
        trained_words: int | None = None,
        vectors: Tensor | None = None,
        word_size: int = 100,
        casing_size: int = 8,
        character_size: int = 32,
        filters: int = 64,
        hidden_size: int = 200,
        layers: int = 1,
        bidirectional: bool = True,
        dropout: float = 0.5,
        word_dropout: float = 0.1,
        character_dropout: float = 0.0,
        cell: CellName = "lstm",
    ) -> None:
        """trained_words: those behind them have vectors alone, and no embedding of their own."""
        super().__init__()
        self.trained_words = words if trained_words is None else trained_words
        self.word_dropout = WordDropout(word_dropout, UNKNOWN, SPECIAL)
        self.character_dropout = WordDropout(character_dropout, UNKNOWN, SPECIAL)
        self.words = nn.Embedding(self.trained_words, word_size)
        self.casings = nn.Embedding(CASINGS, casing_size)
        self.characters = nn.Embedding(characters, character_size, padding_idx=PAD)
        for table in (self.words, self.casings):
            nn.init.normal_(table.weight, std=0.1)
        self.convolution = nn.Conv1d(character_size, filters, WINDOW, padding=WINDOW // 2)
        given = torch.zeros(words, 0) if vectors is None else vectors
        self.register_buffer("vectors", given, persistent=False)
        self.vectors: Tensor
        self.dropout = nn.Dropout(dropout)
        self.recurrent = RecurrentStack(
            word_size + given.shape[1] + casing_size + filters,
            hidden_size,
            layers,
            bidirectional,
            dropout,
            cell,
        )
        self.head = nn.Linear(self.recurrent.output_size, tags)

    def forward(self, tokens: Tensor, lengths: Tensor) -> Tensor:
        embedded = self.dropout(self.embed(tokens))  # batch x time x features
        states, _ = self.recurrent(embedded, lengths)
        logits: Tensor = self.head(self.dropout(states))
        return logits

    def embed(self, tokens: Tensor) -> Tensor:
        """What the first layer reads, before dropout: words, vectors, casing, characters."""
        words = tokens[:, :, WORD]
        known = words.masked_fill(words >= self.trained_words, UNKNOWN)
        parts = [
            self.words(self.word_dropout(known)),
            self.vectors[words],
            self.casings(tokens[:, :, CASING]),
            self.spelling(tokens[:, :, FIRST_CHARACTER:]),
        ]
        return torch.cat([part.to(parts[-1].dtype) for part in parts], dim=2)

    def spelling(self, characters: Tensor) -> Tensor:
        """tanh of the largest answer of each filter to a token: batch x time x filters."""
        batch, time, _ = characters.shape
        rows = self.character_dropout(characters.reshape(batch * time, CHARACTERS))
        found = self.convolution(self.characters(rows).transpose(1, 2))  # rows x filters x places
        found = found.masked_fill((rows == PAD)[:, None], _SMALLEST)
        # A row of padding has no character at all; its states are masked further on.
        largest = torch.tanh(found.amax(dim=2))
        return largest.reshape(batch, time, -1)
