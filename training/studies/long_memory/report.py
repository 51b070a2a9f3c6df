"""The study's results as tables and plots. Reads results alone; knows nothing about networks."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np

from training.studies.long_memory.tasks import TASKS
from training.tables import markdown_table

matplotlib.use("Agg")
from matplotlib import pyplot

Array = np.ndarray
Results = Sequence[Mapping[str, Any]]
COLOURS = {
    "rnn": "tab:red",
    "lstm-1997": "tab:brown",
    "lstm": "tab:blue",
    "peephole": "tab:cyan",
    "peephole-identity": "tab:purple",
    "gru": "tab:green",
}
FLOOR = 1e-20  # of plotted norms
ACCURACY = "right answers in percent, seeds' lowest to highest (updates)"
GRADIENT = "gradient of the loss at the end by the state d steps before, as a share of the end's"
DISTANCES = (1, 10, 50, 100, 200, 500)  # of the table


def best_rates(results: Results) -> list[Mapping[str, Any]]:
    """The results with the learning rate that was best for a task, cell and gap.

    Chosen by the last look of each seed, whose sequences are not those of the reported accuracy.
    """
    groups: dict[tuple[str, str, int], dict[float, list[Mapping[str, Any]]]] = defaultdict(dict)
    for one in results:
        key = one["task"], one["cell"], one["gap"]
        groups[key].setdefault(one["learning_rate"], []).append(one)

    def worth(seeds: Results) -> tuple[float, float]:
        """The mean accuracy at the last look; where that is the same, fewer updates."""
        looks = float(np.mean([one["looks"][-1] for one in seeds]))
        return looks, -float(np.mean([one["updates"] for one in seeds]))

    return [one for rates in groups.values() for one in max(rates.values(), key=worth)]


def accuracy_table(results: Results, task: str) -> str:
    """A row a cell, a column a gap: mean accuracy over seeds in percent, and updates."""
    chosen = [one for one in best_rates(results) if one["task"] == task]
    gaps = sorted({one["gap"] for one in chosen})
    rows = []
    for cell in dict.fromkeys(one["cell"] for one in chosen):
        own = [one for one in chosen if one["cell"] == cell]
        cells = [_cell([one for one in own if one["gap"] == gap]) for gap in gaps]
        rows.append([cell, str(own[0]["units"]), *cells])
    return markdown_table(["cell", "units", *(f"k = {gap}" for gap in gaps)], rows)


def _cell(seeds: Results) -> str:
    """The accuracy, "lowest to highest" where seeds differ, and how long they trained."""
    values = [100 * one["accuracy"] for one in seeds]
    low, high = f"{min(values):.0f}", f"{max(values):.0f}"
    updates = f"{np.mean([one['updates'] for one in seeds]):,.0f}"
    return f"{low} ({updates})" if low == high else f"{low} to {high} ({updates})"


def gradient_curves(results: Results, task: str) -> dict[str, dict[str, Array]]:
    """By stage and cell: norms over distance as a share of that at the end; seeds' median.

    Stages are "before training", for an RNN also with its U scaled, and "after k = 20", … .
    """
    norms: dict[str, dict[str, list[Array]]] = defaultdict(lambda: defaultdict(list))
    chosen = best_rates(results)
    for one in results:
        for stage, values in one["gradients"].items():
            if one["task"] == task and (stage != "after" or one in chosen):
                name, cell = _stage(one, stage)
                curve = np.array(values)
                norms[name][cell].append(curve / max(curve[0], np.finfo(float).tiny))
    return {
        name: {cell: np.median(curves, axis=0) for cell, curves in by_cell.items()}
        for name, by_cell in sorted(norms.items(), key=_order)
    }


def _order(item: tuple[str, Any]) -> tuple[bool, int, str]:
    """Before training, then by the gap."""
    return item[0].startswith("after"), len(item[0]), item[0]


def _stage(result: Mapping[str, Any], stage: str) -> tuple[str, str]:
    """The stage's name, and the cell's with what was changed of it."""
    if stage == "after":
        return f"after k = {result['gap']}", result["cell"]
    return "before training", result["cell"] + stage.removeprefix("before")


def gradient_table(results: Results, task: str) -> str:
    """A row a stage and cell, a column a distance."""
    stages = gradient_curves(results, task)
    rows = []
    for stage, curves in stages.items():
        for cell, curve in curves.items():
            places = [d for d in DISTANCES if d < len(curve)]
            rows.append([stage, cell, *(f"{curve[d]:.0e}" for d in places)])
    return markdown_table(["training", "cell", *(f"d = {d}" for d in places)], rows)


def write_report(results: Results, folder: Path) -> list[Path]:
    """Tables as Markdown and plots as PNG files."""
    accuracy = _plot_accuracy(results, folder / "accuracy.png")
    gradients = _plot_gradients(results, folder / "gradients.png")
    tables = folder / "tables.md"
    tables.write_text(report_text(results), encoding="utf-8")
    return [tables, accuracy, gradients]


def report_text(results: Results) -> str:
    """All tables."""
    parts = []
    for task in TASKS:
        parts += [f"{task}: {ACCURACY}", accuracy_table(results, task)]
        parts += [f"{task}: {GRADIENT}", gradient_table(results, task)]
    return "\n\n".join(parts) + "\n"


def _plot_accuracy(results: Results, path: Path) -> Path:
    figure, panels = pyplot.subplots(1, len(TASKS), figsize=(9, 3.6), layout="constrained")
    for axes, (name, task) in zip(panels, TASKS.items(), strict=True):
        curves: dict[str, dict[int, list[float]]] = defaultdict(lambda: defaultdict(list))
        for one in best_rates(results):
            if one["task"] == name:
                curves[one["cell"]][one["gap"]].append(100 * one["accuracy"])
        for cell, by_gap in curves.items():
            gaps = sorted(by_gap)
            means = [np.mean(by_gap[gap]) for gap in gaps]
            axes.plot(gaps, means, marker="o", markersize=4, label=cell, color=COLOURS[cell])
            spread = [[min(by_gap[gap]) for gap in gaps], [max(by_gap[gap]) for gap in gaps]]
            axes.fill_between(gaps, *spread, color=COLOURS[cell], alpha=0.15, linewidth=0)
        axes.axhline(100 * task.chance, color="grey", linestyle=":", label="no memory")
        axes.set(title=name, xlabel="steps back (k)", ylabel="right answers, %", ylim=(0, 103))
        axes.set_xscale("log")
        axes.set_xticks(gaps, map(str, gaps))
        axes.minorticks_off()
        axes.grid(alpha=0.3)
    panels[-1].legend(fontsize=7)
    return _save(figure, path)


def _plot_gradients(results: Results, path: Path) -> Path:
    by_task = {name: gradient_curves(results, name) for name in TASKS}
    stages = list(next(iter(by_task.values())))
    figure, panels = pyplot.subplots(
        len(TASKS), len(stages), figsize=(3.6 * len(stages), 6), layout="constrained",
        sharex=True, sharey=True, squeeze=False,
    )  # fmt: skip
    for row, name in zip(panels, TASKS, strict=True):
        for axes, stage in zip(row, stages, strict=True):
            for cell, curve in by_task[name][stage].items():
                base, _, changed = cell.partition(", ")
                style = {"": "-", "0.7 U": ":", "1.5 U": "--"}[changed]
                seen = np.where(curve > FLOOR, curve, np.nan)
                axes.plot(seen, style, label=cell, color=COLOURS[base], linewidth=1.2)
            axes.set(title=f"{name}, {stage}", yscale="log", ylim=(FLOOR, 1e10))
            axes.grid(alpha=0.3)
        row[0].set_ylabel("gradient, share of the end's")
    for axes in panels[-1]:
        axes.set_xlabel("steps before the end (d)")
    figure.legend(*panels[0][0].get_legend_handles_labels(), fontsize=7, loc="outside right upper")
    return _save(figure, path)


def _save(figure: Any, path: Path) -> Path:
    figure.savefig(path, dpi=100)
    pyplot.close(figure)
    return path
