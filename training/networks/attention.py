"""Three ways for a decoder to look at the source: additive, multiplicative, and not at all.

With the decoder's state s_t and the encoder's states a_{t'}, the memory::

    e_{t,t'} = v · tanh(W s_t + U a_{t'})     additive: Bahdanau, Cho and Bengio 2014, A.1.2
    e_{t,t'} = s_t · (W a_{t'})               multiplicative: Luong et al. 2015, 3.1, "general"
    α_{t,t'} = softmax over t' of e_{t,t'}
    C_t      = Σ_{t'} α_{t,t'} a_{t'}

The keys U a_{t'} and W a_{t'} depend on the source alone and are computed once a sentence. Keeps no
state between calls.
"""

from abc import abstractmethod
from typing import Literal

import torch
from torch import Tensor, nn

AttentionKind = Literal["additive", "multiplicative", "none"]


class Attention(nn.Module):
    """Weights and context for every decoder state at once. How energies are made is the kind's."""

    key: nn.Linear  # memory_size to the size of a key
    context_size: int

    def keys(self, memory: Tensor) -> Tensor:
        """memory: batch x source_time x memory_size, to batch x source_time x key_size."""
        keys: Tensor = self.key(memory)
        return keys

    @abstractmethod
    def energies(self, states: Tensor, keys: Tensor) -> Tensor:
        """states: batch x time x state_size, to e: batch x time x source_time."""

    def forward(
        self, states: Tensor, keys: Tensor, memory: Tensor, mask: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Attend from each state.

        states: batch x time x state_size; keys, memory: see above; mask: batch x source_time,
        True at real positions. Returns contexts (batch x time x context_size) and weights
        (batch x time x source_time), each row of which sums to 1.
        """
        energies = self.energies(states, keys)
        energies = energies.float().masked_fill(~mask[:, None, :], float("-inf"))
        weights = torch.softmax(energies, dim=2)  # batch x time x source_time
        return torch.bmm(weights.to(memory.dtype), memory), weights


class AdditiveAttention(Attention):
    """Energies by a layer of ``attention_size`` units."""

    def __init__(self, state_size: int, memory_size: int, attention_size: int) -> None:
        super().__init__()
        self.context_size = memory_size
        self.query = nn.Linear(state_size, attention_size, bias=False)  # W
        self.key = nn.Linear(memory_size, attention_size, bias=True)  # U
        self.energy = nn.Linear(attention_size, 1, bias=False)  # v
        for layer in (self.query, self.key, self.energy):
            nn.init.xavier_uniform_(layer.weight)

    def energies(self, states: Tensor, keys: Tensor) -> Tensor:
        queries = self.query(states)[:, :, None, :]  # batch x time x 1 x attention
        energies: Tensor = self.energy(torch.tanh(queries + keys[:, None, :, :]))[..., 0]
        return energies


class MultiplicativeAttention(Attention):
    """Energies by products of states and keys, which therefore are as wide as the states."""

    def __init__(self, state_size: int, memory_size: int) -> None:
        super().__init__()
        self.context_size = memory_size
        self.key = nn.Linear(memory_size, state_size, bias=False)  # W
        nn.init.xavier_uniform_(self.key.weight)

    def energies(self, states: Tensor, keys: Tensor) -> Tensor:
        return torch.bmm(states, keys.to(states.dtype).transpose(1, 2))


class NoAttention(nn.Module):
    """Sees nothing of the source: contexts without features, weights without positions."""

    context_size = 0

    def keys(self, memory: Tensor) -> Tensor:
        return memory[:, :, :0]

    def forward(
        self, states: Tensor, keys: Tensor, memory: Tensor, mask: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Two tensors of batch x time x 0."""
        nothing = states[:, :, :0]
        return nothing, nothing


def build_attention(
    kind: AttentionKind, state_size: int, memory_size: int, attention_size: int
) -> AdditiveAttention | MultiplicativeAttention | NoAttention:
    """Random weights drawn from torch's generator. attention_size: of the additive kind alone."""
    if kind == "additive":
        return AdditiveAttention(state_size, memory_size, attention_size)
    if kind == "multiplicative":
        return MultiplicativeAttention(state_size, memory_size)
    return NoAttention()
