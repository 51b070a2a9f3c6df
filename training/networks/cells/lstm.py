"""The long short-term memory with a forget gate (Gers et al. 2000)."""

import torch
from torch import Tensor
from torch.nn import functional as F

from training.networks.cells.cell import Cell, State


class LSTM(Cell):
    """A memory c that is written, kept and shown as three gates say.

    ::

        papers                                        Γ                          s
        i_t = σ(W_i x_t + U_i h_{t-1} + b_i)          Γu = σ(W_u [a, x] + b_u)   i_t (read)
        f_t = σ(W_f x_t + U_f h_{t-1} + b_f)          Γf = σ(W_f [a, x] + b_f)   f_t (forget)
        o_t = σ(W_o x_t + U_o h_{t-1} + b_o)          Γo = σ(W_o [a, x] + b_o)   o_t (write)
        c̃_t = tanh(W_c x_t + U_c h_{t-1} + b_c)       c̃ = tanh(W_c [a, x] + b_c)  s̃_t
        c_t = f_t ∘ c_{t-1} + i_t ∘ c̃_t               c = Γf ∘ c + Γu ∘ c̃         s_t
        h_t = o_t ∘ tanh(c_t)                         a = Γo ∘ tanh(c)           h_t

    The gradient of c_t with respect to c_{t-1} is f_t, no product with a matrix: where f is 1,
    nothing vanishes. Blocks stand in the order i, f, c̃, o. Equal to `torch.nn.LSTM`.
    """

    blocks = 4
    memories = 2
    remembering = 1  # f

    def advance(self, given: Tensor, state: State) -> State:
        h, c = state
        i, f, candidate, o = (given + F.linear(h, self.U)).chunk(4, dim=1)
        c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(candidate)
        h = torch.sigmoid(o) * torch.tanh(c)
        return h, c
