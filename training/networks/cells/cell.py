"""What every cell shares: its weights in blocks, one step, and a layer over time.

Knows no equation. The three notations that the cells' docstrings give side by side are

- *papers*: input gate i, forget gate f, output gate o, cell c, candidate c̃, output h;
- *Γ*: update gate Γu = i, Γf = f, Γo = o, candidate c̃, cell c, output a = h;
- *s*: selective read i, selective forget f, selective write o, state s = c, candidate s̃ = c̃,
  output h; the letters of the matrices are exchanged, U meets x_t and W what was before.

In code W meets the input and U what was before, as in the first.
"""

from abc import ABC, abstractmethod
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional as F

# What a cell keeps from one step to the next: h alone, or h and c; batch x hidden each.
State = tuple[Tensor, ...]


class Cell(nn.Module, ABC):
    """One step (`step`) and a layer over time (`forward`) of a recurrence.

    The weights of gates and candidate stand below each other in blocks of ``hidden_size`` rows.
    """

    blocks: ClassVar[int]  # gates, and the candidate
    memories: ClassVar[int] = 1  # 1: h; 2: h and c
    remembering: ClassVar[int | None] = None  # the block of the gate that keeps what was before
    bound: ClassVar[float] = 1.0  # of |h|

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__()
        self.input_size = input_size
        self.hidden_size = hidden_size
        rows = self.blocks * hidden_size
        self.W = nn.Parameter(torch.empty(rows, input_size))
        self.U = nn.Parameter(torch.empty(rows, hidden_size))
        self.b = nn.Parameter(torch.empty(rows))
        initialise(self.W, self.U, self.b, self.remembering)

    def step(self, x: Tensor, state: State) -> State:
        """The state after x_t (batch x input), whose first tensor is h_t."""
        return self.advance(self.given(x), state)

    def forward(self, inputs: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        """All steps: batch x time x input to h_t of each (batch x time x hidden), and the last
        state. ``state`` is the first one, zero by default. There must be a step.
        """
        if state is None:
            state = self.start(len(inputs))
        outputs = []
        for given in self.given(inputs).unbind(dim=1):  # batch x blocks * hidden
            state = self.advance(given, state)
            outputs.append(state[0])
        return torch.stack(outputs, dim=1), state

    def start(self, batch: int) -> State:
        """h_0 = 0, and c_0 = 0 where there is one."""
        # In the weights' type, also under autocast: a memory of 8 bits forgets by rounding.
        return tuple(self.b.new_zeros(batch, self.hidden_size) for _ in range(self.memories))

    def given(self, x: Tensor) -> Tensor:
        """W x_t + b, the share of a step that is known before it: ... x blocks * hidden."""
        return F.linear(x, self.W, self.b)

    @abstractmethod
    def advance(self, given: Tensor, state: State) -> State:
        """The cell's equation: the state after a step, from W x_t + b and the state before."""


def initialise(W: Tensor, U: Tensor, b: Tensor, remembering: int | None) -> None:
    """First weights: orthogonal U, block by block; Glorot's W; no bias, but remember by default.

    W, U, b: blocks * hidden x input, hidden, nothing. A gate that starts at σ(1) rather than σ(0)
    lets gradients reach further back from the first step on (Jozefowicz et al. 2015).
    """
    hidden = U.shape[1]
    with torch.no_grad():
        nn.init.xavier_uniform_(W)
        for block in U.chunk(len(U) // hidden):
            nn.init.orthogonal_(block)
        b.zero_()
        if remembering is not None:
            b[remembering * hidden : (remembering + 1) * hidden] = 1.0
