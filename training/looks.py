"""A look at the validation data: how it is taken, and how a run's log keeps it.

Knows nothing about training: called from its loop, and for weights that no loop made.
"""

from collections.abc import Sequence
from typing import Any

import torch

from training.device import Precision, autocast
from training.task import Task, Validation

_KIND = "validation"


def take_look(task: Task, device: torch.device, precision: Precision) -> Validation:
    """What the validation data say of the task's network as it stands, on its device."""
    with torch.no_grad():
        task.network.eval()
        with autocast(device, precision):
            return task.validate()


def look_record(
    metric: str, validation: Validation, step: int, epoch: int, best: bool
) -> dict[str, Any]:
    """The line of a log. metric: of the task; best: whether no look before it scored higher."""
    return {
        "kind": _KIND,
        "step": step,
        "epoch": epoch,
        "metric": metric,
        "score": validation.score,
        "best": best,
        "details": validation.details,
        "attention": validation.attention,
    }


def looks_in(records: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The looks among a log's records, in their order."""
    return [record for record in records if record["kind"] == _KIND]
