"""Curves and matrices as PNG files. Knows nothing about runs or networks."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
from numpy.typing import ArrayLike

matplotlib.use("Agg")
from matplotlib import pyplot


def draw_curves(
    path: Path,
    curves: Mapping[str, Sequence[tuple[float, float]]],
    x: str,
    y: str,
    *,
    logarithmic: bool = False,
    ticks: Sequence[str] = (),
) -> Path:
    """Points (x, y) of each curve by its name; x and y: what the axes say.

    logarithmic: y, of which what is not above 0 is left out. ticks: words at x = 0, 1, ….
    """
    figure, axes = pyplot.subplots(figsize=(7, 4), layout="constrained")
    for name, points in curves.items():
        axes.plot(*zip(*points, strict=True), label=name, marker="." if len(points) < 50 else None)
    axes.set(xlabel=x, ylabel=y)
    if logarithmic:
        axes.set_yscale("log")
    if ticks:
        # A text is a text: two dollar signs are no formula.
        axes.set_xticks(range(len(ticks)), ticks, rotation=90, parse_math=False)
    axes.grid(alpha=0.3)
    axes.legend()
    return _save(figure, path)


def draw_matrix(path: Path, values: ArrayLike, rows: Sequence[str], columns: Sequence[str]) -> Path:
    """Values from 0 (white) to 1 (black), rows x columns."""
    figure, axes = pyplot.subplots(
        figsize=(2 + 0.35 * len(columns), 1.5 + 0.3 * len(rows)), layout="constrained"
    )
    axes.imshow(np.array(values, ndmin=2), cmap="Greys", vmin=0, vmax=1)
    axes.set_xticks(range(len(columns)), columns, rotation=90, parse_math=False)
    axes.set_yticks(range(len(rows)), rows, parse_math=False)
    return _save(figure, path)


def _save(figure: Any, path: Path) -> Path:
    figure.savefig(path, dpi=100)
    pyplot.close(figure)
    return path
