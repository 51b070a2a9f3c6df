"""The long short-term memory whose gates look at the cell itself."""

import math
from abc import abstractmethod

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from training.networks.cells.cell import Cell, State


class Peephole(Cell):
    """Gates read c_{t-1} instead of h_{t-1}: a closed output gate hides nothing from them.

    ::

        papers                                        Γ                          s
        i_t = σ(W_i x_t + U_i c_{t-1} + b_i)          Γu = σ(W_u [c, x] + b_u)   i_t (read)
        f_t = σ(W_f x_t + U_f c_{t-1} + b_f)          Γf = σ(W_f [c, x] + b_f)   f_t (forget)
        o_t = σ(W_o x_t + U_o c_{t-1} + b_o)          Γo = σ(W_o [c, x] + b_o)   o_t (write)
        c̃_t = tanh(W_c x_t + U_c h_{t-1} + b_c)       c̃ = tanh(W_c [a, x] + b_c)  s̃_t
        c_t = f_t ∘ c_{t-1} + i_t ∘ c̃_t               c = Γf ∘ c + Γu ∘ c̃         s_t
        h_t = o_t ∘ σ_h(c_t)                          a = Γo ∘ σ_h(c)            h_t

    σ_h is tanh or the identity. After Gers and Schmidhuber 2000, who add the peepholes to h_{t-1},
    each gate of a unit reads the cell of that unit alone, and o_t reads c_t; ONNX's LSTM has that
    form, so this one is exported as a loop. Blocks stand in the order i, f, o, c̃.
    """

    blocks = 4
    memories = 2
    remembering = 1  # f

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__(input_size, hidden_size)
        of_gates, of_candidate = self.U.detach().tensor_split([3 * hidden_size])
        self.U = nn.Parameter(of_gates.clone())  # meets c
        self.U_c = nn.Parameter(of_candidate.clone())  # meets h

    def advance(self, given: Tensor, state: State) -> State:
        h, c = state
        wx_gates, wx_candidate = given.tensor_split([3 * self.hidden_size], dim=1)
        i, f, o = torch.sigmoid(wx_gates + F.linear(c, self.U)).chunk(3, dim=1)
        candidate = torch.tanh(wx_candidate + F.linear(h, self.U_c))
        c = f * c + i * candidate
        h = o * self.shown(c)
        return h, c

    @abstractmethod
    def shown(self, c: Tensor) -> Tensor:
        """σ_h(c_t)."""


class PeepholeTanh(Peephole):
    """h_t = o_t ∘ tanh(c_t)."""

    def shown(self, c: Tensor) -> Tensor:
        return torch.tanh(c)


class PeepholeIdentity(Peephole):
    """h_t = o_t ∘ c_t: what is read is the memory as it is."""

    bound = math.inf

    def shown(self, c: Tensor) -> Tensor:
        return c
