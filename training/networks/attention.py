"""Additive attention of Bahdanau, Cho and Bengio 2014 (section A.1.2).

::

    e_{t,t'} = v · tanh(W s_{t-1} + U a_{t'})
    α_{t,t'} = softmax over t' of e_{t,t'}
    C_t      = Σ_{t'} α_{t,t'} a_{t'}

The keys U a_{t'} depend on the source alone and are computed once a sentence. Keeps no state
between calls.
"""

import torch
from torch import Tensor, nn


class AdditiveAttention(nn.Module):
    """Weights and context for every decoder state at once."""

    def __init__(self, state_size: int, memory_size: int, attention_size: int) -> None:
        super().__init__()
        self.query = nn.Linear(state_size, attention_size, bias=False)  # W
        self.key = nn.Linear(memory_size, attention_size, bias=True)  # U
        self.energy = nn.Linear(attention_size, 1, bias=False)  # v
        for layer in (self.query, self.key, self.energy):
            nn.init.xavier_uniform_(layer.weight)

    def keys(self, memory: Tensor) -> Tensor:
        """memory: batch x source_time x memory_size, to batch x source_time x attention_size."""
        keys: Tensor = self.key(memory)
        return keys

    def forward(
        self, states: Tensor, keys: Tensor, memory: Tensor, mask: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Attend from each state.

        states: batch x time x state_size; keys, memory: see above; mask: batch x source_time,
        True at real positions. Returns contexts (batch x time x memory_size) and weights
        (batch x time x source_time), each row of which sums to 1.
        """
        queries = self.query(states)[:, :, None, :]  # batch x time x 1 x attention
        energies = self.energy(torch.tanh(queries + keys[:, None, :, :]))[..., 0]
        energies = energies.float().masked_fill(~mask[:, None, :], float("-inf"))
        weights = torch.softmax(energies, dim=2)  # batch x time x source_time
        return torch.bmm(weights.to(memory.dtype), memory), weights
