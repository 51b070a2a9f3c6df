"""Additive attention: its weights, and its equations written out once more."""

import torch

from tests.training.networks.batches import LENGTHS
from training.networks.attention import AdditiveAttention
from training.networks.recurrent import padding_mask

STATE, MEMORY, TIME = 5, 6, 3


def test_weights_sum_to_one_and_ignore_padding() -> None:
    torch.manual_seed(1)
    attention = AdditiveAttention(STATE, MEMORY, 4)
    memory = torch.randn(len(LENGTHS), max(LENGTHS), MEMORY)
    mask = padding_mask(torch.tensor(LENGTHS), max(LENGTHS))
    states = torch.randn(len(LENGTHS), TIME, STATE)
    contexts, weights = attention(states, attention.keys(memory), memory, mask)
    assert contexts.shape == (len(LENGTHS), TIME, MEMORY)
    torch.testing.assert_close(weights.sum(dim=2), torch.ones(len(LENGTHS), TIME))
    assert not weights.masked_select(~mask[:, None, :]).any()
    assert (weights.masked_select(mask[:, None, :]) > 0).all()

    memory[~mask] = 1e6  # what lies behind an end must not count
    again, _ = attention(states, attention.keys(memory), memory, mask)
    torch.testing.assert_close(again, contexts)


def test_the_equations() -> None:
    torch.manual_seed(2)
    attention = AdditiveAttention(STATE, MEMORY, 4)
    memory, states = torch.randn(1, 7, MEMORY), torch.randn(1, 1, STATE)
    mask = torch.ones(1, 7, dtype=torch.bool)
    contexts, weights = attention(states, attention.keys(memory), memory, mask)
    W, U, v = attention.query.weight, attention.key.weight, attention.energy.weight[0]
    energies = [v @ torch.tanh(W @ states[0, 0] + U @ a + attention.key.bias) for a in memory[0]]
    powers = torch.stack(energies).exp()
    torch.testing.assert_close(weights[0, 0], powers / powers.sum())
    torch.testing.assert_close(contexts[0, 0], (powers / powers.sum()) @ memory[0])
