"""What the study found, as a table, a plot and JSON. Knows nothing about how it was found."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import matplotlib

from training.networks.attention import AttentionKind
from training.tables import markdown_table

matplotlib.use("Agg")
from matplotlib import pyplot


@dataclass(frozen=True)
class Scored:
    """BLEU of one model on one set; ``margin``: half of its 95% interval by the bootstrap.

    p: of the paired bootstrap against the model without attention, which has none. length_ratio:
    written words to those of the references.
    """

    bleu: float
    margin: float
    p: float | None
    length_ratio: float


@dataclass(frozen=True)
class Row:
    """One set of inputs and what each kind makes of it."""

    name: str
    sentences: int  # to one input
    inputs: int
    words: float  # of a source, in the mean
    scores: dict[AttentionKind, Scored]


@dataclass(frozen=True)
class Trained:
    """What is known of a kind beside its scores."""

    parameters: int
    steps: int
    validation: float  # best BLEU, greedy


@dataclass(frozen=True)
class Results:
    """All that a study found."""

    trained: dict[AttentionKind, Trained]
    rows: list[Row]


def results_table(results: Results) -> str:
    """A row for each set, a column for each kind; in Markdown."""
    header = ["words of the source", "inputs", *results.trained]
    lines = [
        [
            row.name,
            f"{row.inputs:,}",
            *(f"{one.bleu:.1f} ± {one.margin:.1f}" for one in row.scores.values()),
        ]
        for row in results.rows
    ]
    return markdown_table(header, lines)


def write_results(results: Results, folder: Path) -> list[Path]:
    """JSON, table and plot: their paths."""
    content = json.dumps(asdict(results), indent=2, ensure_ascii=False)
    paths = [folder / name for name in ("results.json", "results.md", "bleu-by-length.png")]
    paths[0].write_text(content + "\n", encoding="utf-8")
    paths[1].write_text(results_table(results) + "\n", encoding="utf-8")
    _plot(paths[2], results)
    return paths


def _plot(path: Path, results: Results) -> None:
    """BLEU against the words of the source: by length, and joined to longer inputs."""
    single = [row for row in results.rows if row.sentences == 1 and row.name != "all"]
    longer = [row for row in results.rows if row.sentences > 1 or row.name == "all"]
    panels = [("sentences, by length", single)]
    if len(longer) > 1:
        panels.append(("sentences joined to one input", longer))
    figure, axes = pyplot.subplots(
        1, len(panels), figsize=(4.5 * len(panels), 3.8), sharey=True, squeeze=False,
        layout="constrained",
    )  # fmt: skip
    for one, (title, rows) in zip(axes[0], panels, strict=True):
        for kind, marker in zip(results.trained, "sox", strict=True):
            one.errorbar(
                [row.words for row in rows],
                [row.scores[kind].bleu for row in rows],
                [row.scores[kind].margin for row in rows],
                label=kind, marker=marker, capsize=3,
            )  # fmt: skip
        one.set(title=title, xlabel="words of the source, mean")
        one.grid(alpha=0.3)
    axes[0][0].set(ylabel="BLEU", ylim=(0, None))
    axes[0][0].legend(title="attention")
    figure.savefig(path, dpi=100)
    pyplot.close(figure)
