"""The gated recurrent unit (Cho et al. 2014)."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from training.networks.cells.cell import Cell, State


class GRU(Cell):
    """One state, which is kept where the update gate is 1 and written anew where it is 0.

    ::

        papers                                                   Γ
        r_t = σ(W_r x_t + U_r h_{t-1} + b_r)                     Γr = σ(W_r [c, x] + b_r)
        z_t = σ(W_z x_t + U_z h_{t-1} + b_z)                     1 - Γu, Γu = σ(W_u [c, x] + b_u)
        h̃_t = tanh(W_h x_t + b_h + r_t ∘ (U_h h_{t-1} + d))      c̃ = tanh(W_c [Γr ∘ c, x] + b_c)
        h_t = z_t ∘ h_{t-1} + (1 - z_t) ∘ h̃_t                    c = Γu ∘ c̃ + (1 - Γu) ∘ c,  a = c

    In the s notation s stands for h, and (1 - i_t) for the forget gate: s_t = (1 - i_t) ∘ s_{t-1}
    + i_t ∘ s̃_t, i = 1 - z.

    The textbook form, on the right, resets the state before the product, U_h (r_t ∘ h_{t-1}).
    This one resets the product, with a bias d of its own, as `torch.nn.GRU` and cuDNN do, for then
    all three products with h_{t-1} are one; Cho et al. 2014 (version 1 of the paper) has it too,
    and ONNX calls it linear_before_reset. Blocks stand in the order r, z, h̃.
    """

    blocks = 3
    remembering = 1  # z

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__(input_size, hidden_size)
        self.d = nn.Parameter(torch.zeros(hidden_size))

    def advance(self, given: Tensor, state: State) -> State:
        (h,) = state
        wx_r, wx_z, wx_candidate = given.chunk(3, dim=1)
        uh_r, uh_z, uh_candidate = F.linear(h, self.U).chunk(3, dim=1)
        r = torch.sigmoid(wx_r + uh_r)
        z = torch.sigmoid(wx_z + uh_z)
        candidate = torch.tanh(wx_candidate + r * (uh_candidate + self.d))
        h = z * h + (1 - z) * candidate
        return (h,)
