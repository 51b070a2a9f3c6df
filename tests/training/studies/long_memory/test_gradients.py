"""Gradient norms by distance, against products of Jacobians and against a cell that keeps all."""

from functools import partial

import numpy as np
import pytest
import torch

from training.networks.cells.cell import Cell
from training.networks.cells.layers import CELLS, reference_cell
from training.networks.cells.names import CellName
from training.studies.long_memory.gradients import ROWS, gradient_norms, with_larger_memory
from training.studies.long_memory.network import Reader, seeded_reader, units_of
from training.studies.long_memory.tasks import TASKS, MemoryTask

UNITS = 5


def reader(cell: CellName, task: MemoryTask) -> Reader:
    return seeded_reader(cell, task.features, UNITS, task.outputs, seed=1)


def by_jacobians(made: Reader, task: MemoryTask, distance: int, seed: int) -> np.ndarray:
    """The same norms by the chain rule: the head's gradient times one step's Jacobian each."""
    cell = reference_cell(made.layer).double()
    head = made.head.double()
    inputs, targets = task.draw(ROWS, distance + 1, torch.Generator().manual_seed(seed))
    inputs = inputs[:, : distance + 1].double()
    norms = []
    for row in range(ROWS):
        target = targets[row : row + 1]
        target = target.double() if target.is_floating_point() else target
        flat = torch.zeros(UNITS * cell.memories, dtype=torch.float64)
        jacobians = []
        for t in range(distance + 1):
            x = inputs[row : row + 1, t]
            jacobians.append(torch.func.jacrev(partial(one_step, cell, x))(flat))
            flat = one_step(cell, x, flat).detach()
        last = flat.clone().requires_grad_()
        loss = task.loss(head(last[None, :UNITS]), target)
        (gradient,) = torch.autograd.grad(loss, last)
        own = [gradient.norm().item()]
        for jacobian in reversed(jacobians[1:]):
            gradient = gradient @ jacobian
            own.append(gradient.norm().item())
        norms.append(own)
    return torch.tensor(norms).median(dim=0).values.numpy()


def one_step(cell: Cell, x: torch.Tensor, flat: torch.Tensor) -> torch.Tensor:
    state = tuple(part[None] for part in flat.split(UNITS))  # type: ignore[no-untyped-call]
    return torch.cat(cell.step(x, state), dim=1)[0]


@pytest.mark.parametrize(
    ("cell", "name"), [*((cell, "recall") for cell in CELLS), ("lstm", "adding")]
)
def test_norms_are_those_of_the_chain_rule(cell: CellName, name: str) -> None:
    task = TASKS[name]
    made = reader(cell, task)
    got = gradient_norms(made, task, distance=3, seed=7)
    np.testing.assert_allclose(got, by_jacobians(made, task, 3, 7), rtol=1e-3)


def test_a_memory_that_nothing_touches_keeps_the_gradient() -> None:
    task = TASKS["recall"]
    made = reader("lstm-1997", task)
    with torch.no_grad():
        made.layer.get_parameter("U").zero_()  # c_t = c_{t-1} + what x_t adds
    norms = gradient_norms(made, task, distance=40, seed=7)
    assert norms[1:] == pytest.approx([norms[1]] * 40, rel=1e-3)
    assert norms[1] > 0


def test_a_plain_network_forgets_faster_the_smaller_its_matrix() -> None:
    task = TASKS["recall"]
    made = reader("rnn", task)
    smaller = gradient_norms(with_larger_memory(made, 0.5), task, distance=60, seed=7)
    own = gradient_norms(made, task, distance=60, seed=7)
    # Every step is worth a factor of a half at most; what float32 would call 0 is a number.
    assert smaller[60] <= smaller[0] * 0.5**60
    assert 0 < smaller[60] < own[60]
    assert torch.equal(made.layer.get_parameter("weight_hh_l0"),
                       reader("rnn", task).layer.get_parameter("weight_hh_l0"))  # fmt: skip


@pytest.mark.parametrize("cell", list(CELLS))
@pytest.mark.parametrize("features", [2, 16])
def test_cells_have_as_many_weights_as_the_lstm(cell: CellName, features: int) -> None:
    sizes = []
    names: tuple[CellName, CellName] = (cell, "lstm")
    for name in names:
        layer = seeded_reader(name, features, units_of(name, features, 32), 1, seed=1).layer
        sizes.append(sum(weights.numel() for weights in reference_cell(layer).parameters()))
    assert sizes[0] == pytest.approx(sizes[1], rel=0.06)


def test_a_seed_gives_the_same_network_and_leaves_the_generator_alone() -> None:
    torch.manual_seed(3)
    expected = torch.rand(1)
    torch.manual_seed(3)
    one, again = (seeded_reader("gru", 3, 4, 2, seed=1) for _ in range(2))
    assert torch.equal(torch.rand(1), expected)
    assert all(map(torch.equal, one.parameters(), again.parameters()))
