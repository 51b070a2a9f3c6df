"""The commands of training: each takes its options, calls what does the work and prints results.

Heavy imports wait until a command needs them, so that ``--help`` answers at once.
"""

import argparse
import functools
import itertools
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from service.artifact import Score
from service.artifact.manifest import PLAIN_NAME
from training.data.examples import LabelledText
from training.own_recipe import OWN_LICENSE, own_recipe
from training.recipe import (
    ClassificationRecipe,
    LanguageModelRecipe,
    PublishedRecipe,
    Recipe,
    SequenceRecipe,
    TaggingRecipe,
    parse_override,
    read_recipe,
    recipe_names,
)
from training.usage import UsageError

if TYPE_CHECKING:
    import numpy as np

    from service.pipelines.loading import Pipeline
    from training.corpora import OwnData
    from training.evaluation import Measured
    from training.origin import Origin
    from training.publishing import Gate, Published

BASELINE_NAMES = ("tfidf", "nbsvm", "fasttext")


def data_list(options: argparse.Namespace) -> int:
    from training.data.registry import DATASETS

    for one in DATASETS.values():
        rows = ", ".join(f"{part} {count:,}" for part, count in one.rows.items())
        print(f"{one.name} ({one.task}): {one.description}\n    rows: {rows}")
        print(f"    from: {one.address}\n    licence: {one.license}\n    cite: {one.citation}")
    return 0


def data_fetch(options: argparse.Namespace) -> int:
    from training.data.fetch import Fetched, fetch
    from training.data.registry import DATASETS

    def report(one: Fetched) -> None:
        rows = ", ".join(f"{part} {count:,}" for part, count in one.rows.items())
        print(f"{one.name}: {len(one.brought)} fetched, {len(one.present)} already there; {rows}")
        if one.note:
            print(f"    {one.note}")

    names = options.names or list(DATASETS)
    fetch(names, options.root, options.mirror, progress=not options.quiet, report=report)
    return 0


def train(options: argparse.Namespace) -> int:
    from training.origin import Origin
    from training.run_folder import RunFolder
    from training.run_settings import RunSettings
    from training.runs import load_run, resume_run, run_recipe, start_run

    gate = _gate(options)
    if options.publish is None and gate is not None:
        raise UsageError("--promote-if holds a version back: say with --publish which one")
    if options.resume:
        if options.set or options.data is not None:
            raise UsageError(
                "--resume goes on with the run's own settings: leave out --set, --data"
            )
        run = RunFolder(options.run or _default_run(options.recipe))
        options.run = run.path
        # What cannot be published, or measured for the condition, must not cost a training run.
        settings = RunSettings.read(run)
        _require_publishable(options.publish, gate, settings.recipe, settings.origin)
        _require_temperature(options, settings.recipe)
        position = resume_run(run, options.quiet)
    else:
        if options.recipe is None:
            raise UsageError(f"name a recipe: {', '.join(recipe_names())}, or a .toml file")
        recipe, own = _recipe(options)
        origin = Origin(options.root, own)
        _require_publishable(options.publish, gate, recipe, origin)
        _require_temperature(options, recipe)
        default = _default_run(options.recipe) if own is None else _own_run(recipe)
        run = RunFolder(options.run or default)
        options.run = run.path
        position = start_run(run, recipe, origin, options.quiet)
    print(f"{run.path}: best validation score {position.best:.4f} after {position.step} steps")
    if options.publish is None:
        if isinstance(run_recipe(run), LanguageModelRecipe):
            print(f"begin a classifier with it: --set initial_run={run.path}")
            return 0
        print(f"publish it with: python -m training export {run.path} --publish models/NAME")
        return 0
    return _publish(load_run(run), options.publish, options, gate)


def export(options: argparse.Namespace) -> int:
    from training.run_folder import RunFolder
    from training.run_settings import RunSettings
    from training.runs import load_run

    gate = _gate(options)
    folder = RunFolder(options.run)
    settings = RunSettings.read(folder)
    recipe = _published_kind(settings.recipe)
    target = options.publish or Path("models") / recipe.publication.name
    _require_publishable(target, gate, recipe, settings.origin)
    _require_temperature(options, recipe)
    return _publish(load_run(folder), target, options, gate)


def _require_publishable(
    target: Path | None, gate: "Gate | None", recipe: Recipe, origin: "Origin"
) -> None:
    """Raises UsageError, ArtifactError, PromotionError, DataError or RunError."""
    from training.publishing import require_measurable, require_same_task

    if target is None:
        return
    recipe = _published_kind(recipe)
    if not re.fullmatch(PLAIN_NAME, target.name):
        raise UsageError(
            f"--publish {target}: {target.name!r} is no name for a model; write it models/NAME, of "
            "letters, digits, dots, dashes and underscores"
        )
    require_same_task(target, recipe)  # refuses a folder that holds something else, too
    if gate is not None:
        require_measurable(gate, recipe, origin)


def _require_temperature(options: argparse.Namespace, recipe: Recipe) -> None:
    """Raises UsageError for a temperature that nothing would be divided by."""
    if options.temperature is None:
        return
    if not isinstance(recipe, ClassificationRecipe):
        raise UsageError(
            f"--temperature is a classifier's; {recipe.name} is a {recipe.task} recipe"
        )
    if getattr(options, "resume", None) is not None and options.publish is None:
        raise UsageError("--temperature is for what is published: say with --publish where to")


def _published_kind(recipe: Recipe) -> PublishedRecipe:
    """Raises UsageError for a recipe whose network is only a beginning for others."""
    if isinstance(recipe, LanguageModelRecipe):
        raise UsageError(
            f"{recipe.name} trains a language model, which is not served: leave out --publish, and "
            "train a classifier that begins with its run (--set initial_run=DIR)"
        )
    return recipe


def _publish(run: Any, target: Path, options: argparse.Namespace, gate: "Gate | None") -> int:
    from training.publishing import publish, with_temperature

    if options.temperature is not None:
        run = with_temperature(run, options.temperature)
    published: Published = publish(
        run, target.parent, target.name, options.precision, gate, options.quiet
    )
    for note in published.notes:
        print(note)
    _print_scores(published.scores)
    print(f"published {published.path} ({published.precision})")
    return 0


def evaluate(options: argparse.Namespace) -> int:
    from service.artifact import read_artifact
    from service.pipelines.loading import load_pipeline
    from training.evaluation import MEASURED_BEAMS
    from training.publishing import measure, measure_recipe

    pipeline = load_pipeline(read_artifact(options.model))
    if options.probes:
        return _probe(pipeline)
    beams = tuple(options.beam_size or MEASURED_BEAMS)
    _require_beams(pipeline, options.beam_size or ())
    if options.on is not None:
        measured = measure(pipeline, _own(options, options.on), beams)
    else:
        measured = measure_recipe(pipeline, options.root, beams, options.quiet)
    _print_scores(measured)
    return 0


def _require_beams(pipeline: "Pipeline", beams: "Sequence[int]") -> None:
    """Raises UsageError for a search that no step of the model has enough words for."""
    from service.artifact import TranslationManifest
    from service.pipelines.placeholders import SYMBOLS

    manifest = pipeline.manifest
    if not beams:
        return
    if not isinstance(manifest, TranslationManifest):
        raise UsageError(
            f"--beam-size is for translations; {pipeline.artifact.name} is a {manifest.task} model"
        )
    # A search asks for the end besides, and for placeholders that it may have to pass over.
    most = manifest.tokenizer.vocabulary - len(SYMBOLS) - 2
    if max(beams) > most:
        raise UsageError(
            f"--beam-size {max(beams)}: {pipeline.artifact.name} has a vocabulary of "
            f"{manifest.tokenizer.vocabulary:,}; choose a beam of {most:,} at most (5 is usual)"
        )


def baseline(options: argparse.Namespace) -> int:
    from training.baselines.build import BASELINES
    from training.baselines.scoring import score_classifier, trained_baseline
    from training.corpora import labelled_corpora
    from training.labels import labels_of
    from training.tables import score_table

    recipe = read_recipe(options.recipe, dict(parse_override(text) for text in options.set))
    if isinstance(recipe, SequenceRecipe):
        return _sequence_baseline(options, recipe)
    if isinstance(recipe, TaggingRecipe):
        return _tagging_baseline(options, recipe)
    recipe = _classification_recipe(options, "the baseline classifies")
    corpora = labelled_corpora(options.root, recipe.data)
    labels = labels_of(recipe, corpora)
    columns, correct = {}, {}
    for name in options.model or BASELINES:
        shares = trained_baseline(BASELINES[name](), corpora, labels)
        columns[name] = score_classifier(shares, corpora.test, labels)
        if options.probes:
            correct[name] = _probes_correct(shares, labels)
    print("accuracy / macro F1 / calibration error, in percent\n")
    print(score_table(columns))
    if correct:
        _print_probes(correct)
    return 0


def _tagging_baseline(options: argparse.Namespace, recipe: TaggingRecipe) -> int:
    from training.baselines.crf import score_crf
    from training.corpora import tagged_corpora

    if options.model or options.probes:
        raise UsageError(f"--model and --probes are for classes of texts; {recipe.name} tags words")
    _print_scores(score_crf(tagged_corpora(options.root, recipe.data)))
    return 0


def _sequence_baseline(options: argparse.Namespace, recipe: SequenceRecipe) -> int:
    from training.origin import Origin
    from training.sequence_data import sequence_data
    from training.sequence_scores import score_baselines

    if options.model or options.probes:
        raise UsageError(f"--model and --probes are for texts; {recipe.name} reads columns")
    _print_scores(score_baselines(recipe, sequence_data(recipe, Origin(options.root))))
    return 0


def study_leave_one_out(options: argparse.Namespace) -> int:
    from training.leave_one_out import Study, families, left_out_scores
    from training.tables import score_table

    recipe = _classification_recipe(options, "the study leaves out what a classifier learns from")
    studied = families(recipe.data)
    unknown = sorted(set(options.source) - set(studied))
    if unknown or not studied:
        raise UsageError(
            f"{', '.join(unknown) or recipe.name}: a source can be left out that is trained on, "
            f"has a test set and is not the only one; here these are {', '.join(studied) or 'none'}"
        )
    folder = options.run or Path("runs") / f"{recipe.name}-left-out"
    study = Study(recipe, options.root, folder, options.quiet)
    columns = {
        model: left_out_scores(study, model, options.source or studied)
        for model in options.model or ("network", "tfidf")
    }
    print("every test set by models that were trained without its source;")
    print("accuracy / macro F1 / calibration error, in percent\n")
    print(score_table(columns))
    return 0


def _classification_recipe(options: argparse.Namespace, why: str) -> ClassificationRecipe:
    """The recipe with its overrides. Raises UsageError for one of another task."""
    recipe = read_recipe(options.recipe, dict(parse_override(text) for text in options.set))
    if not isinstance(recipe, ClassificationRecipe):
        raise UsageError(f"{recipe.name} is a {recipe.task} recipe; {why}")
    return recipe


def _probe(pipeline: "Pipeline") -> int:
    from service.pipelines.classification import ClassificationPipeline
    from training.evaluation import class_shares

    if not isinstance(pipeline, ClassificationPipeline):
        raise UsageError(
            f"{pipeline.artifact.name} is a {pipeline.manifest.task} model; the probes are for a "
            "classifier"
        )
    shares = functools.partial(class_shares, pipeline)
    _print_probes({pipeline.artifact.name: _probes_correct(shares, pipeline.labels)})
    return 0


def _probes_correct(
    shares: "Callable[[Sequence[str]], np.ndarray]", labels: "Sequence[str]"
) -> "np.ndarray":
    """Which probes a classifier has right. Raises DataError for labels that are not theirs."""
    from training.evaluation import class_indices
    from training.probes import read_probes

    probes = read_probes()
    gold = class_indices([LabelledText(*probe[:2]) for probe in probes], labels, "the probe set")
    right: np.ndarray = shares([probe.text for probe in probes]).argmax(axis=1) == gold
    return right


def _print_probes(correct: "Mapping[str, np.ndarray]") -> None:
    from training.probes import phenomenon_scores, read_probes
    from training.tables import markdown_table

    columns = [phenomenon_scores(read_probes(), right) for right in correct.values()]
    rows = [
        [parts[0][0], str(parts[0][2]), *(f"{value:.1f}" for _, value, _ in parts)]
        for parts in zip(*columns, strict=True)
    ]
    print("\nprobes, accuracy in percent\n")
    print(markdown_table(["phenomenon", "probes", *correct], rows))


def teach(options: argparse.Namespace) -> int:
    from training.corpora import load_texts
    from training.run_folder import RunFolder
    from training.teaching import BaselineTeacher, NetworkTeacher, Teacher, require_new_file
    from training.teaching import teach as write

    require_new_file(options.out)  # before anything is read
    runs = [RunFolder(run) for run in options.runs]
    teachers: list[Teacher] = [NetworkTeacher(run) for run in runs]
    texts = load_texts(options.root, options.texts)
    teachers += [BaselineTeacher(name, runs[0]) for name in options.baseline]
    rows = write(teachers, texts, options.out, options.quiet)
    print(f"{options.out}: {rows:,} texts with the mean probabilities of {len(teachers)} teachers")
    print(f"""train on them: --set 'data.taught=[{{file="{options.out}"}}]'""")
    return 0


def _print_scores(measured: "Sequence[Measured | Score]") -> None:
    for one in measured:
        print(f"{one.dataset} {one.metric}: {one.value} ({one.rows:,} rows)")
        if one.signature:
            print(f"    {one.signature}")


def plot(options: argparse.Namespace) -> int:
    from training.plots import plot_run
    from training.run_folder import RunFolder

    for path in plot_run(RunFolder(options.run)):
        print(path)
    return 0


def _default_run(recipe: str | None) -> Path:
    if recipe is None:
        raise UsageError("name the run to go on with: --run DIR, or the recipe it began with")
    return Path("runs") / Path(recipe).stem


def _own_run(recipe: Recipe) -> Path:
    """The next free folder for a run on a user's own data, which is trained on again and again."""
    name = _published_kind(recipe).publication.name
    taken = (Path("runs") / f"{name}-{number}" for number in itertools.count(1))
    return next(path for path in taken if not path.exists())


def _recipe(options: argparse.Namespace) -> "tuple[Recipe, OwnData | None]":
    """The recipe with its overrides; on a user's own data with the user's labels and terms."""
    recipe = read_recipe(options.recipe, dict(parse_override(text) for text in options.set))
    if options.data is None:
        return recipe, None
    return own_recipe(_published_kind(recipe), options), _own(options, options.data)


def _own(options: argparse.Namespace, file: Path) -> "OwnData":
    from training.corpora import OwnData

    for flag, names in (
        ("--value-column", options.value_column),
        ("--input-column", options.input_column),
    ):
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise UsageError(f"{flag} {twice} is there twice: name each column once")
    return OwnData(
        file,
        options.text_column,
        options.label_column,
        options.source_column,
        options.target_column,
        getattr(options, "license", None) or OWN_LICENSE,
        tuple(options.value_column),
        tuple(options.input_column),
        options.time_column,
        options.sequence_column,
    )


def _gate(options: argparse.Namespace) -> "Gate | None":
    from training.promotion import Condition
    from training.publishing import Gate

    if options.promote_if is None:
        if options.on is not None:
            raise UsageError("--on says what --promote-if is measured on: give both")
        return None
    if options.on is None:
        raise UsageError("--promote-if needs --on FILE, the labelled data that it is measured on")
    return Gate(Condition.parse(options.promote_if), _own(options, options.on))
