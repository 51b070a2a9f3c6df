"""The layer over time that a name stands for: torch's fused one where it is equal, else the cell.

``lstm``, ``gru`` and ``rnn`` run as torch's own kernels; the others run step by step.
"""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from training.networks.cells.cell import Cell, State, initialise
from training.networks.cells.gru import GRU
from training.networks.cells.lstm import LSTM
from training.networks.cells.lstm_1997 import LSTM1997
from training.networks.cells.names import CellName
from training.networks.cells.peephole import PeepholeIdentity, PeepholeTanh
from training.networks.cells.rnn import RNN

CELLS: Mapping[CellName, type[Cell]] = {
    "rnn": RNN,
    "lstm-1997": LSTM1997,
    "lstm": LSTM,
    "peephole": PeepholeTanh,
    "peephole-identity": PeepholeIdentity,
    "gru": GRU,
}


def recurrent_layer(cell: CellName, input_size: int, hidden_size: int) -> nn.Module:
    """batch x time x input (and a first state) to outputs (batch x time x hidden) and last state.

    Weights are drawn from torch's generator.
    """
    if cell == "lstm":
        layer: nn.RNNBase = nn.LSTM(input_size, hidden_size, batch_first=True)
    elif cell == "gru":
        layer = nn.GRU(input_size, hidden_size, batch_first=True)
    elif cell == "rnn":
        layer = nn.RNN(input_size, hidden_size, batch_first=True)
    else:
        return CELLS[cell](input_size, hidden_size)
    own = dict(layer.named_parameters())
    with torch.no_grad():
        own["bias_hh_l0"].zero_()
    W, U, b = (own[f"{name}_l0"] for name in ("weight_ih", "weight_hh", "bias_ih"))
    initialise(W, U, b, CELLS[cell].remembering)
    return layer


def layer_state(layer: nn.Module, state: State) -> Tensor | State:
    """What a layer takes as its first state: batch x hidden each, as torch's layers want them."""
    if isinstance(layer, Cell):
        return state
    first = tuple(one[None].contiguous() for one in state)
    return first if isinstance(layer, nn.LSTM) else first[0]


def reference_cell(layer: nn.Module) -> Cell:
    """The cell from its equation with a copy of a layer's weights; raises TypeError for others.

    torch keeps two biases, which add up but for the one inside a GRU's reset.
    """
    if isinstance(layer, nn.LSTM):
        cell: Cell = LSTM(layer.input_size, layer.hidden_size)
    elif isinstance(layer, nn.GRU):
        cell = GRU(layer.input_size, layer.hidden_size)
    elif isinstance(layer, nn.RNN):
        cell = RNN(layer.input_size, layer.hidden_size)
    elif isinstance(layer, Cell):
        cell = type(layer)(layer.input_size, layer.hidden_size)
        cell.load_state_dict(layer.state_dict())
        return cell.to(layer.b)
    else:
        raise TypeError(f"{type(layer).__name__} is no recurrent layer")
    own = {name.removesuffix("_l0"): value for name, value in layer.named_parameters()}
    cell = cell.to(own["bias_hh"])
    beside = own["bias_hh"].detach().clone()
    with torch.no_grad():
        if isinstance(cell, GRU):
            cell.d.copy_(beside[2 * cell.hidden_size :])
            beside[2 * cell.hidden_size :] = 0
        cell.W.copy_(own["weight_ih"])
        cell.U.copy_(own["weight_hh"])
        cell.b.copy_(own["bias_ih"] + beside)
    return cell
