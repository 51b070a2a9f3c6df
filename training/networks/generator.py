"""A next-word model: it reads a text from the left and says which word may come next.

::

    h_t = LSTM(E x_t, h_{t-1})                what has been read, x_0 = BOS; or another cell
    p(x_{t+1} | x_1 … x_t) = softmax(V h_t + b)

The probability of a text is the product over its words, the last of which is EOS (Mikolov et al.
2010, with LSTM cells as in Sundermeyer et al. 2012). With ``tied`` the output matrix is the
embedding, V h = E · tanh(W h), which halves the parameters of a small network and helps it (Press
and Wolf 2017; Inan et al. 2017); the tanh bounds what is quantised in int8.

Knows nothing about tokenizers, sampling or files.
"""

import torch
from torch import Tensor, nn

from service.artifact import BOS_ID, PAD_ID, UNK_ID
from training.networks.cells.names import CellName
from training.networks.recurrent import RecurrentStack
from training.networks.regularisation import WordDropout

NO_WORDS = [PAD_ID, BOS_ID, UNK_ID]  # tokens that no text holds


class Generator(nn.Module):
    """tokens (batch x time) and lengths (batch) to logits of each next word."""

    def __init__(
        self,
        vocabulary: int,
        embedding_size: int = 256,
        hidden_size: int = 512,
        layers: int = 1,
        tied: bool = True,
        dropout: float = 0.3,
        word_dropout: float = 0.0,
        cell: CellName = "lstm",
    ) -> None:
        super().__init__()
        self.tied = tied
        self.word_dropout = WordDropout(word_dropout, UNK_ID)
        self.dropout = nn.Dropout(dropout)
        self.embedding = nn.Embedding(vocabulary, embedding_size)
        # A tied matrix must be small for the output and large for the input.
        self.embedding_scale = embedding_size**0.5 if tied else 1.0
        nn.init.normal_(self.embedding.weight, std=embedding_size**-0.5 if tied else 0.1)
        self.recurrent = RecurrentStack(embedding_size, hidden_size, layers, False, dropout, cell)
        # W, or V itself; the bias is the output's.
        self.readout = nn.Linear(hidden_size, embedding_size if tied else vocabulary, bias=False)
        self.output_bias = nn.Parameter(torch.zeros(vocabulary))

    def forward(self, tokens: Tensor, lengths: Tensor) -> Tensor:
        """Logits (batch x time x vocabulary) of the word after each position.

        tokens: batch x time, each row begins with BOS or in the middle of a text.
        """
        embedded = self.embedding(self.word_dropout(tokens)) * self.embedding_scale
        states, _ = self.recurrent(self.dropout(embedded), lengths)  # batch x time x hidden
        hidden = self.readout(self.dropout(states))
        if self.tied:
            hidden = self.dropout(torch.tanh(hidden))
            hidden = nn.functional.linear(hidden, self.embedding.weight)
        logits: Tensor = hidden + self.output_bias
        return logits
