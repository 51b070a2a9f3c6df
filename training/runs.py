"""A run from its beginning to a trained network: start, resume, load.

Knows how a recipe, its data, a tokenizer and a task come together; knows nothing about exports.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import torch

from service.artifact import Source as DataSource
from service.artifact.manifest import LANGUAGE_CODE
from service.artifact.tokenizer import Tokenizer
from training.corpora import (
    Corpora,
    FurtherTexts,
    OwnData,
    further_texts,
    labelled_corpora,
    merged_sources,
    own_labelled,
    own_pairs,
    parallel_corpora,
    text_corpora,
)
from training.data.checksums import digest_of
from training.data.examples import LabelledText, SentencePair
from training.data.tables import class_names
from training.device import choose_device
from training.initial_run import PARTS, InitialRun
from training.networks.build import build_classifier, build_translator
from training.networks.classifier import TextClassifier
from training.networks.translator import Translator
from training.preparation import (
    classification_task,
    language_modelling_task,
    tokenizer_for_pairs,
    tokenizer_for_plain_texts,
    tokenizer_for_texts,
    translation_task,
)
from training.recipe import (
    ClassificationRecipe,
    LanguageModelRecipe,
    Recipe,
    TranslationRecipe,
    parse_recipe,
)
from training.run_folder import RunError, RunFolder
from training.task import Task
from training.trainer import Position, Trainer


@dataclass(frozen=True)
class Origin:
    """Where a run's examples come from: a folder of datasets, or a user's own file."""

    root: Path
    own: OwnData | None = None

    def to_json(self) -> dict[str, Any]:
        own = None if self.own is None else {**vars(self.own), "file": str(self.own.file.resolve())}
        return {"root": str(self.root.resolve()), "own": own}

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> "Origin":
        own = value["own"]
        return cls(
            Path(value["root"]),
            None if own is None else OwnData(**{**own, "file": Path(own["file"])}),
        )


@dataclass(frozen=True)
class ClassificationRun:
    """A trained classifier with everything that its export needs."""

    recipe: ClassificationRecipe
    labels: tuple[str, ...]
    corpora: Corpora[LabelledText]
    tokenizer: Tokenizer
    network: TextClassifier


@dataclass(frozen=True)
class TranslationRun:
    """A trained translator with everything that its export needs."""

    recipe: TranslationRecipe
    corpora: Corpora[SentencePair]
    tokenizer: Tokenizer
    network: Translator


def start_run(run: RunFolder, recipe: Recipe, origin: Origin, quiet: bool = False) -> Position:
    """Train from the beginning. Raises RunError, DataError, Stopped."""
    run.require_new()
    # The data is read before anything is written, so that a bad row leaves no half-made run.
    labels: tuple[str, ...] = ()
    initial = None
    if isinstance(recipe, ClassificationRecipe):
        initial = _initial(recipe)
        texts = _labelled(recipe, origin)
        labels = labels_of(recipe, texts)
        further = _further(recipe, origin, labels)
        tokenizer = tokenizer_for_texts(recipe, texts) if initial is None else initial.tokenizer()
        classification = classification_task(recipe, labels, texts, tokenizer, further)
        if initial is not None:
            initial.load_into(classification.network)
        task: Task = classification
        sources = merged_sources(texts.sources, further.sources, _initial_sources(initial))
    elif isinstance(recipe, LanguageModelRecipe):
        plain = _plain(recipe, origin)
        tokenizer = tokenizer_for_plain_texts(recipe, plain)
        task = language_modelling_task(recipe, plain, tokenizer)
        sources = list(plain.sources)
    else:
        pairs = _parallel(recipe, origin)
        tokenizer = tokenizer_for_pairs(recipe, pairs)
        task = translation_task(recipe, pairs, tokenizer)
        sources = list(pairs.sources)
    run.create()
    run.write_bytes(run.tokenizer, tokenizer.to_bytes())
    settings = {
        "recipe": recipe.model_dump(mode="json"),
        "labels": list(labels),
        "origin": origin.to_json(),
        "own_digest": None if origin.own is None else digest_of(origin.own.file),
        "initial_digest": None if initial is None else initial.digest,
        "sources": [source.model_dump(mode="json") for source in sources],
    }
    run.write_json(run.recipe, settings)
    return _train(task, recipe, run, quiet, resume=False)


def resume_run(run: RunFolder, quiet: bool = False) -> Position:
    """Go on where the last checkpoint stands. Raises RunError, DataError, Stopped."""
    recipe, labels, origin = _settings(run)
    task: Task
    if isinstance(recipe, ClassificationRecipe):
        tokenizer = _tokenizer(run, add_eos=False)
        classification = classification_task(
            recipe,
            labels,
            _labelled(recipe, origin),
            tokenizer,
            _further(recipe, origin, labels),
        )
        if not run.checkpoint.exists():
            _begin_again(run, recipe, classification.network)
        task = classification
    elif isinstance(recipe, LanguageModelRecipe):
        tokenizer = _tokenizer(run, add_eos=False)
        task = language_modelling_task(recipe, _plain(recipe, origin), tokenizer)
    else:
        tokenizer = _tokenizer(run, add_eos=True)
        task = translation_task(recipe, _parallel(recipe, origin), tokenizer)
    # A run that was stopped before its first checkpoint begins again: the same weights come out.
    return _train(task, recipe, run, quiet, resume=run.checkpoint.exists())


def finish_run(
    run: RunFolder, recipe: Recipe, origin: Origin, quiet: bool, elsewhere: str
) -> Position:
    """Train, or go on with what was begun; a run that has ended is left as it is.

    elsewhere: how to name another folder, for the error where this one holds another recipe's run.
    Raises RunError, DataError, Stopped.
    """
    if not run.recipe.exists():
        return start_run(run, recipe, origin, quiet)
    if run_recipe(run) != recipe:
        raise RunError(f"{run.path} holds a run with other settings; name another ({elsewhere})")
    return resume_run(run, quiet)


def run_recipe(run: RunFolder) -> Recipe:
    """The resolved recipe of a run. Raises RunError."""
    return _settings(run)[0]


def load_run(run: RunFolder) -> ClassificationRun | TranslationRun:
    """The network with its best weights, in evaluation mode. Raises RunError, DataError."""
    recipe, labels, origin = _settings(run)
    if isinstance(recipe, LanguageModelRecipe):
        raise RunError(
            f"{run.path} is a language model's, which is not served; train a classifier that "
            f"begins with it (--set initial_run={run.path})"
        )
    if isinstance(recipe, ClassificationRecipe):
        recipe, labels, tokenizer, classifier = load_classifier(run)
        corpora = _labelled(recipe, origin)
        recorded = _recorded_sources(run)
        if recorded is not None:
            corpora = replace(corpora, sources=recorded)
        return ClassificationRun(recipe, labels, corpora, tokenizer, classifier)
    weights = run.read_tensors(run.best)
    tokenizer = _tokenizer(run, add_eos=True)
    translator = build_translator(recipe.network, tokenizer.vocabulary_size)
    translator.load_state_dict(weights)
    translator.eval()
    return TranslationRun(recipe, _parallel(recipe, origin), tokenizer, translator)


class Classifier(NamedTuple):
    """A trained classifier without the examples of its run."""

    recipe: ClassificationRecipe
    labels: tuple[str, ...]
    tokenizer: Tokenizer
    network: TextClassifier


def load_classifier(run: RunFolder) -> Classifier:
    """The network with its best weights, in evaluation mode. Raises RunError."""
    recipe, labels, _ = _settings(run)
    if not isinstance(recipe, ClassificationRecipe):
        raise RunError(f"{run.path} is a run of {recipe.task}, not of classification")
    tokenizer = _tokenizer(run, add_eos=False)
    network = build_classifier(recipe.network, tokenizer.vocabulary_size, len(labels))
    network.load_state_dict(run.read_tensors(run.best))
    network.eval()
    return Classifier(recipe, labels, tokenizer, network)


def _train(task: Task, recipe: Recipe, run: RunFolder, quiet: bool, resume: bool) -> Position:
    device = choose_device()
    torch.manual_seed(recipe.training.seed + 1)  # dropout; the weights have been drawn
    return Trainer(task, recipe.training, run, device, quiet, _rates(recipe)).train(resume)


def _rates(recipe: Recipe) -> dict[str, float]:
    """Factors on the learning rate by the beginnings of parameters' names."""
    if not isinstance(recipe, ClassificationRecipe) or recipe.learning_rate_of_initial == 1.0:
        return {}
    return dict.fromkeys(PARTS, recipe.learning_rate_of_initial)


def _settings(run: RunFolder) -> tuple[Recipe, tuple[str, ...], Origin]:
    settings = run.read_recipe()
    recipe = parse_recipe(settings["recipe"], str(run.recipe))
    origin = Origin.from_json(settings["origin"])
    own = origin.own
    # Another file splits into other parts: its test set could hold what was trained on.
    if own and own.file.is_file() and digest_of(own.file) != settings["own_digest"]:
        raise RunError(
            f"{own.file} is not the file that {run.path} began with; put that one back, or train "
            "a new run"
        )
    return recipe, tuple(settings["labels"]), origin


def _labelled(recipe: ClassificationRecipe, origin: Origin) -> Corpora[LabelledText]:
    if origin.own is not None:
        return own_labelled(origin.own, recipe.training.seed)
    return labelled_corpora(origin.root, recipe.data)


def _parallel(recipe: TranslationRecipe, origin: Origin) -> Corpora[SentencePair]:
    if origin.own is not None:
        return own_pairs(origin.own, recipe.training.seed)
    return parallel_corpora(origin.root, recipe.data, recipe.languages)


def _plain(recipe: LanguageModelRecipe, origin: Origin) -> Corpora[str]:
    if origin.own is not None:
        raise RunError("a language model is trained on the texts that its recipe names, not --data")
    return text_corpora(origin.root, recipe.data)


def _further(recipe: ClassificationRecipe, origin: Origin, labels: Sequence[str]) -> FurtherTexts:
    """Texts that no objective reads are not loaded."""
    return further_texts(origin.root, recipe.data, labels, recipe.objectives.needs_no_labels)


def _initial(recipe: ClassificationRecipe) -> InitialRun | None:
    return None if recipe.initial_run is None else InitialRun(recipe, recipe.initial_run)


def _begin_again(run: RunFolder, recipe: ClassificationRecipe, network: TextClassifier) -> None:
    """The weights that a run without a checkpoint began with. Raises RunError if they are gone."""
    initial = _initial(recipe)
    if initial is None:
        return
    if initial.digest != run.read_recipe()["initial_digest"]:
        raise RunError(
            f"{initial.folder.path} has other weights than when {run.path} began with it, and that "
            "run has no checkpoint yet; start a new run instead"
        )
    initial.load_into(network)


def _initial_sources(initial: InitialRun | None) -> list[DataSource]:
    """What the language model was trained on, which the manifest has to name too."""
    if initial is None:
        return []
    recorded = _recorded_sources(initial.folder)
    if recorded is not None:
        return recorded
    recipe, _, origin = _settings(initial.folder)  # of a run from before they were recorded
    assert isinstance(recipe, LanguageModelRecipe)
    return list(_plain(recipe, origin).sources)


def _recorded_sources(run: RunFolder) -> list[DataSource] | None:
    """What a run was trained on; None of an older run, which did not write it down."""
    recorded = run.read_recipe().get("sources")
    if recorded is None:
        return None
    return [DataSource.model_validate(source) for source in recorded]


def labels_of(recipe: ClassificationRecipe, corpora: Corpora[LabelledText]) -> tuple[str, ...]:
    """The recipe's class names, checked against the data, or the data's."""
    held_out = (*corpora.validation.values(), *corpora.test.values())
    examples = [example for part in (*corpora.train, *held_out) for example in part]
    found = class_names(examples)
    if recipe.purpose == "language-identification":
        _require_codes(found)
    if recipe.labels is None:
        return tuple(found)
    strange = [name for name in found if name not in recipe.labels]
    if strange:
        raise RunError(
            f"the data has the labels {', '.join(strange)}, the recipe only "
            f"{', '.join(recipe.labels)}"
        )
    return recipe.labels


def _require_codes(labels: Sequence[str]) -> None:
    strange = [label for label in labels if not re.fullmatch(LANGUAGE_CODE, label)]
    if strange:
        raise RunError(
            f"the labels {', '.join(strange[:5])} are no codes of languages, such as en, and this "
            "recipe is for language identification; write codes, or train another recipe"
        )


def _tokenizer(run: RunFolder, add_eos: bool) -> Tokenizer:
    return Tokenizer.from_file(run.tokenizer, add_eos)
