"""A model over steps of columns, from its recipe to a published version."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from service.artifact import AnyDraft, SequenceDraft, SequenceExample
from service.artifact.columns import scales
from service.pipelines.sequence import SequencePipeline
from training.corpora import OwnData
from training.evaluation import CLASS_METRICS, Measured
from training.export.candidate import Candidate, PrecisionChoice
from training.export.sequence_candidates import sequence_candidates
from training.kinds.kind import Beginning
from training.networks.sequence import SequencePredictor
from training.origin import Origin
from training.recipe import ForecastTarget, SequenceRecipe, parse_recipe
from training.run_folder import RunFolder
from training.run_settings import RunSettings
from training.sequence_data import (
    ForecastData,
    Reading,
    SequenceData,
    measured_data,
    sequence_data,
)
from training.sequence_scores import score_baselines, score_model, validation_score
from training.task import Task
from training.tasks.sequence import ForecastTask, LabelTask
from training.trained import SequenceRun

EXAMPLES = 3


class SequenceKind:
    """See `training.kinds.kind.PublishedKind`."""

    def begin(self, recipe: SequenceRecipe, origin: Origin) -> Beginning:
        data = sequence_data(recipe, origin)
        facts = {
            "columns": [column.model_dump(mode="json") for column in data.columns],
            "window": data.window,
        }
        return Beginning(sequence_task(recipe, data), {}, facts, data.sources)

    def resume(self, run: RunFolder, settings: RunSettings) -> Task:
        recipe = _stated(settings)
        return sequence_task(recipe, sequence_data(recipe, settings.origin))

    def rates(self, recipe: SequenceRecipe) -> dict[str, float]:
        return {}

    def load(self, run: RunFolder, settings: RunSettings) -> SequenceRun:
        recipe = _stated(settings)
        data = sequence_data(recipe, settings.origin)
        if settings.sources is not None:
            data = replace(data, sources=tuple(settings.sources))
        network = build_predictor(recipe, data)
        network.load_state_dict(run.read_tensors(run.best))
        network.eval()
        return SequenceRun(recipe, data, network)

    def candidates(
        self, trained: SequenceRun, name: str, choice: PrecisionChoice
    ) -> tuple[list[Candidate], list[str]]:
        return sequence_candidates(trained, name, choice)

    def validation_score(self, trained: SequenceRun, pipeline: SequencePipeline) -> float:
        return validation_score(pipeline, trained.data)

    def score_tests(
        self, trained: SequenceRun, pipeline: SequencePipeline, quiet: bool
    ) -> list[Measured]:
        return [
            *score_model(pipeline, trained.data),
            *score_baselines(trained.recipe, trained.data),
        ]

    def with_examples(
        self, trained: SequenceRun, pipeline: SequencePipeline, draft: SequenceDraft
    ) -> AnyDraft:
        shown = trained.data.examples[:EXAMPLES]
        inputs = [{name: tuple(cells) for name, cells in one.cells.items()} for one in shown]
        if draft.forecast is None:
            examples = tuple(
                SequenceExample(inputs=one, label=ranked[0].label, score=round(ranked[0].score, 4))
                for one, ranked in zip(inputs, pipeline.classify(inputs), strict=True)
            )
        else:
            examples = tuple(
                SequenceExample(inputs=one, forecast=_grid(found.values))
                for one, found in zip(inputs, pipeline.forecast(inputs), strict=True)
            )
        return draft.model_copy(update={"examples": examples})

    def summary(self, draft: SequenceDraft) -> str:
        columns = ", ".join(column.name for column in draft.columns)
        if draft.forecast is not None:
            forecast = ", ".join(draft.forecast.columns)
            return (
                f"Reads {draft.window} steps of {columns}, and forecasts {forecast} "
                f"{draft.forecast.horizon} steps ahead."
            )
        return (
            f"Reads up to {draft.window} steps of {columns}, and gives them one of "
            f"{len(draft.labels)} labels: {', '.join(draft.labels)}."
        )

    def measure_recipe(
        self,
        pipeline: SequencePipeline,
        recipe: SequenceRecipe,
        root: Path,
        beam_sizes: Sequence[int],
        quiet: bool,
    ) -> list[Measured]:
        return score_model(pipeline, sequence_data(recipe, Origin(root)))

    def metrics(self, recipe: SequenceRecipe, origin: Origin) -> tuple[str, ...]:
        return ("skill",) if recipe.target.kind == "forecast" else CLASS_METRICS

    def require_own(self, recipe: SequenceRecipe, origin: Origin, data: OwnData) -> None:
        measured_data(Reading.of_data(sequence_data(recipe, origin), recipe), data)

    def measure_own(
        self,
        pipeline: SequencePipeline,
        data: OwnData,
        beam_sizes: Sequence[int],
        candidate: SequenceRecipe | None = None,
    ) -> list[Measured]:
        recipe = candidate or _recipe_of(pipeline)
        return score_model(
            pipeline, measured_data(Reading.of_manifest(pipeline.manifest, recipe), data)
        )


def build_predictor(recipe: SequenceRecipe, data: SequenceData) -> SequencePredictor:
    """Random weights drawn from torch's generator: seed it first."""
    target = recipe.target
    if isinstance(data, ForecastData):
        assert isinstance(target, ForecastTarget)
        outputs = target.horizon * len(data.forecast)
    else:
        outputs = len(data.labels)
    means, deviations = (torch.from_numpy(values) for values in scales(data.columns))
    return SequencePredictor(means, deviations, outputs, **recipe.network.model_dump())


def sequence_task(recipe: SequenceRecipe, data: SequenceData) -> Task:
    """The task with a freshly initialised network; the same seed gives the same weights."""
    torch.manual_seed(recipe.training.seed)
    network = build_predictor(recipe, data)
    if isinstance(data, ForecastData):
        shortest = min(recipe.shortest, data.window)
        return ForecastTask(
            network, data.train, data.validation, recipe.training, data.places, shortest
        )
    return LabelTask(network, data.train, data.validation, recipe.training, recipe.at_each_step)


def _recipe_of(pipeline: SequencePipeline) -> SequenceRecipe:
    settings = dict(pipeline.manifest.recipe.settings)
    recipe = parse_recipe(settings, f"the recipe of {pipeline.artifact.name}")
    assert isinstance(recipe, SequenceRecipe)
    return recipe


def _stated(settings: RunSettings) -> SequenceRecipe:
    assert isinstance(settings.recipe, SequenceRecipe)
    return settings.recipe


def _grid(values: np.ndarray) -> tuple[tuple[float, ...], ...]:
    return tuple(tuple(float(f"{value:.6g}") for value in row) for row in values)
