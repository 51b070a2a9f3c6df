"""Draws a run's log: loss, validation scores, attention of example sentences.

Reads the log alone; knows nothing about networks.
"""

from pathlib import Path
from typing import Any

import matplotlib
import numpy as np

from training.run_folder import RunError, RunFolder

matplotlib.use("Agg")
from matplotlib import pyplot


def plot_run(run: RunFolder) -> list[Path]:
    """Write PNG files into the run's folder ``plots``. Raises RunError for an empty log."""
    records = run.records()
    steps = [record for record in records if record["kind"] == "step"]
    looks = [record for record in records if record["kind"] == "validation"]
    if not steps and not looks:
        raise RunError(f"{run.log} holds no records yet: train for some steps first")
    folder = run.path / "plots"
    folder.mkdir(exist_ok=True)
    paths = []
    if steps:
        paths.append(_curve(folder / "loss.png", {"training loss": _points(steps, "loss")}, "loss"))
    if looks:
        metric = looks[-1]["metric"]
        curves = {metric: _points(looks, "score")}
        for name in looks[-1]["details"]:
            if name != "loss" and len(looks[-1]["details"]) > 2:
                curves[name] = [(r["step"], r["details"][name]) for r in looks]
        paths.append(_curve(folder / "validation.png", curves, metric))
        for i, example in enumerate(looks[-1]["attention"]):
            paths.append(_attention(folder / f"attention-{i + 1}.png", example))
    return paths


def _points(records: list[dict[str, Any]], key: str) -> list[tuple[int, float]]:
    return [(record["step"], record[key]) for record in records]


def _curve(path: Path, curves: dict[str, list[tuple[int, float]]], label: str) -> Path:
    figure, axes = pyplot.subplots(figsize=(7, 4), layout="constrained")
    for name, points in curves.items():
        axes.plot(*zip(*points, strict=True), label=name, marker="." if len(points) < 50 else None)
    axes.set(xlabel="step", ylabel=label)
    axes.grid(alpha=0.3)
    axes.legend()
    return _save(figure, path)


def _attention(path: Path, example: dict[str, Any]) -> Path:
    """One row a target token, one column a source token."""
    source, target = example["source"], example["target"]
    figure, axes = pyplot.subplots(
        figsize=(2 + 0.35 * len(source), 1.5 + 0.3 * len(target)), layout="constrained"
    )
    axes.imshow(np.array(example["weights"], ndmin=2), cmap="Greys", vmin=0, vmax=1)
    # A text is a text: two dollar signs are no formula.
    axes.set_xticks(range(len(source)), source, rotation=90, parse_math=False)
    axes.set_yticks(range(len(target)), target, parse_math=False)
    return _save(figure, path)


def _save(figure: Any, path: Path) -> Path:
    figure.savefig(path, dpi=120)
    pyplot.close(figure)
    return path
