"""The translator: one word at a time as under teacher forcing, and rows that do not touch."""

import pytest
import torch
from torch import Tensor

from service.artifact import BOS_ID, EOS_ID, PAD_ID, UNK_ID
from tests.training.networks.batches import LENGTHS, token_batch
from training.networks.attention import AttentionKind
from training.networks.cells.layers import CELLS
from training.networks.cells.names import CellName
from training.networks.translator import Source, Translator

VOCABULARY = 41
KINDS: tuple[AttentionKind, ...] = ("additive", "multiplicative", "none")


def translator(
    dropout: float = 0.0,
    word_dropout: float = 0.0,
    attention: AttentionKind = "additive",
    cell: CellName = "lstm",
) -> Translator:
    torch.manual_seed(1)
    return Translator(VOCABULARY, 12, 6, 2, 10, 8, dropout, word_dropout, attention, cell)


def targets(time: int = 6) -> Tensor:
    tokens = torch.randint(4, VOCABULARY, (len(LENGTHS), time))
    tokens[:, 0] = BOS_ID
    return tokens


@pytest.mark.parametrize("cell", list(CELLS))
@pytest.mark.parametrize("kind", KINDS)
def test_one_step_at_a_time_equals_teacher_forcing(kind: AttentionKind, cell: CellName) -> None:
    network = translator(attention=kind, cell=cell).eval()
    source = network.encode(*token_batch())
    forced = targets()
    logits, weights, _ = network.decode(source, forced)
    states = None
    for step in range(forced.shape[1]):
        one, attention, states = network.decode(source, forced[:, step : step + 1], states)
        torch.testing.assert_close(one[:, 0], logits[:, step], rtol=0, atol=1e-5)
        torch.testing.assert_close(attention[:, 0], weights[:, step], rtol=0, atol=1e-6)


@pytest.mark.parametrize("cell", list(CELLS))
@pytest.mark.parametrize("kind", KINDS)
def test_a_row_does_not_depend_on_its_batch(kind: AttentionKind, cell: CellName) -> None:
    network = translator(attention=kind, cell=cell).eval()
    tokens, lengths = token_batch()
    forced = targets()
    together, weights = network(tokens, lengths, forced)
    for row, length in enumerate(LENGTHS):
        one = slice(row, row + 1)
        alone, attention = network(tokens[one, :length], lengths[one], forced[one])
        torch.testing.assert_close(together[one], alone, rtol=0, atol=1e-5)
        torch.testing.assert_close(weights[one, :, :length], attention, rtol=0, atol=1e-6)


def test_logits_of_some_places_are_those_of_all() -> None:
    network = translator().eval()
    tokens, lengths = token_batch()
    forced = targets()
    places = torch.rand(forced.shape) < 0.5
    logits, _ = network(tokens, lengths, forced)
    some = network.logits_at(tokens, lengths, forced, places)
    assert 0 < len(some) < places.numel()
    torch.testing.assert_close(some, logits[places], rtol=0, atol=1e-5)


def test_a_logit_reads_only_the_words_before_it() -> None:
    network = translator().eval()
    source, forced = network.encode(*token_batch()), targets()
    before, _, _ = network.decode(source, forced)
    changed = forced.clone()
    changed[:, 4] = 4 + (forced[:, 4] - 3) % (VOCABULARY - 4)
    after, _, _ = network.decode(source, changed)
    torch.testing.assert_close(before[:, :4], after[:, :4])
    assert not torch.allclose(before[:, 4], after[:, 4])


@pytest.mark.parametrize("kind", KINDS)
def test_without_attention_the_source_is_in_the_first_state_alone(kind: AttentionKind) -> None:
    network = translator(attention=kind).eval()
    source, forced = network.encode(*token_batch()), targets()
    other = network.encode(token_batch()[0].flip(0), token_batch()[1].flip(0))
    mixed = Source(other.memory, other.keys, other.mask, source.start, source.cell)
    same = torch.equal(network.decode(source, forced)[0], network.decode(mixed, forced)[0])
    assert same == (kind == "none") == (not network.attends)
    moved = source._replace(start=other.start)
    assert not torch.equal(network.decode(source, forced)[0], network.decode(moved, forced)[0])
    moved = source._replace(cell=other.cell)
    same = torch.equal(network.decode(source, forced)[0], network.decode(moved, forced)[0])
    assert same == network.attends  # with attention the cells start at zero


def test_greedy_takes_the_best_word_and_stops_at_the_end() -> None:
    network = translator().eval()
    with torch.no_grad():
        network.output_bias[[PAD_ID, BOS_ID, UNK_ID]] = 50.0  # they would win, and must not
        network.output_bias[EOS_ID] = 2.0
    tokens, lengths = token_batch()
    words, weights = network.greedy(tokens, lengths, max_length=12)
    assert weights.shape == (len(LENGTHS), words.shape[1], tokens.shape[1])
    shifted = torch.cat([torch.full((len(LENGTHS), 1), BOS_ID), words[:, :-1]], dim=1)
    logits, _ = network(tokens, lengths, shifted)
    logits[:, :, [PAD_ID, BOS_ID, UNK_ID]] = float("-inf")
    best = logits.argmax(dim=2)
    ended = 0
    for row in range(len(LENGTHS)):
        found = (words[row] == EOS_ID).nonzero()
        end = int(found[0]) + 1 if len(found) else words.shape[1]
        ended += len(found) > 0
        assert torch.equal(words[row, :end], best[row, :end])
        assert not words[row, end:].any()
    assert ended


def test_noise_is_for_training_alone() -> None:
    network = translator(dropout=0.3, word_dropout=0.3)
    batch = (*token_batch(), targets())
    assert not torch.equal(network(*batch)[0], network(*batch)[0])
    network.eval()
    assert torch.equal(network(*batch)[0], network(*batch)[0])


def test_source_target_and_output_share_one_matrix() -> None:
    network = translator()
    sizes = [parameter.shape for parameter in network.parameters()]
    assert sum(VOCABULARY in size for size in sizes) == 2  # the matrix and the output's bias
