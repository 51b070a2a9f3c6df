"""Writes what classifiers say of texts, for another one to learn (Hinton et al. 2015).

Knows nothing about how a teacher comes to its probabilities.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Protocol

import numpy as np

from service.artifact import Artifact, ClassificationManifest, read_artifact
from service.pipelines.classification import ClassificationPipeline
from training.baselines.build import BASELINES
from training.baselines.scoring import trained_baseline
from training.corpora import is_public, labelled_corpora
from training.data.checksums import digest_of
from training.data.taught import TaughtRow, header_line, parse_taught, row_line
from training.device import autocast, choose_device
from training.evaluation import class_shares
from training.kinds.classification import load_classifier
from training.recipe import ClassificationRecipe, parse_recipe
from training.run_folder import RunError, RunFolder
from training.runs import load_run
from training.tasks.classification import logits_of
from training.teaching.growing import Contents, first_sources, write_growing
from training.teaching.versions import digest_of_version, is_version
from training.trained import ClassificationRun

CHUNK = 2048  # texts between two writes


class Teacher(Protocol):
    """Anything that gives each class of a text a probability."""

    name: str
    digest: str  # changes with what it says

    @property
    def labels(self) -> Sequence[str]: ...

    def probabilities(self, texts: Sequence[str]) -> np.ndarray:
        """Rows x classes in the order of ``labels``, each row adding up to 1."""


class NetworkTeacher:
    """The best weights of a classifier's run."""

    def __init__(self, run: RunFolder) -> None:
        """Raises RunError for a run that is no classifier's or has no weights yet."""
        recipe, self.labels, self._tokenizer, self._network = load_classifier(run)
        self.name = recipe.name
        self.digest = digest_of(run.best)
        self._precision = recipe.training.precision
        self._device = choose_device()
        self._network.to(self._device)

    def probabilities(self, texts: Sequence[str]) -> np.ndarray:
        tokenizer = self._tokenizer
        rows = [np.array(tokenizer.encode(text) or [tokenizer.unk_id]) for text in texts]
        with autocast(self._device, self._precision):
            logits = logits_of(self._network, rows)
        shares: np.ndarray = logits.double().softmax(dim=1).numpy()
        return shares


class VersionTeacher:
    """A published classifier, as it is served."""

    def __init__(self, version: Path) -> None:
        """Raises ArtifactError, and RunError for a version that is no classifier."""
        artifact, manifest = _published(version)
        self._pipeline = ClassificationPipeline(artifact)
        self.name = artifact.name
        self.labels: Sequence[str] = manifest.labels
        self.digest = digest_of_version(artifact)

    def probabilities(self, texts: Sequence[str]) -> np.ndarray:
        return class_shares(self._pipeline, texts)


class BaselineTeacher:
    """A baseline, trained anew on the labelled data of a classifier's run or version."""

    def __init__(self, name: str, path: Path, root: Path) -> None:
        """root: of the datasets that a version's recipe names; a run knows its own.

        Raises RunError for what is no classifier's or was trained on a file that a version does not
        say the place of, ArtifactError, DataError for data that is gone.
        """
        self.name = name
        if is_version(path):
            artifact, manifest = _published(path)
            corpora = labelled_corpora(root, _public_recipe(path, manifest).data)
            self.labels: Sequence[str] = manifest.labels
            self.digest = digest_of_version(artifact)
        else:
            run = RunFolder(path)
            trained = load_run(run)
            if not isinstance(trained, ClassificationRun):
                raise RunError(f"{path} is a run of {trained.recipe.task}, not of classification")
            corpora, self.labels = trained.corpora, trained.labels
            self.digest = digest_of(run.recipe)  # which names the data
        self._shares = trained_baseline(BASELINES[name](), corpora, self.labels)

    def probabilities(self, texts: Sequence[str]) -> np.ndarray:
        return self._shares(texts)


def classifier_teacher(path: Path) -> Teacher:
    """A classifier's run or published version. Raises RunError, ArtifactError."""
    return VersionTeacher(path) if is_version(path) else NetworkTeacher(RunFolder(path))


def teach(
    teachers: Sequence[Teacher], texts: Mapping[str, Sequence[str]], out: Path, quiet: bool = False
) -> int:
    """Write the mean of the teachers' probabilities; returns how many texts there are.

    texts: by the name of their source; a text that comes again is left out. Raises RunError.
    """
    labels = _common_labels(teachers)
    sources = first_sources(texts)
    facts = [{"name": teacher.name, "digest": teacher.digest} for teacher in teachers]

    def lines(some: Sequence[str]) -> Iterator[str]:
        shares = _mean(teachers, labels, some)
        for text, row in zip(some, shares.tolist(), strict=True):
            yield row_line(TaughtRow(text, sources[text], tuple(row)))

    def texts_of(written: Sequence[str], path: Path) -> list[str]:
        return [row.text for row in parse_taught(written, path).rows]

    contents = Contents(header_line(labels, facts), list(sources), lines, texts_of)
    write_growing(contents, out, CHUNK, quiet)
    return len(sources)


def _published(version: Path) -> tuple[Artifact, ClassificationManifest]:
    artifact = read_artifact(version)
    if not isinstance(artifact.manifest, ClassificationManifest):
        raise RunError(f"{version} is a {artifact.manifest.task} model, not a classifier")
    return artifact, artifact.manifest


def _public_recipe(version: Path, manifest: ClassificationManifest) -> ClassificationRecipe:
    own = [source.name for source in manifest.sources if not is_public(source.name)]
    if own:
        raise RunError(
            f"{version} was trained on {', '.join(own)}, which no recipe names: a baseline can "
            "learn from its run alone; name that one"
        )
    recipe = parse_recipe(manifest.recipe.settings, str(version))
    assert isinstance(recipe, ClassificationRecipe)
    return recipe


def _common_labels(teachers: Sequence[Teacher]) -> tuple[str, ...]:
    labels = tuple(teachers[0].labels)
    for teacher in teachers:
        if sorted(teacher.labels) != sorted(labels):
            raise RunError(
                f"{teacher.name} has the classes {', '.join(teacher.labels)}, "
                f"{teachers[0].name} {', '.join(labels)}: teachers must have the same ones"
            )
    return labels


def _mean(teachers: Sequence[Teacher], labels: Sequence[str], texts: Sequence[str]) -> np.ndarray:
    """Rows x classes in the order of ``labels``."""
    total = np.zeros((len(texts), len(labels)))
    for teacher in teachers:
        columns = [list(teacher.labels).index(label) for label in labels]
        total += teacher.probabilities(texts)[:, columns]
    return total / len(teachers)
