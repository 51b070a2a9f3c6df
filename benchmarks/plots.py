"""Draws the raw results: few pictures, small files. Measures nothing."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib

from benchmarks.catalogue import SENTIMENT, TRANSLATION
from benchmarks.results import Results
from benchmarks.statistics import median
from benchmarks.targets import GATEHOUSE, IN_PROCESS, sentiment_limits

matplotlib.use("Agg")
from matplotlib import pyplot

_OURS, _OTHERS = "tab:blue", "tab:gray"


def draw(results: Results, folder: Path) -> list[Path]:
    """Write the PNG files for which there are results; their names begin with their section's."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for name, picture in (
        ("sentiment", _sentiment),
        ("translation", _translation),
        ("overload", _overload),
        ("memory", _memory),
    ):
        path = folder / f"{name}.png"
        path.unlink(missing_ok=True)
        figure = picture(results)
        if figure is not None:
            figure.savefig(path, dpi=90)
            pyplot.close(figure)
            paths.append(path)
    return paths


def _sentiment(results: Results) -> Any | None:
    titles = {system.name: system.title for system in SENTIMENT}
    scenario = "sentiment-32"
    systems = results.systems(scenario)
    if not systems:
        return None
    figure, (left, right) = pyplot.subplots(
        1, 2, figsize=(11, 3.8), layout="constrained", sharey=True
    )
    order = sorted(
        systems, key=lambda name: _median(results, scenario, name, "requests_per_second")
    )
    _bars(left, results, scenario, order, "requests_per_second", titles)
    left.set(xlabel="requests a second, 32 clients")
    limits = sentiment_limits(results, scenario)
    if limits:
        left.axvline(
            median(list(limits.values())),
            color="black",
            linestyle="--",
            linewidth=1,
            label="the limit",
        )
        left.legend()
    _bars(right, results, "sentiment-alone", order, "p50", titles)
    right.set(xlabel="p50 of one client alone, ms")
    return figure


def _translation(results: Results) -> Any | None:
    titles = {system.name: system.title for system in TRANSLATION}
    scenario = "translation-greedy"
    systems = results.systems(scenario)
    if not systems:
        return None
    figure, axes = pyplot.subplots(figsize=(8, 2.8), layout="constrained")
    order = sorted(
        systems, key=lambda name: _median(results, scenario, name, "requests_per_second")
    )
    _bars(axes, results, scenario, order, "requests_per_second", titles)
    axes.set(xlabel="sentences a second, greedy, 32 clients")
    ceiling = results.median("translation-ceiling", IN_PROCESS, "sentences_per_second")
    if ceiling is not None:
        axes.axvline(ceiling, color="black", linestyle="--", linewidth=1, label="in-process")
        axes.legend()
    return figure


def _overload(results: Results) -> Any | None:
    curves = {
        name.removeprefix("overload: "): points
        for name, points in results.curves.items()
        if name.startswith("overload: ") and points
    }
    if not curves:
        return None
    figure, axes = pyplot.subplots(figsize=(8, 3.6), layout="constrained")
    for name, points in curves.items():
        axes.plot(*zip(*points, strict=True), label=name)
    axes.set(xlabel="ms from due to answered", ylabel="% of the answers", xscale="log")
    axes.grid(alpha=0.3)
    axes.legend()
    return figure


def _memory(results: Results) -> Any | None:
    points = results.curves.get("resident memory")
    if not points:
        return None
    figure, axes = pyplot.subplots(figsize=(8, 2.8), layout="constrained")
    axes.plot(*zip(*points, strict=True), color=_OURS)
    axes.set(xlabel="seconds of requests of varied length", ylabel="resident, MB")
    axes.set_ylim(bottom=0)
    axes.grid(alpha=0.3)
    return figure


def _bars(
    axes: Any,
    results: Results,
    scenario: str,
    systems: Sequence[str],
    key: str,
    titles: dict[str, str],
) -> None:
    values = [_median(results, scenario, system, key) for system in systems]
    colours = [_OURS if system == GATEHOUSE else _OTHERS for system in systems]
    axes.barh([titles[system] for system in systems], values, color=colours)
    axes.grid(axis="x", alpha=0.3)


def _median(results: Results, scenario: str, system: str, key: str) -> float:
    return results.median(scenario, system, key) or 0.0
