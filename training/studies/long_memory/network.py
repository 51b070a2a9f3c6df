"""A layer of a cell that reads a sequence, and a linear layer that answers from its last state."""

import torch
from torch import Tensor, nn

from training.networks.cells.layers import CELLS, recurrent_layer
from training.networks.cells.names import CellName


class Reader(nn.Module):
    """Inputs (batch x time x features) to answers (batch x outputs)."""

    def __init__(self, cell: CellName, features: int, units: int, outputs: int) -> None:
        super().__init__()
        self.layer = recurrent_layer(cell, features, units)
        self.head = nn.Linear(units, outputs)

    def forward(self, inputs: Tensor) -> Tensor:
        states, _ = self.layer(inputs)  # batch x time x units
        answers: Tensor = self.head(states[:, -1])
        return answers


def units_of(cell: CellName, features: int, lstm_units: int) -> int:
    """How many units of a cell have as many weights as ``lstm_units`` of an LSTM, or just fewer."""

    def weights(name: CellName, units: int) -> int:
        return CELLS[name].blocks * units * (features + units + 1)

    budget = weights("lstm", lstm_units)
    units = 1
    while weights(cell, units + 1) <= budget:
        units += 1
    return units


def seeded_reader(cell: CellName, features: int, units: int, outputs: int, seed: int) -> Reader:
    """Weights drawn from a seed; torch's own generator is left as it was."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return Reader(cell, features, units, outputs)
