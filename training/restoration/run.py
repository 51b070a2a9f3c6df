"""A run made of a published version, for other runs to begin with.

It holds what they take over: recipe, tokenizer, the words that a translator knows, and weights.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import onnx
from torch import Tensor

from service.artifact import (
    Artifact,
    ArtifactError,
    ClassificationManifest,
    TranslationManifest,
    read_artifact,
)
from training.made_run import write_made_run
from training.networks.build import build_classifier, build_translator
from training.origin import Origin
from training.recipe import ClassificationRecipe, Recipe, TranslationRecipe, parse_recipe
from training.restoration.weights import classifier_weights, translator_weights
from training.run_folder import RunError, RunFolder
from training.run_settings import RESTORED_FROM, RunSettings

_CELL = "lstm"


def restore_run(version: Path, run: RunFolder, root: Path) -> None:
    """Write a run with the weights of a published version.

    version: its folder; root: of the datasets that its recipe names. Raises RunError for a version
    that no run can begin with, ArtifactError for a folder that holds none.
    """
    if run.recipe.exists():
        raise RunError(
            f"{run.path} already holds a run: begin with it (--set initial_run={run.path}), or "
            "name another folder (--run)"
        )
    artifact = read_artifact(version)
    recipe = _recipe(artifact)
    weights = _weights(artifact, recipe)
    files = {RunFolder.TOKENIZER: artifact.tokenizer.to_bytes(), **_lists(artifact)}
    facts: dict[str, Any] = {RESTORED_FROM: str(version), "initial_digest": None}
    manifest = artifact.manifest
    if isinstance(manifest, ClassificationManifest):
        facts["labels"] = list(manifest.labels)
    settings = RunSettings(recipe, Origin(root), facts, manifest.sources, None)
    write_made_run(run, settings, files, weights)


def _recipe(artifact: Artifact) -> Recipe:
    manifest = artifact.manifest
    if not isinstance(manifest, ClassificationManifest | TranslationManifest):
        raise RunError(
            f"{artifact.path} is a model of {manifest.task}; only classifiers and translators can "
            "be begun with (initial_run)"
        )
    recipe = parse_recipe(manifest.recipe.settings, str(artifact.path))
    assert isinstance(recipe, ClassificationRecipe | TranslationRecipe)
    if recipe.network.cell != _CELL:
        raise RunError(
            f"{artifact.path} is made of cells of kind {recipe.network.cell}; only weights of "
            f"{_CELL} can be read back out of a version"
        )
    return recipe


def _weights(artifact: Artifact, recipe: Recipe) -> Mapping[str, Tensor]:
    """Raises ArtifactError for graphs of another build, which this one cannot read."""
    graphs = {name: onnx.load(artifact.graph_path(name)) for name in artifact.manifest.graphs}
    vocabulary = artifact.tokenizer.vocabulary_size
    try:
        if isinstance(recipe, TranslationRecipe):
            translator = build_translator(recipe.network, vocabulary)
            weights = translator_weights(graphs, translator)
            translator.load_state_dict(weights)
            return weights
        assert isinstance(recipe, ClassificationRecipe)
        assert isinstance(artifact.manifest, ClassificationManifest)
        classifier = build_classifier(recipe.network, vocabulary, len(artifact.manifest.labels))
        weights = classifier_weights(graphs, classifier)
        classifier.load_state_dict(weights)
        return weights
    except (KeyError, ValueError, IndexError, StopIteration, RuntimeError) as error:
        raise ArtifactError(
            f"{artifact.path}: its graphs are not written as this build writes those of its "
            f"recipe; no weights can be read from them ({error})"
        ) from error


def _lists(artifact: Artifact) -> dict[str, bytes]:
    """The files of the words that a translator knows, where it has placeholders."""
    manifest = artifact.manifest
    if not isinstance(manifest, TranslationManifest) or manifest.placeholders is None:
        return {}
    facts = manifest.placeholders
    files = {RunFolder.WORDS: (artifact.path / facts.words).read_bytes()}
    if facts.spelling is not None:
        files[RunFolder.SPELLING] = (artifact.path / facts.spelling).read_bytes()
    return files
