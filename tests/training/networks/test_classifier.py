"""The classifier: pooling over real positions, and rows that do not touch."""

import pytest
import torch

from tests.training.networks.batches import LENGTHS, token_batch
from training.networks.classifier import Pooling, TextClassifier, pool

POOLINGS: tuple[Pooling, ...] = ("max", "mean", "max+mean")


@pytest.mark.parametrize("pooling", POOLINGS)
@pytest.mark.parametrize("bidirectional", [False, True])
def test_a_row_does_not_depend_on_its_batch(pooling: Pooling, bidirectional: bool) -> None:
    torch.manual_seed(1)
    network = TextClassifier(41, 3, 8, 6, 2, bidirectional, pooling).eval()
    tokens, lengths = token_batch()
    together = network(tokens, lengths)
    assert together.shape == (len(LENGTHS), 3)
    for row, length in enumerate(LENGTHS):
        alone = network(tokens[row : row + 1, :length], lengths[row : row + 1])
        torch.testing.assert_close(together[row], alone[0], rtol=0, atol=1e-6)


def test_pooling_reads_real_positions_alone() -> None:
    outputs = torch.tensor([[[-3.0, 1.0], [-5.0, 3.0], [9.0, 9.0]], [[2.0, -1.0]] * 3])
    lengths = torch.tensor([2, 3])
    assert pool(outputs, lengths, "max").tolist() == [[-3.0, 3.0], [2.0, -1.0]]
    assert pool(outputs, lengths, "mean").tolist() == [[-4.0, 2.0], [2.0, -1.0]]
    both = pool(outputs, lengths, "max+mean")
    assert both.tolist() == [[-3.0, 3.0, -4.0, 2.0], [2.0, -1.0, 2.0, -1.0]]


def test_dropout_is_for_training_alone() -> None:
    torch.manual_seed(1)
    network = TextClassifier(41, 2, 8, 6, dropout=0.5, word_dropout=0.2)
    batch = token_batch()
    assert not torch.equal(network(*batch), network(*batch))
    network.eval()
    assert torch.equal(network(*batch), network(*batch))
