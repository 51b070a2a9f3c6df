"""Scores as lines of text, and those of several models as a table."""

from collections.abc import Mapping, Sequence
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


def print_comparison(columns: "Mapping[str, Sequence[Measured]]", spread: bool) -> None:
    """A table of the scores of several models, and below it how sacreBLEU computed them."""
    from training.tables import comparison_table

    print(comparison_table(columns, spread))
    signatures = {
        one.metric: one.signature
        for measured in columns.values()
        for one in measured
        if one.signature
    }
    if signatures:
        print()
    for metric, signature in signatures.items():
        print(f"{metric}: {signature}")
