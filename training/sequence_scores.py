"""Scores of a sequence model as it is served, and of the lines that it has to beat.

Knows nothing about torch: a model is its pipeline, a baseline a function of windows.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from sklearn.metrics import accuracy_score

from service.artifact.columns import feature_names
from service.pipelines.classification import softmax
from service.pipelines.sequence import SequencePipeline
from training.baselines.sequences import forecast_baselines, label_baselines, naive_forecasts
from training.evaluation import Measured, score_shares
from training.recipe import LabelTarget, SequenceRecipe
from training.sequence_data import ForecastData, LabelData, SequenceData
from training.tasks.sequence import ForecastWindows, Windows


def score_model(pipeline: SequencePipeline, data: SequenceData) -> list[Measured]:
    """On the test part. A label is scored at each sequence's last step."""
    outputs = np.stack(pipeline.outputs(_rows(data.test)))
    if isinstance(data, LabelData):
        return [
            one
            for name, chosen in _subsets(data).items()
            for one in score_shares(
                name, softmax(outputs[chosen].astype(np.float64)), data.test.last[chosen]
            )
        ]
    measured = _errors(data, outputs.astype(np.float64), "")
    interval = pipeline.manifest.forecast.interval if pipeline.manifest.forecast else None
    if interval is not None:
        gold = data.test.followed_last() - outputs
        inside = (gold >= np.array(interval.lower)) & (gold <= np.array(interval.upper))
        metric = f"inside the {interval.share:.0%} interval"
        measured += [
            Measured(_of(data, i), metric, round(100 * float(inside[..., i].mean()), 1), len(gold))
            for i in range(inside.shape[-1])
        ]
    return measured


def score_baselines(recipe: SequenceRecipe, data: SequenceData) -> list[Measured]:
    """On the same windows, each under a metric that names it."""
    if isinstance(data, LabelData):
        assert isinstance(recipe.target, LabelTarget)
        return _label_baselines(data, recipe.target)
    return [
        one
        for name, baseline in forecast_baselines(data).items()
        for one in _errors(data, baseline(data.test), f", {name}")
    ]


def validation_score(pipeline: SequencePipeline, data: SequenceData) -> float:
    """Accuracy in percent, or the negative mean error in hundredths of a deviation."""
    outputs = np.stack(pipeline.outputs(_rows(data.validation)))
    if isinstance(data, LabelData):
        return 100 * float((outputs.argmax(axis=1) == data.validation.last).mean())
    return -100 * float(_scaled(data, outputs, data.validation).mean())


def _label_baselines(data: LabelData, target: LabelTarget) -> list[Measured]:
    measured = []
    chosen = {name: classify(data.test) for name, classify in label_baselines(data, target).items()}
    for subset, places in _subsets(data).items():
        for name, classes in chosen.items():
            accuracy = float(accuracy_score(data.test.last[places], classes[places]))
            measured.append(
                Measured(subset, f"accuracy, {name}", round(100 * accuracy, 2), len(places))
            )
    return measured


def _subsets(data: LabelData) -> Mapping[str, np.ndarray]:
    """Places of the test windows by name: all, and those whose last step misses a column."""
    ends = np.stack([sequence[-1] for sequence in data.test.sequences])
    subsets = {data.name: np.arange(len(ends))}
    for place, name in enumerate(feature_names(data.columns)):
        missing = np.flatnonzero(ends[:, place])
        if name.endswith(" missing") and len(missing):
            subsets[f"{data.name}, {name}"] = missing
    return subsets


def _errors(data: ForecastData, ahead: np.ndarray, suffix: str) -> list[Measured]:
    """Mean absolute errors in the columns' own units, and the skill.

    ahead: windows x horizon x columns. The skill is how much smaller the errors are than those of
    the better of the two naive forecasts, in percent of these, the mean over the columns.
    """
    gold = data.test.followed_last()
    errors = _mean_error(gold, ahead)
    naive = np.min(
        [_mean_error(gold, forecast(data.test)) for forecast in naive_forecasts(data).values()],
        axis=0,
    )
    skill = round(100 * float(np.mean(1 - errors / np.maximum(naive, 1e-12))), 1)
    return [
        Measured(data.name, f"skill{suffix}", skill, len(gold)),
        *(
            Measured(_of(data, i), f"MAE{suffix}", float(f"{error:.4g}"), len(gold))
            for i, error in enumerate(errors)
        ),
    ]


def _mean_error(gold: np.ndarray, ahead: np.ndarray) -> np.ndarray:
    """windows x horizon x columns, twice, to columns."""
    error: np.ndarray = np.abs(gold - ahead).mean(axis=(0, 1))
    return error


def _of(data: ForecastData, column: int) -> str:
    return f"{data.name}, {data.forecast[column]}"


def _scaled(data: ForecastData, ahead: np.ndarray, windows: ForecastWindows) -> np.ndarray:
    deviations = np.array(
        [column.deviation for name in data.forecast for column in data.columns
         if column.kind == "number" and column.name == name]
    )  # fmt: skip
    scaled: np.ndarray = np.abs(windows.followed_last() - ahead) / deviations
    return scaled


def _rows(windows: Windows) -> Sequence[np.ndarray]:
    return [windows.features(i) for i in range(len(windows.lengths))]
