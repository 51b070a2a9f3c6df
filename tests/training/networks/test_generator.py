"""The next-word model reads from the left, and nothing of what it is to predict."""

import pytest
import torch

from service.artifact import BOS_ID
from training.networks.generator import Generator

VOCABULARY = 30


def network(**settings: object) -> Generator:
    torch.manual_seed(1)
    return Generator(VOCABULARY, 6, 9, **settings).eval()  # type: ignore[arg-type]


@pytest.mark.parametrize("tied", [True, False])
@pytest.mark.parametrize("layers", [1, 2])
@torch.no_grad()
def test_a_prediction_depends_on_all_words_before_it_and_none_after(
    tied: bool, layers: int
) -> None:
    model = network(tied=tied, layers=layers)
    tokens = torch.tensor([[BOS_ID, 5, 6, 7, 8, 9]])
    lengths = torch.tensor([6])
    logits = model(tokens, lengths)
    assert logits.shape == (1, 6, VOCABULARY)
    for place in range(1, 6):
        other = tokens.clone()
        other[0, place] = 20
        changed = model(other, lengths)
        assert torch.equal(changed[:, :place], logits[:, :place])
        assert all(not torch.equal(changed[:, t], logits[:, t]) for t in range(place, 6))


@torch.no_grad()
def test_padding_changes_nothing() -> None:
    model = network()
    row = torch.tensor([[BOS_ID, 5, 6]])
    padded = torch.tensor([[BOS_ID, 5, 6, 0, 0], [BOS_ID, 7, 8, 9, 10]])
    alone = model(row, torch.tensor([3]))
    together = model(padded, torch.tensor([3, 5]))
    assert torch.allclose(together[:1, :3], alone, atol=1e-6)


def test_a_tied_network_has_one_matrix_of_words() -> None:
    tied, own = network(tied=True), network(tied=False)
    large = [p.shape for p in tied.parameters() if VOCABULARY in p.shape]
    assert sorted(large) == [(VOCABULARY,), (VOCABULARY, 6)]
    assert len([p for p in own.parameters() if VOCABULARY in p.shape]) == 3


def test_every_weight_gets_a_gradient() -> None:
    for tied in (True, False):
        model = network(tied=tied, layers=2).train()
        logits = model(torch.tensor([[BOS_ID, 5, 6, 7]]), torch.tensor([4]))
        logits.logsumexp(2).sum().backward()
        assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in model.parameters())
