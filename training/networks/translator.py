"""Encoder, attention and a two-layer conditional LSTM decoder.

The encoder is a bidirectional LSTM stack; its states a_{t'} = [a→_{t'} ; a←_{t'}] are the memory.
The decoder follows the conditional recurrence of Nematus (Sennrich et al. 2017, section 2) with
LSTM cells::

    r_t = LSTM₁(y_{t-1}, r_{t-1})                 reads the previous word
    C_t = attention(r_t, a)                       looks at the source
    s_t = LSTM₂([r_t ; C_t], s_{t-1})             writes
    p(y_t) = softmax(E · tanh(W [s_t ; C_t ; y_{t-1}]) + b)

r_t stands for s_{t-1} in Bahdanau's energies: it is the decoder's state before C_t is known. As
neither LSTM feeds the attention that precedes it, a whole target runs as two fused calls while
training, where the single-layer form needs a Python loop over target steps. Source, target and
output share one embedding matrix E (Press and Wolf 2017).

Both layers start from the encoder's final states, r_0 = s_0 = tanh(W [a→_T ; a←_1] + b), with
cells of zero. Without attention there is no C_t, and this start is all that the decoder has of the
source: a sentence in one state, as in Sutskever et al. 2014 and Cho et al. 2014. The cells then
start at W' [a→_T ; a←_1] + b', because an LSTM's state is both.

With another cell (``cell``) both the encoder and LSTM₁ and LSTM₂ are of it; one that keeps h alone
starts from h alone.

Knows nothing about tokenizers, beams or files.
"""

from typing import NamedTuple

import torch
from torch import Tensor, nn

from service.artifact import BOS_ID, EOS_ID, PAD_ID, UNK_ID
from training.networks.attention import AttentionKind, build_attention
from training.networks.cells.cell import State
from training.networks.cells.layers import CELLS, layer_state, recurrent_layer
from training.networks.cells.names import CellName
from training.networks.recurrent import RecurrentStack, padding_mask
from training.networks.regularisation import WordDropout

NO_WORDS = [PAD_ID, BOS_ID, UNK_ID]  # tokens that no translation holds


class Source(NamedTuple):
    """An encoded batch of source sentences."""

    memory: Tensor  # batch x source_time x memory_size
    keys: Tensor  # batch x source_time x key_size
    mask: Tensor  # batch x source_time, True at real tokens
    start: Tensor  # batch x decoder_size: h_0 of both decoder layers
    cell: Tensor  # batch x decoder_size: c_0 of both, where their cell has one


class Translator(nn.Module):
    """Source and target tokens to target logits."""

    def __init__(
        self,
        vocabulary: int,
        embedding_size: int = 256,
        encoder_size: int = 256,
        encoder_layers: int = 2,
        decoder_size: int = 512,
        attention_size: int = 256,
        dropout: float = 0.3,
        word_dropout: float = 0.1,
        attention: AttentionKind = "additive",
        cell: CellName = "lstm",
    ) -> None:
        super().__init__()
        self.word_dropout = WordDropout(word_dropout, UNK_ID)
        self.dropout = nn.Dropout(dropout)
        self.embedding = nn.Embedding(vocabulary, embedding_size)
        nn.init.normal_(self.embedding.weight, std=embedding_size**-0.5)
        # The tied matrix must be small for the output and large for the input: without the scale
        # the encoder's states begin so close to zero that attention gets no gradient for epochs.
        self.embedding_scale = embedding_size**0.5
        self.encoder = RecurrentStack(
            embedding_size, encoder_size, encoder_layers, True, dropout, cell
        )
        memory_size = self.encoder.output_size
        self.bridge = nn.Linear(memory_size, decoder_size)
        self.reader = recurrent_layer(cell, embedding_size, decoder_size)  # LSTM₁
        self.attention = build_attention(attention, decoder_size, memory_size, attention_size)
        context_size = self.attention.context_size
        self.writer = recurrent_layer(cell, decoder_size + context_size, decoder_size)  # LSTM₂
        self.readout = nn.Linear(decoder_size + context_size + embedding_size, embedding_size)
        starts_cell = not self.attends and CELLS[cell].memories == 2
        self.cell_bridge = nn.Linear(memory_size, decoder_size) if starts_cell else None
        self.output_bias = nn.Parameter(torch.zeros(vocabulary))

    @property
    def attends(self) -> bool:
        """Whether the decoder looks at the source while it writes."""
        return self.attention.context_size > 0

    def encode(self, tokens: Tensor, lengths: Tensor) -> Source:
        """tokens: batch x source_time; lengths: batch, each at least 1."""
        embedded = self._embed(tokens)
        outputs, final = self.encoder(embedded, lengths)
        memory = self.dropout(outputs)
        start = torch.tanh(self.bridge(final))
        cell = torch.zeros_like(start) if self.cell_bridge is None else self.cell_bridge(final)
        mask = padding_mask(lengths, tokens.shape[1])
        # The keys read the memory without noise: energies of dropped states align far later.
        return Source(memory, self.attention.keys(outputs), mask, start, cell)

    def decode(
        self, source: Source, tokens: Tensor, states: "States | None" = None
    ) -> tuple[Tensor, Tensor, "States"]:
        """Logits for the word after each target token.

        tokens: batch x time, the target shifted right (begins with BOS), or the one word that
        ``states`` has not read yet. Returns logits (batch x time x vocabulary), attention
        (batch x time x source_time; x 0 without attention) and the states after the last token.
        """
        features, weights, states = self._features(source, tokens, states)
        return self._logits(features), weights, states

    def _features(
        self, source: Source, tokens: Tensor, states: "States | None"
    ) -> tuple[Tensor, Tensor, "States"]:
        """[s_t ; C_t ; y_{t-1}] (batch x time x features); else as `decode`."""
        if states is None:
            states = self._first_states(source)
        embedded = self._embed(tokens)  # batch x time x embedding
        read, reader = self.reader(embedded, states.reader)  # batch x time x decoder
        context, weights = self.attention(read, source.keys, source.memory, source.mask)
        written, writer = self.writer(
            torch.cat([self.dropout(read), context.to(read.dtype)], dim=2), states.writer
        )
        features = torch.cat([written, context.to(read.dtype), embedded.to(read.dtype)], dim=2)
        return features, weights, States(reader, writer)

    def _logits(self, features: Tensor) -> Tensor:
        """... x features, to ... x vocabulary."""
        hidden = self.dropout(torch.tanh(self.readout(features)))  # ... x embedding
        return nn.functional.linear(hidden, self.embedding.weight, self.output_bias)

    def _first_states(self, source: Source) -> "States":
        """Both layers start alike."""
        state = (source.start, source.cell)[: CELLS[self.encoder.cell].memories]
        return States(layer_state(self.reader, state), layer_state(self.writer, state))

    def _embed(self, tokens: Tensor) -> Tensor:
        embedded: Tensor = self.embedding(self.word_dropout(tokens)) * self.embedding_scale
        return self.dropout(embedded)  # type: ignore[no-any-return]

    def forward(
        self, source: Tensor, source_lengths: Tensor, target: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Teacher forcing: logits (batch x time x vocabulary) and attention."""
        logits, weights, _ = self.decode(self.encode(source, source_lengths), target)
        return logits, weights

    def logits_at(
        self, source: Tensor, source_lengths: Tensor, target: Tensor, places: Tensor
    ) -> Tensor:
        """The logits of `forward` at some places alone: places x vocabulary.

        places: batch x time, True at those wanted. Without the padding's a step of training takes
        0.93 of the time, as the vocabulary is by far the widest layer.
        """
        features, _, _ = self._features(self.encode(source, source_lengths), target, None)
        return self._logits(features[places])

    @torch.no_grad()
    def greedy(self, tokens: Tensor, lengths: Tensor, max_length: int) -> tuple[Tensor, Tensor]:
        """The most likely word at every step; for validation while training.

        Returns words (batch x steps, PAD after EOS) and attention (batch x steps x source_time).
        """
        source = self.encode(tokens, lengths)
        word = torch.full((len(tokens), 1), BOS_ID, dtype=tokens.dtype, device=tokens.device)
        done = torch.zeros(len(tokens), dtype=torch.bool, device=tokens.device)
        states: States | None = None
        words, weights = [], []
        for _ in range(max_length):
            logits, attention, states = self.decode(source, word, states)
            logits[:, :, NO_WORDS] = float("-inf")
            word = logits.argmax(dim=2).masked_fill(done[:, None], PAD_ID)
            words.append(word)
            weights.append(attention)
            done |= word[:, 0] == EOS_ID
            if bool(done.all()):
                break
        return torch.cat(words, dim=1), torch.cat(weights, dim=1)


class States(NamedTuple):
    """States of the two decoder layers, as their layers give and take them."""

    reader: Tensor | State
    writer: Tensor | State
