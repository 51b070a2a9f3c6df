"""The language model: neither direction sees what it is to predict."""

import torch

from tests.training.networks.batches import LENGTHS, token_batch
from training.networks.language_model import LanguageModel


def test_each_direction_reads_its_own_side_alone() -> None:
    torch.manual_seed(1)
    network = LanguageModel(41, 6, 5).eval()
    tokens, lengths = token_batch([9])
    ahead, back = network(tokens, lengths)
    assert ahead.shape == back.shape == (1, 8, 6)
    for changed in range(9):
        others = tokens.clone()
        others[0, changed] = 4 + (tokens[0, changed] - 3) % 37
        other_ahead, other_back = network(others, lengths)
        # ahead[i] has read tokens 0 … i and asks for token i + 1; back[i] tokens i + 1 … 8.
        moved = (ahead != other_ahead).any(dim=2)[0].tolist()
        assert moved == [place >= changed for place in range(8)]
        moved = (back != other_back).any(dim=2)[0].tolist()
        assert moved == [place + 1 <= changed for place in range(8)]


def test_a_row_does_not_depend_on_its_batch() -> None:
    torch.manual_seed(1)
    network = LanguageModel(41, 6, 5).eval()
    tokens, lengths = token_batch()
    together = network(tokens, lengths)
    for row, length in enumerate(LENGTHS):
        alone = network(tokens[row : row + 1, :length], lengths[row : row + 1])
        for both, one in zip(together, alone, strict=True):
            torch.testing.assert_close(both[row, : length - 1], one[0], rtol=0, atol=1e-6)


def test_scores_are_those_of_the_words_asked_for() -> None:
    torch.manual_seed(1)
    network = LanguageModel(41, 6, 5)
    torch.nn.init.normal_(network.bias)
    queries, words = torch.randn(3, 6), torch.tensor([7, 40, 7])
    everything = queries @ network.embedding.weight.T + network.bias
    torch.testing.assert_close(network.scores(queries, words), everything[:, words])
