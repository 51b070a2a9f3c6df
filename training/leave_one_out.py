"""What a recipe's model is worth on a source that it never saw: a stand-in for tomorrow's texts.

Trains the recipe once without each source and scores it on that source's test set. Knows nothing
about exports: networks are measured in torch, with a temperature as a published one would have.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch

from training.baselines.build import BASELINES
from training.baselines.scoring import Shares, score_classifier, trained_baseline
from training.corpora import PROBES, Corpora, dataset_of, labelled_corpora
from training.data.examples import LabelledText
from training.device import choose_device
from training.evaluation import Measured
from training.export.calibration import best_temperature
from training.initial.classifier import InitialClassifier
from training.labels import labels_of
from training.origin import Origin
from training.preparation import encode_texts
from training.recipe import ClassificationData, ClassificationRecipe, RecipeError
from training.run_folder import RunFolder
from training.runs import finish_run, load_run
from training.tasks.classification import logits_of
from training.trained import ClassificationRun

NETWORK = "network"


@dataclass(frozen=True)
class Study:
    """A recipe, the folder of its datasets, and where the runs of the study lie."""

    recipe: ClassificationRecipe
    root: Path
    folder: Path
    quiet: bool = True


def families(data: ClassificationData) -> list[str]:
    """The test sources that can be left out: they are trained on, and other datasets are too."""
    trained = {dataset_of(source.source) for source in data.train}
    return [
        source.source
        for source in data.test
        if source.source != PROBES and dataset_of(source.source) in trained and len(trained) > 1
    ]


def without(recipe: ClassificationRecipe, source: str) -> ClassificationRecipe:
    """The recipe without the dataset of a source, in training and in validation.

    Phrases go with the sentences that they were cut from. What a teacher has labelled is left out
    whole, because the teacher has seen every source. Raises RecipeError where nothing is left to
    select weights by.
    """
    data = recipe.data
    left = {
        part: tuple(one for one in sources if dataset_of(one.source) != dataset_of(source))
        for part, sources in (
            ("train", data.train), ("validation", data.validation), ("unlabelled", data.unlabelled),
        )
    }  # fmt: skip
    if not left["validation"]:
        raise RecipeError(f"{recipe.name} without {source} has no validation set")
    kept = data.model_copy(update={**left, "taught": ()})
    return recipe.model_copy(update={"data": kept, "name": f"{recipe.name}-without-{source}"})


def left_out_scores(study: Study, model: str, sources: Sequence[str]) -> list[Measured]:
    """Scores of each source's test set by a model that was trained without it.

    model: "network" or the name of a baseline. Raises DataError, RunError, RecipeError, Stopped.
    """
    _require_unlabelled_beginning(study.recipe)
    whole = labelled_corpora(study.root, study.recipe.data)
    labels = labels_of(study.recipe, whole)
    measured = []
    for source in sources:
        if model == NETWORK:
            shares = _trained_network(study, without(study.recipe, source))
        else:
            left = _corpora_without(whole, study.recipe, source)
            shares = trained_baseline(BASELINES[model](), left, labels)
        measured += score_classifier(shares, {source: whole.test[source]}, labels)
    return measured


def _require_unlabelled_beginning(recipe: ClassificationRecipe) -> None:
    """A language model has read texts alone; a classifier knows the labels of every source."""
    initial = recipe.initial_run
    if initial is not None and InitialClassifier(recipe, initial).gives_head:
        raise RecipeError(
            f"{recipe.name} begins with the classifier of {initial}, which has learnt "
            "the source that is to be left out; name a recipe that begins with a language model"
        )


def _corpora_without(
    whole: Corpora[LabelledText], recipe: ClassificationRecipe, source: str
) -> Corpora[LabelledText]:
    """What `without` leaves, from examples that have been read."""
    left = without(recipe, source).data
    kept = [place for place, one in enumerate(recipe.data.train) if one in left.train]
    return replace(
        whole,
        train=[whole.train[place] for place in kept],
        takes=[whole.takes[place] for place in kept],
        sources=[whole.sources[place] for place in kept],
        validation={one.source: whole.validation[one.source] for one in left.validation},
    )


def _trained_network(study: Study, recipe: ClassificationRecipe) -> Shares:
    """Calibrated probabilities of the network with its best weights; goes on with a run begun."""
    folder = RunFolder(study.folder / recipe.name)
    finish_run(folder, recipe, Origin(study.root), study.quiet, "--run DIR")
    run = load_run(folder)
    assert isinstance(run, ClassificationRun)
    run.network.to(choose_device())
    held_out = [
        encode_texts(part, run.labels, run.tokenizer) for part in run.corpora.validation.values()
    ]
    temperature = best_temperature(
        [logits_of(run.network, part.tokens) for part in held_out],
        [torch.from_numpy(part.classes) for part in held_out],
    )

    def shares(texts: Sequence[str]) -> np.ndarray:
        examples = [LabelledText(text, run.labels[0]) for text in texts]  # the label is not read
        rows = encode_texts(examples, run.labels, run.tokenizer).tokens
        logits = logits_of(run.network, rows) / temperature  # texts x classes
        scaled: np.ndarray = torch.softmax(logits.double(), dim=1).numpy()
        return scaled

    return shares
