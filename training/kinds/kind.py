"""What a run and a publication need of each task. They know nothing else about it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from service.artifact import AnyDraft
from service.artifact import Source as DataSource
from training.corpora import OwnData
from training.evaluation import Measured
from training.export.candidate import Candidate, PrecisionChoice
from training.origin import Origin
from training.run_folder import RunFolder
from training.run_settings import RunSettings
from training.task import Task


@dataclass(frozen=True)
class Beginning:
    """What a run begins with."""

    task: Task
    files: Mapping[str, bytes]  # by name: what the network cannot be used without
    facts: Mapping[str, Any]  # for recipe.json: what the recipe does not say
    sources: Sequence[DataSource]  # what the manifest says of the data


class Kind(Protocol):
    """How the recipe of one task becomes a run.

    Recipes are Any here, because a kind is looked up by its recipe: `training.kinds.registry`.
    """

    def begin(self, recipe: Any, origin: Origin) -> Beginning:
        """Reads the data before anything is written. Raises DataError, RunError."""

    def resume(self, run: RunFolder, settings: RunSettings) -> Task:
        """The task of a run that was begun. Raises DataError, RunError."""

    def rates(self, recipe: Any) -> dict[str, float]:
        """Factors on the learning rate by the beginnings of parameters' names."""


class PublishedKind(Kind, Protocol):
    """The same of a task whose networks are served, and how a run becomes a version.

    A trained run is Any here for the same reason; it holds `recipe`, and whatever its kind needs.
    A pipeline is the one that `service.pipelines.loading` opens for the task's artifacts.
    """

    def load(self, run: RunFolder, settings: RunSettings) -> Any:
        """The best weights, in evaluation mode, with the data. Raises RunError, DataError."""

    def candidates(
        self, trained: Any, name: str, choice: PrecisionChoice
    ) -> tuple[list[Candidate], list[str]]:
        """Checked exports in the wanted precisions, and notes. Raises ExportError."""

    def validation_score(self, trained: Any, pipeline: Any) -> float:
        """By which precisions are compared, in points; higher is better."""

    def score_tests(self, trained: Any, pipeline: Any, quiet: bool) -> list[Measured]:
        """Scores on the run's test sets."""

    def with_examples(self, trained: Any, pipeline: Any, draft: Any) -> AnyDraft:
        """The draft with worked examples, as the pipeline answers them."""

    def summary(self, draft: Any) -> str:
        """One sentence that says what the model does, for its card."""

    def measure_recipe(
        self, pipeline: Any, recipe: Any, root: Path, beam_sizes: Sequence[int], quiet: bool
    ) -> list[Measured]:
        """Scores on the test sets that a recipe names. Raises DataError."""

    def metrics(self, recipe: Any, origin: Origin) -> tuple[str, ...]:
        """What a condition for publishing can name. Raises DataError."""

    def require_own(self, recipe: Any, origin: Origin, data: OwnData) -> None:
        """Raises DataError, RunError for a user's file that its model could not be measured on."""

    def measure_own(
        self, pipeline: Any, data: OwnData, beam_sizes: Sequence[int], candidate: Any = None
    ) -> list[Measured]:
        """Scores on a user's labelled file. Raises DataError.

        candidate: the recipe of a model that a published one is compared with; both are measured
        as it says. By default the model's own.
        """
