"""The cells against torch's own, against finite differences, and against numbers by hand."""

import math

import pytest
import torch
from torch import Tensor, nn

from training.networks.cells.cell import Cell, State
from training.networks.cells.gru import GRU
from training.networks.cells.layers import CELLS, recurrent_layer, reference_cell
from training.networks.cells.lstm import LSTM
from training.networks.cells.lstm_1997 import LSTM1997
from training.networks.cells.names import CellName
from training.networks.cells.peephole import PeepholeIdentity, PeepholeTanh
from training.networks.cells.rnn import RNN

FEATURES, HIDDEN, BATCH, TIME = 5, 7, 3, 11
FAST: list[CellName] = ["lstm", "gru", "rnn"]
NAMES: list[CellName] = list(CELLS)


def enlarged(layer: nn.Module) -> nn.Module:
    """Weights and biases of a normal distribution, so that no gate and no bias is idle."""
    with torch.no_grad():
        for parameter in layer.parameters():
            parameter.normal_(std=0.7)
    return layer


def first_state(cell: Cell) -> State:
    return tuple(torch.randn(BATCH, HIDDEN) for _ in range(cell.memories))


def torchs(state: State) -> Tensor | State:
    """A state as torch's layers take and give it: 1 x batch x hidden, in a pair for an LSTM."""
    parts = tuple(part[None] for part in state)
    return parts if len(parts) == 2 else parts[0]


def parts_of(state: Tensor | State) -> State:
    return tuple(part[0] for part in (state if isinstance(state, tuple) else (state,)))


@pytest.mark.parametrize("given", [False, True])
@pytest.mark.parametrize("name", FAST)
def test_a_cell_equals_torchs_own_in_output_and_gradient(name: CellName, given: bool) -> None:
    torch.manual_seed(1)
    fast = enlarged(recurrent_layer(name, FEATURES, HIDDEN))
    cell = reference_cell(fast)
    assert type(cell) is CELLS[name]
    inputs = torch.randn(BATCH, TIME, FEATURES)
    start = first_state(cell)
    results, gradients = [], []
    for layer in (cell, fast):
        x = inputs.clone().requires_grad_()
        begin = tuple(part.clone().requires_grad_() for part in start) if given else ()
        handed = None if not given else begin if layer is cell else torchs(begin)
        outputs, last = layer(x, handed)
        last = last if layer is cell else parts_of(last)
        results.append((outputs, *last))
        torch.manual_seed(2)  # a loss that reads every output and the last state
        loss = sum((part * torch.randn(part.shape)).sum() for part in results[-1])
        weights = dict(layer.named_parameters())
        wanted = [x, *begin, *weights.values()]
        gradients.append(dict(zip(["x", "h", "c"][: 1 + len(begin)] + list(weights),
                                  torch.autograd.grad(loss, wanted), strict=True)))  # fmt: skip
    for mine, theirs in zip(*results, strict=True):
        torch.testing.assert_close(mine, theirs, rtol=0, atol=1e-6)
    mine, theirs = gradients
    pairs: list[tuple[str, str]] = [(part, part) for part in ("x", "h", "c") if part in mine]
    pairs += [("W", "weight_ih_l0"), ("U", "weight_hh_l0"), ("b", "bias_ih_l0")]
    for one, other in pairs:
        # The gradient of a weight is a sum over batch and time: to 1e-6 of its size.
        size = max(1.0, float(theirs[other].abs().max()))
        torch.testing.assert_close(mine[one], theirs[other], rtol=0, atol=1e-6 * size)
    if name == "gru":
        torch.testing.assert_close(mine["d"], theirs["bias_hh_l0"][2 * HIDDEN :], rtol=0, atol=1e-5)


@pytest.mark.parametrize("name", NAMES)
def test_gradients_are_those_of_finite_differences(name: CellName) -> None:
    torch.manual_seed(1)
    cell = CELLS[name](2, 3).double()
    enlarged(cell)
    names = [key for key, _ in cell.named_parameters()]

    def run(x: Tensor, *rest: Tensor) -> tuple[Tensor, ...]:
        state, weights = rest[: cell.memories], rest[cell.memories :]
        given = dict(zip(names, weights, strict=True))
        outputs, last = torch.func.functional_call(cell, given, (x, state))
        return outputs, *last

    x = torch.randn(2, 4, 2).double().requires_grad_()
    state = [torch.randn(2, 3).double().requires_grad_() for _ in range(cell.memories)]
    assert torch.autograd.gradcheck(run, (x, *state, *cell.parameters()))


@pytest.mark.parametrize("name", NAMES)
def test_the_layer_over_time_is_step_after_step(name: CellName) -> None:
    torch.manual_seed(1)
    cell = CELLS[name](FEATURES, HIDDEN)
    inputs = torch.randn(BATCH, TIME, FEATURES)
    state = cell.start(BATCH)
    assert [part.shape for part in state] == [(BATCH, HIDDEN)] * cell.memories
    assert not any(part.any() for part in state)
    outputs, last = cell(inputs)
    for t in range(TIME):
        state = cell.step(inputs[:, t], state)
        torch.testing.assert_close(outputs[:, t], state[0])
    torch.testing.assert_close(last, state)
    # From the middle on, with the state that stood there.
    _, middle = cell(inputs[:, :4])
    torch.testing.assert_close(cell(inputs[:, 4:], middle)[0], outputs[:, 4:])


def by_hand(name: CellName, x: float, h: float, c: float) -> tuple[float, ...]:
    """A step of a cell of one unit whose weights are 0.1, 0.2, ... in the order of the blocks."""

    def σ(z: float) -> float:
        return 1 / (1 + math.exp(-z))

    def gate(number: int, seen: float) -> float:
        """W x + U seen + b of a block: its number over 10, 100 and 1000."""
        return number * (x / 10 + seen / 100 + 1 / 1000)

    if name == "rnn":
        return (math.tanh(gate(1, h)),)
    if name == "gru":
        r, z = σ(gate(1, h)), σ(gate(2, h))
        candidate = math.tanh(3 * (x / 10 + 1 / 1000) + r * (3 * h / 100 + 0.5))
        return (z * h + (1 - z) * candidate,)
    if name == "lstm-1997":
        c = c + σ(gate(1, h)) * math.tanh(gate(2, h))
        return σ(gate(3, h)) * math.tanh(c), c
    if name == "lstm":
        c = σ(gate(2, h)) * c + σ(gate(1, h)) * math.tanh(gate(3, h))
        return σ(gate(4, h)) * math.tanh(c), c
    i, f, o = (σ(gate(number, c)) for number in (1, 2, 3))
    c = f * c + i * math.tanh(gate(4, h))
    return o * (c if name == "peephole-identity" else math.tanh(c)), c


@pytest.mark.parametrize("name", NAMES)
def test_a_step_by_hand(name: CellName) -> None:
    cell = CELLS[name](1, 1).double()
    with torch.no_grad():
        numbers = torch.arange(1.0, cell.blocks + 1, dtype=torch.float64)
        cell.W.copy_(numbers[:, None] / 10)
        cell.b.copy_(numbers / 1000)
        for matrix, block in zip(
            (cell.U, *([cell.U_c] if isinstance(cell, PeepholeTanh | PeepholeIdentity) else [])),
            (numbers[: len(cell.U)], numbers[len(cell.U) :]),
            strict=False,
        ):
            matrix.copy_(block[:, None] / 100)
        if isinstance(cell, GRU):
            cell.d.fill_(0.5)
    x, h, c = 0.6, -0.4, 1.7
    state = tuple(torch.tensor([[part]]).double() for part in (h, c)[: cell.memories])
    got = [float(part.detach()) for part in cell.step(torch.tensor([[x]]).double(), state)]
    assert got == pytest.approx(by_hand(name, x, h, c), abs=1e-7)


def test_the_lstm_of_1997_forgets_nothing() -> None:
    torch.manual_seed(1)
    cell, x = LSTM1997(FEATURES, HIDDEN), torch.randn(BATCH, FEATURES)
    h, c = torch.zeros(BATCH, HIDDEN), torch.randn(BATCH, HIDDEN).requires_grad_()
    after = cell.step(x, (h, c))[1]
    (gradient,) = torch.autograd.grad(after.sum(), c)
    assert torch.equal(gradient, torch.ones_like(c))
    # It is the LSTM whose forget gate stands at 1.
    modern = LSTM(FEATURES, HIDDEN)
    with torch.no_grad():
        modern.b.zero_()
        modern.b[HIDDEN : 2 * HIDDEN] = 100
        for mine, theirs in ((modern.W, cell.W), (modern.U, cell.U)):
            i, candidate, o = theirs.chunk(3)
            mine.copy_(torch.cat([i, torch.zeros_like(i), candidate, o]))
    inputs = torch.randn(BATCH, TIME, FEATURES)
    torch.testing.assert_close(modern(inputs), cell(inputs))


def test_gates_with_peepholes_see_the_memory_and_not_what_is_shown() -> None:
    torch.manual_seed(1)
    cell, x = PeepholeTanh(FEATURES, HIDDEN), torch.randn(BATCH, FEATURES)
    with torch.no_grad():
        cell.U_c.zero_()  # then h_{t-1} is read by nothing
    c = torch.randn(BATCH, HIDDEN)
    one, other = (cell.step(x, (torch.randn(BATCH, HIDDEN), c)) for _ in range(2))
    assert torch.equal(one[0], other[0])
    moved = cell.step(x, (torch.zeros(BATCH, HIDDEN), c + 1))
    assert not torch.allclose(moved[0], one[0])


def test_the_identity_shows_more_than_one() -> None:
    inputs = torch.ones(1, 60, 1)
    for kind, most in ((PeepholeTanh, 1.0), (PeepholeIdentity, 100.0)):
        cell = kind(1, 1)
        with torch.no_grad():
            cell.b.copy_(torch.tensor([9.0, 9.0, 9.0, 9.0]))  # all gates open
            for matrix in (cell.W, cell.U, cell.U_c):
                matrix.zero_()
        largest = float(cell(inputs)[0].max().detach())
        assert largest <= min(most, cell.bound)
        assert largest > 0.9 * min(most, 60)


@pytest.mark.parametrize("name", NAMES)
def test_first_weights_remember(name: CellName) -> None:
    cell = reference_cell(recurrent_layer(name, FEATURES, HIDDEN))
    expected = torch.zeros(cell.blocks, HIDDEN)
    if cell.remembering is not None:
        expected[cell.remembering] = 1.0
    torch.testing.assert_close(cell.b.detach().reshape(cell.blocks, HIDDEN), expected)
    for matrix in (cell.U, *([cell.U_c] if isinstance(cell, PeepholeTanh) else [])):
        for block in matrix.detach().chunk(len(matrix) // HIDDEN):
            torch.testing.assert_close(block @ block.T, torch.eye(HIDDEN))


@pytest.mark.parametrize("name", NAMES)
def test_a_reference_is_a_copy(name: CellName) -> None:
    layer = recurrent_layer(name, FEATURES, HIDDEN).double()
    cell = reference_cell(layer)
    assert cell.b.dtype == torch.float64
    before = next(layer.parameters()).clone()
    enlarged(cell)
    assert torch.equal(next(layer.parameters()), before)


def test_what_is_no_recurrent_layer_is_refused() -> None:
    with pytest.raises(TypeError, match="Linear is no recurrent layer"):
        reference_cell(nn.Linear(2, 2))


def test_the_state_keeps_its_precision_under_autocast() -> None:
    # 256 + 1 is 256 in bfloat16: a counter that was kept in it would stand still.
    cell = LSTM1997(1, 1)
    with torch.no_grad():
        cell.b.fill_(9.0)
        cell.W.zero_()
        cell.U.zero_()
        with torch.autocast("cpu", dtype=torch.bfloat16):
            _, (_, c) = cell(torch.zeros(1, 300, 1))
    assert float(c) > 295


def test_an_rnn_morphs_what_it_remembers() -> None:
    torch.manual_seed(1)
    cell = RNN(FEATURES, HIDDEN)
    x, h = torch.randn(1, FEATURES), torch.zeros(1, HIDDEN).requires_grad_()
    after = cell.step(x, (h,))[0]
    jacobian = torch.stack([torch.autograd.grad(after[0, unit], h, retain_graph=True)[0][0]
                            for unit in range(HIDDEN)])  # fmt: skip
    expected = torch.diag(1 - after[0].detach() ** 2) @ cell.U.detach()
    torch.testing.assert_close(jacobian, expected)
