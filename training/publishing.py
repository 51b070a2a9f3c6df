"""From a finished run to a published version: export, check, choose the precision, measure, write.

Nothing is written to the repository until every check has passed; the last step is the writer's
rename.
"""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from service.artifact import (
    CARD_FILE,
    AnyDraft,
    ClassificationExample,
    Score,
    TranslationExample,
    list_versions,
    read_artifact,
    write_artifact,
)
from service.pipelines.classification import ClassificationPipeline
from service.pipelines.loading import Pipeline, load_pipeline
from service.pipelines.translation import SearchOptions, TranslationPipeline
from training.card import model_card
from training.corpora import OwnData, labelled_tests, parallel_tests
from training.data.errors import DataError
from training.data.examples import LabelledText, SentencePair
from training.data.tables import read_labelled, read_pairs
from training.evaluation import MEASURED_BEAMS, Measured, score_classification, score_translation
from training.export.candidates import (
    Candidate,
    PrecisionChoice,
    Run,
    classifier_candidates,
    translator_candidates,
)
from training.export.layers import Precision
from training.promotion import Condition, PromotionError
from training.recipe import (
    ClassificationRecipe,
    Recipe,
    TranslationRecipe,
    parse_recipe,
)
from training.runs import ClassificationRun

LARGEST_LOSS = 0.3  # points of the validation score that int8 may cost
EXAMPLES = 5
EXAMPLE_CHARACTERS = 200
# What a condition can name: shares in [0, 1] of a classifier, BLEU and chrF as they are printed.
METRICS = {
    "classification": ("accuracy", "macro_f1", "calibration_error"),
    "translation": ("BLEU", "chrF"),
}


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
    run: Run,
    repository: Path,
    name: str,
    precision: PrecisionChoice = "auto",
    gate: Gate | None = None,
    quiet: bool = False,
) -> Published:
    """Export a run as the next version of ``repository/name``.

    Raises ExportError, PromotionError, ArtifactError or DataError; the repository is then as it
    was.
    """
    if isinstance(run, ClassificationRun):
        candidates, notes = classifier_candidates(run, name, precision)
    else:
        candidates, notes = translator_candidates(run, name, precision)
    with tempfile.TemporaryDirectory(prefix="gatehouse-") as folder:
        chosen, more = _choose(run, candidates, Path(folder), precision)
        pipeline = load_pipeline(chosen.write(Path(folder) / "chosen"))
        if gate is not None:
            _hold(gate, pipeline, repository, name)
        draft = _complete(run, chosen.draft, pipeline, quiet)
    notes += more
    card = model_card(draft, run.recipe, notes).encode("utf-8")
    path = write_artifact(repository, draft, {**chosen.files, CARD_FILE: card})
    return Published(path, chosen.draft.precision, draft.scores, tuple(notes))


def with_temperature(run: ClassificationRun, temperature: float) -> ClassificationRun:
    """The run, to be exported with this temperature in place of its recipe's."""
    publication = run.recipe.publication.model_copy(update={"temperature": temperature})
    return replace(run, recipe=run.recipe.model_copy(update={"publication": publication}))


def require_measurable(gate: Gate, recipe: Recipe) -> None:
    """Raises PromotionError for a metric that the recipe's task has not, DataError for bad data."""
    known = METRICS[recipe.task]
    if gate.condition.metric not in known:
        raise PromotionError(
            f"{gate.condition.metric!r} is not measured in {recipe.task}; "
            f"choose from {', '.join(known)}"
        )
    if isinstance(recipe, ClassificationRecipe):
        _labelled(gate.data)
    else:
        _pairs(gate.data)


def measure_recipe(
    pipeline: Pipeline, root: Path, beam_sizes: Sequence[int] = MEASURED_BEAMS, quiet: bool = True
) -> list[Measured]:
    """Scores on the test sets that the recipe in the manifest names. Raises DataError."""
    settings = pipeline.manifest.recipe
    recipe = parse_recipe(dict(settings.settings), f"the recipe of {pipeline.artifact.name}")
    if not recipe.data.test:
        raise DataError(
            f"the recipe of {pipeline.artifact.name} names no public test set; name a labelled "
            "file with --on FILE"
        )
    if isinstance(pipeline, ClassificationPipeline):
        return score_classification(pipeline, labelled_tests(root, recipe.data), quiet)
    assert isinstance(recipe, TranslationRecipe)
    tests = parallel_tests(root, recipe.data, recipe.languages)
    return score_translation(pipeline, tests, beam_sizes, quiet)


def measure(
    pipeline: Pipeline, data: OwnData, beam_sizes: Sequence[int] = MEASURED_BEAMS
) -> list[Measured]:
    """Scores on a user's labelled file. Raises DataError."""
    name = data.file.name
    if isinstance(pipeline, ClassificationPipeline):
        return score_classification(pipeline, {name: _labelled(data)})
    return score_translation(pipeline, {name: _pairs(data)}, beam_sizes)


def _labelled(data: OwnData) -> list[LabelledText]:
    return read_labelled(data.file, data.text_column, data.label_column, minimum_per_class=0)


def _pairs(data: OwnData) -> list[SentencePair]:
    return read_pairs(data.file, data.source_column, data.target_column)


def _choose(
    run: Run, candidates: list[Candidate], folder: Path, choice: PrecisionChoice
) -> tuple[Candidate, list[str]]:
    """The int8 candidate if it costs little of the validation score, else the fp32 one."""
    if choice != "auto":
        (only,) = candidates
        return only, []
    by_precision: dict[str, Candidate] = {
        candidate.draft.precision: candidate for candidate in candidates
    }
    scores = {
        precision: _validation_score(run, load_pipeline(candidate.write(folder / precision)))
        for precision, candidate in by_precision.items()
    }
    loss = scores["fp32"] - scores["int8"]
    chosen = "int8" if loss < LARGEST_LOSS else "fp32"
    note = (
        f"validation: fp32 {scores['fp32']:.2f}, int8 {scores['int8']:.2f}; "
        f"{chosen} is published (int8 may cost {LARGEST_LOSS} points)"
    )
    return by_precision[chosen], [note]


def _validation_score(run: Run, pipeline: Pipeline) -> float:
    """Mean accuracy in percent, or BLEU of greedy translations, over the validation sets."""
    if isinstance(run, ClassificationRun):
        assert isinstance(pipeline, ClassificationPipeline)
        measured = score_classification(pipeline, run.corpora.validation)
        return float(np.mean([one.value for one in measured if one.metric == "accuracy"]))
    assert isinstance(pipeline, TranslationPipeline)
    measured = score_translation(pipeline, run.corpora.validation, beam_sizes=(1,))
    return float(np.mean([one.value for one in measured if one.metric.startswith("BLEU")]))


def _hold(gate: Gate, pipeline: Pipeline, repository: Path, name: str) -> None:
    """Measure the candidate, and the published version if the condition asks. PromotionError."""
    current = None
    versions = list_versions(repository / name) if (repository / name).is_dir() else []
    if gate.condition.bound is None and versions:
        published = load_pipeline(read_artifact(repository / name / str(versions[-1])))
        current = gate_values(measure(published, gate.data))
    gate.condition.require(gate_values(measure(pipeline, gate.data)), current)


def gate_values(measured: Sequence[Measured]) -> dict[str, float]:
    """Metrics by name as conditions use them: shares in [0, 1], BLEU and chrF as printed.

    Of several beam sizes the first counts, which is the one that the service uses by default.
    """
    values: dict[str, float] = {}
    for one in measured:
        if one.metric.startswith(("BLEU", "chrF")):
            values.setdefault(one.metric.split(",")[0], one.value)
        else:
            values[one.metric.replace(" ", "_").lower()] = one.value / 100
    return values


def _complete(run: Run, draft: AnyDraft, pipeline: Pipeline, quiet: bool) -> AnyDraft:
    """The draft with what was measured on the test sets, and worked examples."""
    if isinstance(run, ClassificationRun):
        assert isinstance(pipeline, ClassificationPipeline)
        measured = score_classification(pipeline, run.corpora.test, quiet)
        texts = [e.text for part in run.corpora.validation.values() for e in part]
        shown = _example_texts(run, texts)
        examples: tuple[ClassificationExample | TranslationExample, ...] = tuple(
            ClassificationExample(text=text, label=ranked[0].label, score=round(ranked[0].score, 4))
            for text, ranked in zip(shown, pipeline.classify(shown), strict=True)
        )
    else:
        assert isinstance(pipeline, TranslationPipeline)
        measured = score_translation(pipeline, run.corpora.test, MEASURED_BEAMS, quiet)
        texts = [p.source for part in run.corpora.validation.values() for p in part]
        shown = _example_texts(run, texts)
        examples = tuple(
            TranslationExample(text=text, translation=translation, beam_size=beam_size)
            for beam_size in MEASURED_BEAMS
            for text, translation in zip(
                shown, pipeline.translate(shown, SearchOptions(beam_size=beam_size)), strict=True
            )
        )
    scores = tuple(
        Score(
            dataset=one.dataset,
            split="test",
            metric=one.metric,
            value=one.value,
            rows=one.rows,
            signature=one.signature,
        )
        for one in measured
    )
    return draft.model_copy(update={"scores": scores, "examples": examples})


def _example_texts(run: Run, texts: Sequence[str]) -> list[str]:
    """The recipe's examples, or the first of the held-out texts that are short and hold words."""
    if run.recipe.publication.examples:
        return list(run.recipe.publication.examples)

    def readable(text: str) -> bool:
        return len(run.tokenizer.encode(text)) > run.tokenizer.add_eos

    short = [text for text in texts if len(text) <= EXAMPLE_CHARACTERS and readable(text)]
    cut = (text[:EXAMPLE_CHARACTERS] for text in texts)
    return (short or [text for text in cut if readable(text)])[:EXAMPLES]
