"""Scores as lines of text."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from service.artifact import Score

if TYPE_CHECKING:
    from training.evaluation import Measured


def print_scores(measured: "Sequence[Measured | Score]") -> None:
    """A line each, and below it how sacreBLEU computed it."""
    for one in measured:
        print(f"{one.dataset} {one.metric}: {one.value} ({one.rows:,} rows)")
        if one.signature:
            print(f"    {one.signature}")
