"""Draws the study: how far apart two classes of words are, and every frequent word by itself.

Reads the study's results.json and words.tsv; knows nothing about models.
"""

import csv
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import matplotlib

from training.studies.gates.measures import DESCRIPTIONS
from training.studies.gates.readings import WEIGHTINGS
from training.studies.gates.report import ALL, CLAIM, MATCHED, MEASURES, value_of
from training.studies.gates.word_classes import NEGATION, NEGATIVE, NEUTRAL, POSITIVE, STOP

matplotlib.use("Agg")
from matplotlib import pyplot

# Okabe and Ito's colours, which colour-blind readers can tell apart; a form for each as well.
_LOOKS = {
    NEUTRAL: ("#999999", ".", 12),
    STOP: ("#0072B2", "s", 14),
    NEGATION: ("#000000", "D", 20),
    POSITIVE: ("#009E73", "^", 20),
    NEGATIVE: ("#D55E00", "v", 20),
}
# Above or below the middle of a row, what is drawn there, and its looks.
_SERIES = ((-0.15, ALL, "#999999", "o"), (0.15, MATCHED, "#0072B2", "D"))
_NAMED = (
    *("the", "of", "and", "but", "not", "never", "good", "great", "bad", "worst", "awful", "film"),
    *("excellent", "boring", "best", "wonderful", "waste", "well", "only"),
)


def plot_study(folder: Path) -> list[Path]:
    """Write the plots of a study beside its results."""
    results = json.loads((folder / "results.json").read_text("utf-8"))
    paths = [_differences(folder / "differences.png", results["directions"])]
    with (folder / "words.tsv").open(encoding="utf-8", newline="") as file:
        words = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    for direction in results["directions"]:
        paths.append(_words(folder / f"words-{direction}.png", words, direction))
    return paths


def _differences(path: Path, directions: Mapping[str, Any]) -> Path:
    """A row for each measure; dots with their intervals, all words and matched ones."""
    figure, axes = pyplot.subplots(
        1, len(directions), figsize=(4.2 + 3.2 * len(directions), 4), sharey=True, squeeze=False,
        layout="constrained",
    )  # fmt: skip
    for panel, (direction, found) in zip(axes[0], directions.items(), strict=True):
        for shift, which, colour, form in _SERIES:
            for row, measure in enumerate(MEASURES):
                interval = value_of(found["differences"][CLAIM][which], measure)
                if interval is not None:
                    value, low, high = interval
                    panel.plot([low, high], [row + shift] * 2, color=colour, linewidth=2)
                    label = which if measure == MEASURES[0] else None
                    panel.plot(value, row + shift, form, color=colour, markersize=5, label=label)
        panel.axvline(0, color="black", linewidth=0.8)
        panel.set(title=direction, xlabel="standard deviations")
        panel.grid(axis="x", alpha=0.3)
    axes[0, 0].set_yticks(range(len(MEASURES)), [DESCRIPTIONS[one] for one in MEASURES])
    axes[0, 0].invert_yaxis()
    figure.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside lower center", ncols=2)
    figure.suptitle("Sentiment words less stop words")
    return _save(figure, path)


def _words(path: Path, words: list[dict[str, str]], direction: str) -> Path:
    """Every frequent word: how much it writes, and what share of that is left."""
    shown = ("written", "left_5")
    figure, axes = pyplot.subplots(1, len(shown), figsize=(9, 4), layout="constrained")
    total = sum(int(word["in the reviews"]) for word in words)
    for panel, measure in zip(axes, shown, strict=True):
        column = f"{direction}, {WEIGHTINGS[0]}, {measure}"
        for name, (colour, form, size) in _LOOKS.items():
            own = [word for word in words if word["class"] == name]
            across = [1e6 * int(word["in the reviews"]) / total for word in own]
            values = [float(word[column]) for word in own]
            panel.scatter(across, values, s=size, c=colour, marker=form, label=name, alpha=0.6,
                          linewidths=0)  # fmt: skip
            for word, x, y in zip(own, across, values, strict=True):
                if word["word"] in _NAMED:
                    panel.annotate(word["word"], (x, y), fontsize=7, parse_math=False)
        panel.set(xscale="log", xlabel="in a million words", title=DESCRIPTIONS[measure])
        panel.grid(alpha=0.3)
    axes[0].legend(fontsize=7)
    return _save(figure, path, dpi=85)  # thousands of dots are a large file


def _save(figure: Any, path: Path, dpi: int = 100) -> Path:
    figure.savefig(path, dpi=dpi)
    pyplot.close(figure)
    return path
