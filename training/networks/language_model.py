"""A language model in both directions, whose embedding and recurrent layer begin a classifier.

The forward half reads x_1 … x_t and predicts x_{t+1}; the backward half reads x_T … x_t and
predicts x_{t-1}. Neither sees the other, as a second layer over both would see what it is to
predict. Dai and Le 2015 (a language model as the start of a classifier), in both directions as in
Peters et al. 2018.
"""

import torch
from torch import Tensor, nn

from service.artifact import UNK_ID
from training.networks.cells.names import CellName
from training.networks.recurrent import RecurrentStack
from training.networks.regularisation import WordDropout


class LanguageModel(nn.Module):
    """tokens (batch x time) and lengths (batch) to what each direction makes of each position."""

    def __init__(
        self,
        vocabulary: int,
        embedding_size: int = 256,
        hidden_size: int = 256,
        dropout: float = 0.1,
        word_dropout: float = 0.0,
        unknown_id: int = UNK_ID,
        cell: CellName = "lstm",
    ) -> None:
        super().__init__()
        self.word_dropout = WordDropout(word_dropout, unknown_id)
        self.embedding = nn.Embedding(vocabulary, embedding_size)
        nn.init.normal_(self.embedding.weight, std=0.1)
        self.recurrent = RecurrentStack(embedding_size, hidden_size, 1, True, dropout, cell)
        self.dropout = nn.Dropout(dropout)
        # The vectors of words are those that are read (Press and Wolf 2017; Inan et al. 2017).
        self.next_word = nn.Linear(hidden_size, embedding_size)
        self.previous_word = nn.Linear(hidden_size, embedding_size)
        self.bias = nn.Parameter(torch.zeros(vocabulary))

    def forward(self, tokens: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """Queries for the next and for the previous word: batch x (time - 1) x embedding each.

        The first holds those of positions 0 … time-2, whose words are tokens[:, 1:]; the second
        those of positions 1 … time-1, whose words are tokens[:, :-1].
        """
        embedded = self.dropout(self.embedding(self.word_dropout(tokens)))
        states, _ = self.recurrent(embedded, lengths)  # batch x time x 2 hidden
        ahead, back = self.dropout(states).chunk(2, dim=2)
        return self.next_word(ahead[:, :-1]), self.previous_word(back[:, 1:])

    def scores(self, queries: Tensor, words: Tensor) -> Tensor:
        """Unnormalised log-probabilities of some words: rows x len(words).

        queries: rows x embedding; words: ids.
        """
        vectors = self.embedding.weight[words]  # words x embedding
        scores: Tensor = queries @ vectors.T + self.bias[words]
        return scores
