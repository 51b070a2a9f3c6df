"""Exports a sequence model, checks its graph and drafts its manifest."""

import math
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
import onnx
import torch

from service.artifact import Forecast, Interval, SequenceDraft
from training.export.calibration import best_temperature
from training.export.candidate import (
    CHECKED_ROWS,
    Candidate,
    PrecisionChoice,
    graph_facts,
    recipe_facts,
)
from training.export.checks import AGREEMENT, INVARIANCE, ExportError, graph_session
from training.export.graph import OPSET
from training.export.sequence import forecast_graph, label_graph
from training.recipe import ForecastTarget
from training.sequence_data import ForecastData, LabelData
from training.tasks.sequence import Windows, last_answers, last_forecasts, padded
from training.trained import SequenceRun

FILE = "sequence.onnx"


@dataclass(frozen=True)
class _Export:
    """A graph, what torch answers in its place, and the facts that depend on the target."""

    model: onnx.ModelProto
    output: str
    answers: np.ndarray  # of every checked window
    unit: np.ndarray  # what differences are measured in: the last axis's
    facts: dict[str, Any]
    notes: list[str]


def sequence_candidates(
    run: SequenceRun, name: str, choice: PrecisionChoice
) -> tuple[list[Candidate], list[str]]:
    """The only candidate, in float32. Raises ExportError."""
    if choice == "int8":
        raise ExportError(
            "sequence models are exported in fp32 alone (leave out --precision, or say fp32): they "
            "are small, and their inputs have no bound that int8 could be pinned to"
        )
    data = run.data
    chosen = _spread(len(data.validation.lengths))
    if isinstance(data, LabelData):
        export = _labels(run, data, chosen)
    else:
        export = _forecast(run, data, chosen)
    notes = [*export.notes, *_checked(export, data.validation, chosen)]
    draft = SequenceDraft(
        name=name,
        created=datetime.now(UTC),
        precision="fp32",
        opset=OPSET,
        graphs={"sequence": graph_facts(export.model, FILE)},
        recipe=recipe_facts(run.recipe),
        license=run.recipe.publication.license,
        license_note=run.recipe.publication.license_note,
        sources=data.sources,
        columns=data.columns,
        window=data.window,
        **export.facts,
    )
    return [Candidate(draft, {FILE: export.model.SerializeToString()})], notes


def _labels(run: SequenceRun, data: LabelData, chosen: np.ndarray) -> _Export:
    logits = last_answers(run.network, data.validation)
    temperature = best_temperature([logits], [torch.from_numpy(data.validation.last)])
    shortest = run.recipe.shortest if run.recipe.at_each_step else _shortest(data)
    return _Export(
        label_graph(run.network, temperature),
        "logits",
        logits.numpy()[chosen] / temperature,
        np.ones(len(data.labels)),
        {"labels": data.labels, "shortest": shortest},
        [f"temperature {temperature:.3f}, fitted on the validation data"],
    )


def _shortest(data: LabelData) -> int:
    """The shortest sequence that a network for whole ones was trained on."""
    return int(data.train.lengths.min())


def _forecast(run: SequenceRun, data: ForecastData, chosen: np.ndarray) -> _Export:
    target = run.recipe.target
    assert isinstance(target, ForecastTarget)
    means, deviations = (
        values.cpu().numpy().astype(np.float64)[data.places]
        for values in (run.network.means, run.network.deviations)
    )
    ahead = last_forecasts(run.network, data.validation, data.places).numpy()
    own = ahead.astype(np.float64) * deviations + means  # windows x horizon x columns
    interval = _interval(data.validation.followed_last() - own, target.interval)
    facts = Forecast(columns=data.forecast, horizon=target.horizon, interval=interval)
    return _Export(
        forecast_graph(run.network, data.places, target.horizon),
        "forecast",
        own[chosen],
        deviations,
        {"forecast": facts, "shortest": min(run.recipe.shortest, data.window)},
        [
            f"intervals hold {interval.share:.0%} of the validation data"
            if interval is not None
            else "no intervals: too few validation windows"
        ],
    )


def _interval(errors: np.ndarray, share: float) -> Interval | None:
    """Bounds between which so many errors lie: windows x horizon x columns to a grid each.

    The quantiles are those of split conformal prediction (Lei et al. 2018, section 2.2), a rank
    beyond the sample's own. None where there are too few windows for that.
    """
    count = len(errors)
    tail = (1.0 - share) / 2.0
    below = math.floor((count + 1) * tail)  # the rank of the lower bound, from 1
    if below < 1:
        return None
    ranked = np.sort(errors, axis=0)

    def grid(values: np.ndarray) -> tuple[tuple[float, ...], ...]:
        return tuple(tuple(float(f"{value:.6g}") for value in row) for row in values)

    return Interval(share=share, lower=grid(ranked[below - 1]), upper=grid(ranked[count - below]))


def _spread(count: int) -> np.ndarray:
    return np.unique(np.linspace(0, count - 1, CHECKED_ROWS).astype(int))


def _checked(export: _Export, windows: Windows, chosen: np.ndarray) -> list[str]:
    """Runs the graph on windows cut to different lengths too. Raises ExportError."""
    session = graph_session(export.model)

    def answers(features: np.ndarray, lengths: np.ndarray) -> np.ndarray:
        feeds = {"features": features, "lengths": lengths.astype(np.int32)}
        return session.run(feeds)[export.output]

    features, lengths = (part.numpy() for part in padded(windows, chosen, torch.device("cpu")))
    worst = float(np.abs((answers(features, lengths) - export.answers) / export.unit).max())
    _require("torch and onnxruntime", worst, AGREEMENT)
    # Batch mates of other lengths must not matter, nor what stands behind a row's end.
    cut = np.maximum(1, lengths - np.arange(len(lengths)) % lengths.max())
    together = answers(features, cut)
    alone = np.concatenate(
        [answers(features[i : i + 1, :length], cut[i : i + 1]) for i, length in enumerate(cut)]
    )
    moved = float(np.abs((together - alone) / export.unit).max())
    _require("a sequence alone and in a batch", moved, INVARIANCE["fp32"])
    return [
        f"torch and onnxruntime agree to {worst:.1e} ({len(chosen)} sequences)",
        f"fp32: alone and batched agree to {moved:.1e}",
    ]


def _require(what: str, worst: float, limit: float) -> None:
    if not worst <= limit:
        raise ExportError(
            f"{what} differ by {worst:.2g}, more than {limit:g}: nothing was written. "
            "Train with other settings or report this with the recipe"
        )
