"""A classifier, from its recipe to a published version."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np

from service.artifact import AnyDraft, ClassificationDraft, ClassificationExample
from service.artifact.tokenizer import Tokenizer
from service.pipelines.classification import ClassificationPipeline
from training.corpora import (
    Corpora,
    FurtherTexts,
    OwnData,
    further_texts,
    labelled_corpora,
    labelled_tests,
    merged_sources,
    own_labelled,
)
from training.data.examples import LabelledText
from training.data.tables import read_labelled
from training.evaluation import CLASS_METRICS, Measured, class_indices, score_classification
from training.export.candidate import Candidate, PrecisionChoice
from training.export.classifier_candidates import classifier_candidates
from training.initial.classifier import PARTS, InitialClassifier
from training.kinds.examples import example_texts
from training.kinds.kind import Beginning
from training.labels import labels_of
from training.networks.build import build_classifier
from training.networks.classifier import TextClassifier
from training.origin import Origin
from training.preparation import classification_task, tokenizer_for_texts
from training.recipe import ClassificationRecipe, RecipeError
from training.run_folder import RunError, RunFolder
from training.run_settings import RunSettings
from training.task import Task
from training.trained import ClassificationRun


class ClassificationKind:
    """See `training.kinds.kind.PublishedKind`."""

    def begin(self, recipe: ClassificationRecipe, origin: Origin) -> Beginning:
        if recipe.network.ngram_buckets:
            raise RecipeError(
                "network.ngram_buckets: a table of n-grams is fitted once a network has been "
                "trained; leave it out, and then: python -m training ngrams RUN --run DIR"
            )
        initial = InitialClassifier.named_by(recipe)
        earlier = () if initial is None else initial.sources()
        if initial is not None:
            initial.warn_of_overlap(recipe, origin)
        texts = _labelled(recipe, origin)
        labels = labels_of(recipe, texts)
        if initial is not None:
            initial.require_labels(labels)
        further = _further(recipe, origin, labels)
        tokenizer = tokenizer_for_texts(recipe, texts) if initial is None else initial.tokenizer()
        task = classification_task(recipe, labels, texts, tokenizer, further)
        if initial is not None:
            initial.load_into(task.network)
        return Beginning(
            task,
            {RunFolder.TOKENIZER: tokenizer.to_bytes()},
            {
                "labels": list(labels),
                "initial_digest": None if initial is None else initial.digest,
            },
            merged_sources(texts.sources, further.sources, earlier),
        )

    def resume(self, run: RunFolder, settings: RunSettings) -> Task:
        recipe, labels = _stated(settings)
        origin = settings.origin
        task = classification_task(
            recipe,
            labels,
            _labelled(recipe, origin),
            _tokenizer(run),
            _further(recipe, origin, labels),
        )
        InitialClassifier.restore(run, settings, task.network)
        return task

    def rates(self, recipe: ClassificationRecipe) -> dict[str, float]:
        if recipe.learning_rate_of_initial == 1.0:
            return {}
        return dict.fromkeys(PARTS, recipe.learning_rate_of_initial)

    def load(self, run: RunFolder, settings: RunSettings) -> ClassificationRun:
        recipe, labels, tokenizer, network = load_classifier(run)
        corpora = _labelled(recipe, settings.origin)
        if settings.sources is not None:
            corpora = replace(corpora, sources=settings.sources)
        return ClassificationRun(recipe, labels, corpora, tokenizer, network)

    def candidates(
        self, trained: ClassificationRun, name: str, choice: PrecisionChoice
    ) -> tuple[list[Candidate], list[str]]:
        return classifier_candidates(trained, name, choice)

    def validation_score(
        self, trained: ClassificationRun, pipeline: ClassificationPipeline
    ) -> float:
        """Accuracy in percent, the mean over the validation sets."""
        measured = score_classification(pipeline, trained.corpora.validation)
        return float(np.mean([one.value for one in measured if one.metric == "accuracy"]))

    def score_tests(
        self, trained: ClassificationRun, pipeline: ClassificationPipeline, quiet: bool
    ) -> list[Measured]:
        return score_classification(pipeline, trained.corpora.test, quiet)

    def with_examples(
        self,
        trained: ClassificationRun,
        pipeline: ClassificationPipeline,
        draft: ClassificationDraft,
    ) -> AnyDraft:
        texts = [e.text for part in trained.corpora.validation.values() for e in part]
        shown = example_texts(trained.recipe.publication, trained.tokenizer, texts)
        examples = tuple(
            ClassificationExample(text=text, label=ranked[0].label, score=round(ranked[0].score, 4))
            for text, ranked in zip(shown, pipeline.classify(shown), strict=True)
        )
        return draft.model_copy(update={"examples": examples})

    def summary(self, draft: ClassificationDraft) -> str:
        return f"Gives a text one of {len(draft.labels)} labels: {', '.join(draft.labels)}."

    def measure_recipe(
        self,
        pipeline: ClassificationPipeline,
        recipe: ClassificationRecipe,
        root: Path,
        beam_sizes: Sequence[int],
        quiet: bool,
    ) -> list[Measured]:
        return score_classification(pipeline, labelled_tests(root, recipe.data), quiet)

    def metrics(self, recipe: ClassificationRecipe, origin: Origin) -> tuple[str, ...]:
        return CLASS_METRICS

    def require_own(self, recipe: ClassificationRecipe, origin: Origin, data: OwnData) -> None:
        labels = recipe.labels or labels_of(recipe, _labelled(recipe, origin))
        class_indices(_own(data), labels, data.file.name)

    def measure_own(
        self,
        pipeline: ClassificationPipeline,
        data: OwnData,
        beam_sizes: Sequence[int],
        candidate: ClassificationRecipe | None = None,
    ) -> list[Measured]:
        return score_classification(pipeline, {data.file.name: _own(data)})


class Classifier(NamedTuple):
    """A trained classifier without the examples of its run."""

    recipe: ClassificationRecipe
    labels: tuple[str, ...]
    tokenizer: Tokenizer
    network: TextClassifier


def load_classifier(run: RunFolder) -> Classifier:
    """The network with its best weights, in evaluation mode. Raises RunError."""
    settings = RunSettings.read(run)
    if not isinstance(settings.recipe, ClassificationRecipe):
        raise RunError(f"{run.path} is a run of {settings.recipe.task}, not of classification")
    recipe, labels = _stated(settings)
    tokenizer = _tokenizer(run)
    network = build_classifier(recipe.network, tokenizer.vocabulary_size, len(labels))
    network.load_state_dict(run.read_tensors(run.best))
    network.eval()
    return Classifier(recipe, labels, tokenizer, network)


def _stated(settings: RunSettings) -> tuple[ClassificationRecipe, tuple[str, ...]]:
    assert isinstance(settings.recipe, ClassificationRecipe)
    return settings.recipe, tuple(settings.facts["labels"])


def _own(data: OwnData) -> list[LabelledText]:
    return read_labelled(data.file, data.text_column, data.label_column, minimum_per_class=0)


def _labelled(recipe: ClassificationRecipe, origin: Origin) -> Corpora[LabelledText]:
    if origin.own is not None:
        return own_labelled(origin.own, recipe.training.seed)
    return labelled_corpora(origin.root, recipe.data)


def _further(recipe: ClassificationRecipe, origin: Origin, labels: Sequence[str]) -> FurtherTexts:
    """Texts that no objective reads are not loaded."""
    return further_texts(origin.root, recipe.data, labels, recipe.objectives.needs_no_labels)


def _tokenizer(run: RunFolder) -> Tokenizer:
    return Tokenizer.from_file(run.tokenizer, add_eos=False)
