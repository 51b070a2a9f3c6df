"""From a finished run to a published version: export, check, choose the precision, measure, write.

Nothing is written to the repository until every check has passed; the last step is the writer's
rename.
"""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from service.artifact import (
    CARD_FILE,
    AnyDraft,
    ArtifactError,
    Manifest,
    Score,
    SequenceManifest,
    TranslationManifest,
    list_versions,
    read_artifact,
    write_artifact,
)
from service.pipelines.loading import Pipeline, load_pipeline
from training.card import model_card
from training.corpora import OwnData
from training.data.errors import DataError
from training.evaluation import LOWER_CASED, MEASURED_BEAMS, Measured
from training.export.candidate import Candidate, PrecisionChoice
from training.export.layers import Precision
from training.kinds.kind import PublishedKind
from training.kinds.registry import published_kind_of
from training.origin import Origin
from training.promotion import Condition, PromotionError
from training.recipe import (
    PublishedRecipe,
    Recipe,
    SequenceRecipe,
    TaggingRecipe,
    TranslationRecipe,
    parse_recipe,
)
from training.trained import ClassificationRun, TrainedRun

LARGEST_LOSS = 0.3  # points of the validation score that int8 may cost


@dataclass(frozen=True)
class Gate:
    """A condition and the file that it is measured on."""

    condition: Condition
    data: OwnData


@dataclass(frozen=True)
class Published:
    """What came of a publication."""

    path: Path
    precision: Precision
    scores: tuple[Score, ...]
    notes: tuple[str, ...]


def publish(
    run: TrainedRun,
    repository: Path,
    name: str,
    precision: PrecisionChoice = "auto",
    gate: Gate | None = None,
    quiet: bool = False,
    history: Sequence[str] = (),
) -> Published:
    """Export a run as the next version of ``repository/name``.

    history: what the card says of how the run's weights came about, beside its recipe.
    Raises ExportError, PromotionError, ArtifactError or DataError; the repository is then as it
    was.
    """
    require_same_task(repository / name, run.recipe)
    kind = published_kind_of(run.recipe.task)
    candidates, found = kind.candidates(run, name, precision)
    notes = [*history, *found]
    with tempfile.TemporaryDirectory(prefix="gatehouse-") as folder:
        chosen, more = _choose(kind, run, candidates, Path(folder))
        pipeline = load_pipeline(chosen.write(Path(folder) / "chosen"))
        if gate is not None:
            _hold(gate, pipeline, repository / name, run.recipe)
        draft = _complete(kind, run, chosen.draft, pipeline, quiet)
    notes += more
    card = model_card(draft, kind.summary(draft), run.recipe, notes).encode("utf-8")
    path = write_artifact(repository, draft, {**chosen.files, CARD_FILE: card})
    return Published(path, chosen.draft.precision, draft.scores, tuple(notes))


def with_temperature(run: ClassificationRun, temperature: float) -> ClassificationRun:
    """The run, to be exported with this temperature in place of its recipe's."""
    publication = run.recipe.publication.model_copy(update={"temperature": temperature})
    return replace(run, recipe=run.recipe.model_copy(update={"publication": publication}))


def require_measurable(gate: Gate, recipe: PublishedRecipe, origin: Origin) -> None:
    """Raises PromotionError for a metric that the recipe's model will not have.

    DataError, RunError for a file that it could not be measured on.
    """
    kind = published_kind_of(recipe.task)
    metrics = kind.metrics(recipe, origin)
    if gate.condition.metric not in metrics:
        raise PromotionError(
            f"{gate.condition.metric!r} is not measured in {recipe.task}; "
            f"choose from {', '.join(metrics)}"
        )
    kind.require_own(recipe, origin, gate.data)


def require_same_task(model: Path, recipe: PublishedRecipe) -> None:
    """Raises ArtifactError where the newest version in a model's folder does something else.

    Those who ask for the model by its name would get answers of another kind, or none.
    """
    versions = list_versions(model) if model.is_dir() else []
    if not versions:
        return
    try:
        newest = read_artifact(model / str(versions[-1]))
    except ArtifactError:
        return  # a damaged version stands in nobody's way
    old, new = _does(newest.manifest), _does(recipe)
    if old != new:
        raise ArtifactError(
            f"{newest.path} is a {old} model, {recipe.name} makes a {new} model: publish it under "
            "another name"
        )


def _does(what: Manifest | PublishedRecipe) -> str:
    """The task, and of steps whether they are forecast."""
    ahead = isinstance(what, SequenceManifest) and what.forecast is not None
    if ahead or (isinstance(what, SequenceRecipe) and what.target.kind == "forecast"):
        return "forecast"
    return what.task


def measure_recipe(
    pipeline: Pipeline,
    root: Path,
    beam_sizes: Sequence[int] = MEASURED_BEAMS,
    quiet: bool = True,
    other: PublishedRecipe | None = None,
) -> list[Measured]:
    """Scores on the test sets that the recipe in the manifest names, or another one.

    Raises DataError, also for a recipe that the model cannot be held against.
    """
    name, settings = pipeline.artifact.name, pipeline.manifest.recipe
    own = parse_recipe(dict(settings.settings), f"the recipe of {name}")
    recipe = own if other is None else other
    if not recipe.data.test:
        whose = f"the recipe of {name}" if other is None else recipe.name
        raise DataError(f"{whose} names no public test set; name a labelled file with --on FILE")
    if other is not None:
        _require_comparable(pipeline, own, other)
    kind = published_kind_of(recipe.task)
    return kind.measure_recipe(pipeline, recipe, root, beam_sizes, quiet)


def _require_comparable(pipeline: Pipeline, own: Recipe, recipe: PublishedRecipe) -> None:
    """Raises DataError for test sets of another task or direction, or that are not held out.

    own: the recipe of the model itself.
    """
    manifest, name = pipeline.manifest, pipeline.artifact.name
    if recipe.task != manifest.task:
        raise DataError(
            f"{name} is a {manifest.task} model, {recipe.name} a recipe of {recipe.task}"
        )
    if isinstance(recipe, SequenceRecipe | TaggingRecipe):
        raise DataError(
            f"{name} is a {manifest.task} model: what its columns or tags mean is in its own "
            "recipe alone; leave out --recipe"
        )
    if isinstance(manifest, TranslationManifest) and isinstance(recipe, TranslationRecipe):
        mine, theirs = manifest.languages, recipe.languages
        if (mine.source, mine.target) != (theirs.source, theirs.target):
            raise DataError(
                f"{name} translates from {mine.source} to {mine.target}, {recipe.name} from "
                f"{theirs.source} to {theirs.target}"
            )
    tested = {source.name for source in recipe.data.test}
    chosen_by = getattr(own.data, "validation", ())
    seen = {source.name for source in (*manifest.sources, *chosen_by)}
    if both := sorted(tested & seen):
        raise DataError(
            f"{name} was trained on, or chosen by, {', '.join(both)}, which {recipe.name} tests "
            "on: its scores there would say nothing"
        )


def measure(
    pipeline: Pipeline, data: OwnData, beam_sizes: Sequence[int] = MEASURED_BEAMS
) -> list[Measured]:
    """Scores on a user's labelled file. Raises DataError."""
    return published_kind_of(pipeline.manifest.task).measure_own(pipeline, data, beam_sizes)


def _choose(
    kind: PublishedKind,
    run: TrainedRun,
    candidates: list[Candidate],
    folder: Path,
) -> tuple[Candidate, list[str]]:
    """The only candidate; of two the int8 one if it costs little of the validation score."""
    if len(candidates) == 1:
        return candidates[0], []
    by_precision: dict[str, Candidate] = {
        candidate.draft.precision: candidate for candidate in candidates
    }
    scores = {
        precision: kind.validation_score(run, load_pipeline(candidate.write(folder / precision)))
        for precision, candidate in by_precision.items()
    }
    loss = scores["fp32"] - scores["int8"]
    chosen = "int8" if loss < LARGEST_LOSS else "fp32"
    note = (
        f"validation: fp32 {scores['fp32']:.2f}, int8 {scores['int8']:.2f}; "
        f"{chosen} is published (int8 may cost {LARGEST_LOSS} points)"
    )
    return by_precision[chosen], [note]


def _hold(gate: Gate, pipeline: Pipeline, model: Path, recipe: PublishedRecipe) -> None:
    """Measure the candidate, and the published version if the condition asks. PromotionError."""
    current = None
    versions = list_versions(model) if model.is_dir() else []
    if gate.condition.bound is None and versions:
        published = load_pipeline(read_artifact(model / str(versions[-1])))
        kind = published_kind_of(published.manifest.task)
        current = gate_values(kind.measure_own(published, gate.data, MEASURED_BEAMS, recipe))
    gate.condition.require(gate_values(measure(pipeline, gate.data)), current)


_AS_PRINTED = ("BLEU", "chrF", LOWER_CASED, "perplexity")  # metrics that are no shares


def gate_values(measured: Sequence[Measured]) -> dict[str, float]:
    """Metrics by name as conditions use them: shares in [0, 1]; BLEU, chrF, perplexity as printed.

    Of several beam sizes the first counts, which is the one that the service uses by default, and
    of a file and parts of it the file.
    """
    values: dict[str, float] = {}
    for one in measured:
        name = one.metric.split(",")[0]
        if name in _AS_PRINTED:
            values.setdefault(name, one.value)
        else:
            values.setdefault(one.metric.replace(" ", "_").lower(), one.value / 100)
    return values


def _complete(
    kind: PublishedKind, run: TrainedRun, draft: AnyDraft, pipeline: Pipeline, quiet: bool
) -> AnyDraft:
    """The draft with what was measured on the test sets, and worked examples."""
    scores = tuple(
        Score(
            dataset=one.dataset,
            split="test",
            metric=one.metric,
            value=one.value,
            rows=one.rows,
            signature=one.signature,
        )
        for one in kind.score_tests(run, pipeline, quiet)
    )
    return kind.with_examples(run, pipeline, draft).model_copy(update={"scores": scores})
