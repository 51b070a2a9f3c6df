"""The stack against torch's own, on packed sequences."""

import pytest
import torch
from torch import Tensor, nn

from tests.training.networks.batches import LENGTHS
from training.networks.cells.layers import CELLS, recurrent_layer, reference_cell
from training.networks.cells.names import CellName
from training.networks.recurrent import (
    RecurrentStack,
    padding_mask,
    reversed_positions,
)

FEATURES, HIDDEN = 6, 8
SHAPES = [(1, False), (1, True), (2, False), (2, True), (3, True)]
PARAMETERS = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")


def reference_of(stack: RecurrentStack) -> nn.LSTM:
    """torch's LSTM with the weights of a stack."""
    layers = len(stack.forward_layers)
    lstm = nn.LSTM(FEATURES, HIDDEN, layers, batch_first=True, bidirectional=stack.bidirectional)
    with torch.no_grad():
        for mine, theirs in parameter_pairs(stack, lstm):
            theirs.copy_(mine)
    return lstm


def parameter_pairs(stack: RecurrentStack, lstm: nn.LSTM) -> list[tuple[Tensor, Tensor]]:
    directions = [("", stack.forward_layers), ("_reverse", stack.backward_layers)]
    return [
        (getattr(layer, f"{name}_l0"), getattr(lstm, f"{name}_l{depth}{suffix}"))
        for suffix, layers in directions
        for depth, layer in enumerate(layers)
        for name in PARAMETERS
    ]


def reference_results(lstm: nn.LSTM, inputs: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
    """Outputs and the top layer's final states, of a packed sequence."""
    packed = nn.utils.rnn.pack_padded_sequence(
        inputs, lengths, batch_first=True, enforce_sorted=False
    )
    outputs, (hidden, _) = lstm(packed)
    unpacked, _ = nn.utils.rnn.pad_packed_sequence(outputs, batch_first=True)
    directions = 2 if lstm.bidirectional else 1
    return unpacked, torch.cat(list(hidden[-directions:]), dim=1)


@pytest.mark.parametrize(("layers", "bidirectional"), SHAPES)
def test_a_stack_equals_torchs_packed_lstm(layers: int, bidirectional: bool) -> None:
    torch.manual_seed(1)
    stack = RecurrentStack(FEATURES, HIDDEN, layers, bidirectional)
    lstm = reference_of(stack)
    inputs = torch.randn(len(LENGTHS), max(LENGTHS), FEATURES)
    theirs_in = inputs.clone().requires_grad_()
    mine_in = inputs.clone().requires_grad_()
    lengths = torch.tensor(LENGTHS)

    mine = stack(mine_in, lengths)
    outputs, final = reference_results(lstm, theirs_in, lengths)
    torch.testing.assert_close(mine.outputs, outputs, rtol=0, atol=1e-6)
    torch.testing.assert_close(mine.final, final, rtol=0, atol=1e-6)

    # A loss that reads every output and every final state.
    of_outputs, of_final = torch.randn_like(outputs), torch.randn_like(final)
    pairs = parameter_pairs(stack, lstm)
    losses = [
        (out * of_outputs).sum() + (last * of_final).sum()
        for out, last in ((mine.outputs, mine.final), (outputs, final))
    ]
    gradients = torch.autograd.grad(losses[0], [mine_in, *(mine for mine, _ in pairs)])
    expected = torch.autograd.grad(losses[1], [theirs_in, *(theirs for _, theirs in pairs)])
    for gradient, reference in zip(gradients, expected, strict=True):
        torch.testing.assert_close(gradient, reference, rtol=1e-5, atol=5e-6)


@pytest.mark.parametrize(("layers", "bidirectional"), SHAPES)
def test_a_row_depends_neither_on_its_padding_nor_on_its_batch(
    layers: int, bidirectional: bool
) -> None:
    torch.manual_seed(2)
    stack = RecurrentStack(FEATURES, HIDDEN, layers, bidirectional)
    inputs = torch.randn(
        len(LENGTHS), max(LENGTHS) + 4, FEATURES
    )  # what lies behind an end is noise
    together = stack(inputs, torch.tensor(LENGTHS))
    for row, length in enumerate(LENGTHS):
        alone = stack(inputs[row : row + 1, :length], torch.tensor([length]))
        torch.testing.assert_close(together.outputs[row, :length], alone.outputs[0])
        torch.testing.assert_close(together.final[row], alone.final[0])
        assert not together.outputs[row, length:].any()


@pytest.mark.parametrize("cell", list(CELLS))
def test_so_it_is_with_every_cell(cell: CellName) -> None:
    torch.manual_seed(2)
    stack = RecurrentStack(FEATURES, HIDDEN, 2, cell=cell)
    assert {type(reference_cell(layer)) for layer in stack.backward_layers} == {CELLS[cell]}
    inputs = torch.randn(len(LENGTHS), max(LENGTHS) + 4, FEATURES)
    together = stack(inputs, torch.tensor(LENGTHS))
    for row, length in enumerate(LENGTHS):
        alone = stack(inputs[row : row + 1, :length], torch.tensor([length]))
        torch.testing.assert_close(together.outputs[row, :length], alone.outputs[0])
        torch.testing.assert_close(together.final[row], alone.final[0])
        # Each direction ends where it has read all: forwards at the end, backwards at the start.
        ahead, back = alone.outputs[0].chunk(2, dim=1)
        torch.testing.assert_close(alone.final[0], torch.cat([ahead[-1], back[0]]))
        assert not together.outputs[row, length:].any()


def test_dropout_stands_between_layers_alone() -> None:
    torch.manual_seed(3)
    inputs, lengths = torch.randn(2, 4, FEATURES), torch.tensor([4, 3])
    one = RecurrentStack(FEATURES, HIDDEN, 1, dropout=0.5)
    assert torch.equal(one(inputs, lengths).outputs, one(inputs, lengths).outputs)
    two = RecurrentStack(FEATURES, HIDDEN, 2, dropout=0.5)
    assert not torch.equal(two(inputs, lengths).outputs, two(inputs, lengths).outputs)
    two.eval()
    assert torch.equal(two(inputs, lengths).outputs, two(inputs, lengths).outputs)


def test_rows_are_reversed_within_their_lengths() -> None:
    positions = reversed_positions(torch.tensor([3, 1, 4]), 4)
    assert positions.tolist() == [[2, 1, 0, 3], [0, 1, 2, 3], [3, 2, 1, 0]]
    assert torch.equal(positions.gather(1, positions), torch.arange(4).expand(3, 4))
    assert padding_mask(torch.tensor([3, 1]), 3).tolist() == [[True] * 3, [True, False, False]]


def test_a_new_layer_remembers() -> None:
    own = dict(recurrent_layer("lstm", FEATURES, HIDDEN).named_parameters())
    bias = (own["bias_ih_l0"] + own["bias_hh_l0"]).reshape(4, HIDDEN)  # gates i, f, g, o
    assert bias.tolist() == [[0.0] * HIDDEN, [1.0] * HIDDEN, [0.0] * HIDDEN, [0.0] * HIDDEN]
    for gate in own["weight_hh_l0"].detach().chunk(4):
        torch.testing.assert_close(gate @ gate.T, torch.eye(HIDDEN))
