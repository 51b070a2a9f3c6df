"""Draws a run's log: loss, validation scores, attention of example sentences.

Reads the log alone; knows nothing about networks.
"""

from pathlib import Path
from typing import Any

from training.drawing import draw_curves, draw_matrix
from training.looks import looks_in
from training.run_folder import RunError, RunFolder


def plot_run(run: RunFolder) -> list[Path]:
    """Write PNG files into the run's folder ``plots``. Raises RunError for an empty log."""
    records = run.records()
    steps = [record for record in records if record["kind"] == "step"]
    looks = looks_in(records)
    if not steps and not looks:
        raise RunError(f"{run.log} holds no records yet: train for some steps first")
    folder = run.path / "plots"
    folder.mkdir(exist_ok=True)
    paths = []
    if steps:
        losses = {"training loss": _points(steps, "loss")}
        paths.append(draw_curves(folder / "loss.png", losses, "step", "loss"))
    if looks:
        metric = looks[-1]["metric"]
        curves = {metric: _points(looks, "score")}
        for name in looks[-1]["details"]:
            if name != "loss" and len(looks[-1]["details"]) > 2:
                curves[name] = [(r["step"], r["details"][name]) for r in looks]
        paths.append(draw_curves(folder / "validation.png", curves, "step", metric))
        for i, example in enumerate(looks[-1]["attention"]):
            # One row a target token, one column a source token.
            weights, source, target = (example[key] for key in ("weights", "source", "target"))
            path = folder / f"attention-{i + 1}.png"
            paths.append(draw_matrix(path, weights, rows=target, columns=source))
    return paths


def _points(records: list[dict[str, Any]], key: str) -> list[tuple[int, float]]:
    return [(record["step"], record[key]) for record in records]
