"""The probes, as `evaluate` and `baseline` ask them and print what comes out."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from training.data.examples import LabelledText

if TYPE_CHECKING:
    import numpy as np


def probes_correct(
    shares: "Callable[[Sequence[str]], np.ndarray]", labels: "Sequence[str]"
) -> "np.ndarray":
    """Which probes a classifier has right. Raises DataError for labels that are not theirs."""
    from training.evaluation import class_indices
    from training.probes import read_probes

    probes = read_probes()
    gold = class_indices([LabelledText(*probe[:2]) for probe in probes], labels, "the probe set")
    right: np.ndarray = shares([probe.text for probe in probes]).argmax(axis=1) == gold
    return right


def print_probes(correct: "Mapping[str, np.ndarray]") -> None:
    from training.probes import phenomenon_scores, read_probes
    from training.tables import markdown_table

    columns = [phenomenon_scores(read_probes(), right) for right in correct.values()]
    rows = [
        [parts[0][0], str(parts[0][2]), *(f"{value:.1f}" for _, value, _ in parts)]
        for parts in zip(*columns, strict=True)
    ]
    print("\nprobes, accuracy in percent\n")
    print(markdown_table(["phenomenon", "probes", *correct], rows))
