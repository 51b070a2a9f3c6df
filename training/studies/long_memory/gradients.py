"""What of the loss at the end reaches the state d steps before. Pure: networks in, numbers out."""

import copy

import torch

from training.networks.cells.cell import Cell, State
from training.networks.cells.layers import reference_cell
from training.studies.long_memory.network import Reader
from training.studies.long_memory.tasks import MemoryTask

ROWS = 32  # sequences


def gradient_norms(reader: Reader, task: MemoryTask, distance: int, seed: int) -> list[float]:
    """The norm of ∂ loss / ∂ state, d = 0 … distance steps before the end.

    The state is all that a cell hands on: h, or h and c together. The loss is the task's, of
    sequences of distance + 1 steps; the norm is the median over them. In float64, whose smallest
    number is small enough for what vanishes.
    """
    cell = reference_cell(reader.layer).double()
    head = copy.deepcopy(reader.head).double()
    generator = torch.Generator().manual_seed(seed)
    inputs, targets = task.draw(ROWS, distance + 1, generator)
    inputs = inputs[:, : distance + 1].double()  # a recall over this gap has a step more
    if targets.is_floating_point():
        targets = targets.double()
    states = _states(cell, inputs)
    loss = task.loss(head(states[-1][0]), targets) * ROWS  # a row's gradient is its own
    flat = [part for state in states for part in state]
    gradients = torch.autograd.grad(loss, flat, materialize_grads=True)  # no one reads the last c
    width = cell.memories
    norms = [
        torch.cat(gradients[place : place + width], dim=1).norm(dim=1).median().item()
        for place in range(0, len(gradients), width)
    ]
    return [float(f"{norm:.4g}") for norm in reversed(norms)]


def _states(cell: Cell, inputs: torch.Tensor) -> list[State]:
    """The state after each step, each a cut: what follows goes on from it and from nothing else."""
    states = []
    state = cell.start(len(inputs))
    for given in cell.given(inputs).unbind(dim=1):
        # Without the copy the gradient of c would hold what reaches it by way of its own h.
        state = tuple(part.clone() for part in cell.advance(given, state))
        states.append(state)
    return states


def with_larger_memory(reader: Reader, factor: float) -> Reader:
    """A copy of an RNN's reader whose U is ``factor`` times as large."""
    larger = copy.deepcopy(reader)
    larger.layer = reference_cell(larger.layer)
    with torch.no_grad():
        larger.layer.U.mul_(factor)
    return larger
