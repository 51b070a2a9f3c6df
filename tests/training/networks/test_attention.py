"""Attention of each kind: its weights, and its equations written out once more."""

import pytest
import torch

from tests.training.networks.batches import LENGTHS
from training.networks.attention import (
    AdditiveAttention,
    AttentionKind,
    MultiplicativeAttention,
    NoAttention,
    build_attention,
)
from training.networks.recurrent import padding_mask

STATE, MEMORY, TIME = 5, 6, 3


@pytest.mark.parametrize("kind", ["additive", "multiplicative"])
def test_weights_sum_to_one_and_ignore_padding(kind: AttentionKind) -> None:
    torch.manual_seed(1)
    attention = build_attention(kind, STATE, MEMORY, 4)
    assert attention.context_size == MEMORY
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


def test_the_equations_of_additive_attention() -> None:
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


def test_the_equations_of_multiplicative_attention() -> None:
    torch.manual_seed(2)
    attention = MultiplicativeAttention(STATE, MEMORY)
    memory, states = torch.randn(1, 7, MEMORY), torch.randn(1, 2, STATE)
    mask = torch.ones(1, 7, dtype=torch.bool)
    contexts, weights = attention(states, attention.keys(memory), memory, mask)
    W = attention.key.weight
    powers = torch.stack([states[0, 1] @ (W @ a) for a in memory[0]]).exp()
    torch.testing.assert_close(weights[0, 1], powers / powers.sum())
    torch.testing.assert_close(contexts[0, 1], (powers / powers.sum()) @ memory[0])


def test_additive_attention_keeps_the_order_of_its_parameters() -> None:
    # A checkpoint holds the optimiser's state by their order.
    names = [name for name, _ in AdditiveAttention(STATE, MEMORY, 4).named_parameters()]
    assert names == ["query.weight", "key.weight", "key.bias", "energy.weight"]


def test_no_attention_sees_nothing() -> None:
    attention = build_attention("none", STATE, MEMORY, 4)
    assert isinstance(attention, NoAttention)
    assert attention.context_size == sum(p.numel() for p in attention.parameters()) == 0
    memory, states = torch.randn(2, 7, MEMORY), torch.randn(2, TIME, STATE)
    mask = torch.ones(2, 7, dtype=torch.bool)
    contexts, weights = attention(states, attention.keys(memory), memory, mask)
    assert contexts.shape == weights.shape == (2, TIME, 0)
