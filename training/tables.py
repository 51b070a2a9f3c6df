"""Scores of several models on several sets as one table in Markdown. Knows no models."""

from collections.abc import Mapping, Sequence

import numpy as np

from training.evaluation import Measured

CLASSIFICATION = ("accuracy", "macro F1", "calibration error")


def score_table(columns: Mapping[str, Sequence[Measured]]) -> str:
    """A row for each set and one for the mean over the sets, a column for each model.

    A cell reads "accuracy / macro F1 / calibration error" in percent.
    """
    values = {
        (model, one.dataset, one.metric): one.value
        for model, measured in columns.items()
        for one in measured
    }
    rows = {one.dataset: one.rows for measured in columns.values() for one in measured}

    def cell(model: str, sets: Sequence[str]) -> str:
        means = (
            np.mean([values[model, name, metric] for name in sets]) for metric in CLASSIFICATION
        )
        return " / ".join(f"{mean:.2f}" for mean in means)

    lines = [[name, f"{count:,}", *(cell(model, [name]) for model in columns)]
             for name, count in rows.items()]  # fmt: skip
    if len(rows) > 1:
        lines.append(["mean", "", *(cell(model, list(rows)) for model in columns)])
    return markdown_table(["test set", "rows", *columns], lines)


def comparison_table(columns: Mapping[str, Sequence[Measured]], spread: bool = False) -> str:
    """A row for each score of each set, a column for each model; a cell stays empty where a model
    has no such score.

    spread: add the mean of a row and its largest value less its smallest, where all have one.
    """
    rows: dict[tuple[str, str, int], dict[str, float]] = {}
    for model, measured in columns.items():
        for one in measured:
            rows.setdefault((one.dataset, one.metric, one.rows), {})[model] = one.value
    header = ["test set", "rows", "score", *columns, *(["mean", "spread"] if spread else [])]
    lines = []
    for (name, metric, count), values in rows.items():
        line = [name, f"{count:,}", metric]
        line += [f"{values[model]:g}" if model in values else "" for model in columns]
        if spread and len(values) == len(columns):
            line += [f"{np.mean([*values.values()]):.4g}"]
            line += [f"{max(values.values()) - min(values.values()):.3g}"]
        elif spread:
            line += ["", ""]
        lines.append(line)
    return markdown_table(header, lines)


def markdown_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Cells of a row set apart by bars, below a header; a bar inside a cell is escaped."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(
        f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |" for line in lines
    )
