"""The long short-term memory as it was first: without a forget gate."""

import torch
from torch import Tensor
from torch.nn import functional as F

from training.networks.cells.cell import Cell, State


class LSTM1997(Cell):
    """Selective write and selective read, and nothing is ever forgotten.

    ::

        papers                                        Γ                          s
        i_t = σ(W_i x_t + U_i h_{t-1} + b_i)          Γu = σ(W_u [a, x] + b_u)   i_t (read)
        o_t = σ(W_o x_t + U_o h_{t-1} + b_o)          Γo = σ(W_o [a, x] + b_o)   o_t (write)
        c̃_t = tanh(W_c x_t + U_c h_{t-1} + b_c)       c̃ = tanh(W_c [a, x] + b_c)  s̃_t
        c_t = c_{t-1} + i_t ∘ c̃_t                     c = c + Γu ∘ c̃              s_t
        h_t = o_t ∘ tanh(c_t)                         a = Γo ∘ tanh(c)           h_t

    Hochreiter and Schmidhuber 1997, with tanh for their two squashing functions and the whole
    gradient in place of their truncated one. The gradient of c_t with respect to c_{t-1} is 1, the
    constant error carousel. c grows without bound on long texts, which the forget gate was
    invented against. Blocks stand in the order i, c̃, o.
    """

    blocks = 3
    memories = 2

    def advance(self, given: Tensor, state: State) -> State:
        h, c = state
        i, candidate, o = (given + F.linear(h, self.U)).chunk(3, dim=1)
        c = c + torch.sigmoid(i) * torch.tanh(candidate)
        h = torch.sigmoid(o) * torch.tanh(c)
        return h, c
