"""The plain recurrent network (Elman 1990)."""

import torch
from torch import Tensor
from torch.nn import functional as F

from training.networks.cells.cell import Cell, State


class RNN(Cell):
    """h_t is all that it remembers, and every step writes all of it anew.

    ::

        papers   h_t = tanh(W x_t + U h_{t-1} + b)
        Γ        a_t = tanh(W_a [a_{t-1}, x_t] + b_a)
        s        s_t = σ(U x_t + W s_{t-1} + b),       y_t = O(V s_t + c)

    σ is tanh here. O, V and c are the layer that reads the states, as a classifier's head. What
    happened k steps ago has gone through k products with U and k tanh: its gradient is a product
    of k matrices diag(1 - h²) U, which vanishes or explodes (Bengio et al. 1994).
    Equal to `torch.nn.RNN`.
    """

    blocks = 1

    def advance(self, given: Tensor, state: State) -> State:
        (h,) = state
        h = torch.tanh(given + F.linear(h, self.U))
        return (h,)
