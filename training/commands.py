"""The commands of training: each takes its options, calls what does the work and prints results.

Heavy imports wait until a command needs them, so that ``--help`` answers at once.
"""

import argparse
import itertools
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from service.artifact import Score, list_versions
from service.artifact.manifest import PLAIN_NAME
from training.recipe import (
    ClassificationRecipe,
    Data,
    LanguageModelRecipe,
    Recipe,
    Source,
    TranslationRecipe,
    parse_override,
    read_recipe,
    recipe_names,
)

if TYPE_CHECKING:
    from training.corpora import OwnData
    from training.evaluation import Measured
    from training.publishing import Gate, Published

OWN_LICENSE = "the user's own"
OWN_NOTE = "Trained on data of the user's own; its terms are the user's to state."


class UsageError(ValueError):
    """Arguments that do not fit together."""


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
    from training.run_folder import RunFolder
    from training.runs import Origin, load_run, resume_run, run_recipe, start_run

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
        _require_publishable(options.publish, gate, run_recipe(run))
        position = resume_run(run, options.quiet)
    else:
        if options.recipe is None:
            raise UsageError(f"name a recipe: {', '.join(recipe_names())}, or a .toml file")
        recipe, own = _recipe(options)
        _require_publishable(options.publish, gate, recipe)
        default = _default_run(options.recipe) if own is None else _own_run(recipe)
        run = RunFolder(options.run or default)
        options.run = run.path
        position = start_run(run, recipe, Origin(options.root, own), options.quiet)
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
    from training.runs import load_run, run_recipe

    gate = _gate(options)
    folder = RunFolder(options.run)
    recipe = _published_kind(run_recipe(folder))
    target = options.publish or Path("models") / recipe.publication.name
    _require_publishable(target, gate, recipe)
    return _publish(load_run(folder), target, options, gate)


def _require_publishable(target: Path | None, gate: "Gate | None", recipe: Recipe) -> None:
    """Raises UsageError, ArtifactError, PromotionError or DataError."""
    from training.publishing import require_measurable

    if target is None:
        return
    recipe = _published_kind(recipe)
    if not re.fullmatch(PLAIN_NAME, target.name):
        raise UsageError(
            f"--publish {target}: {target.name!r} is no name for a model; write it models/NAME, of "
            "letters, digits, dots, dashes and underscores"
        )
    if target.is_dir():
        list_versions(target)  # refuses a folder that holds something else
    if gate is not None:
        require_measurable(gate, recipe)


def _published_kind(recipe: Recipe) -> ClassificationRecipe | TranslationRecipe:
    """Raises UsageError for a recipe whose network is only a beginning for others."""
    if isinstance(recipe, LanguageModelRecipe):
        raise UsageError(
            f"{recipe.name} trains a language model, which is not served: leave out --publish, and "
            "train a classifier that begins with its run (--set initial_run=DIR)"
        )
    return recipe


def _publish(run: Any, target: Path, options: argparse.Namespace, gate: "Gate | None") -> int:
    from training.publishing import publish

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
    beams = tuple(options.beam_size or MEASURED_BEAMS)
    if options.on is not None:
        measured = measure(pipeline, _own(options, options.on), beams)
    else:
        measured = measure_recipe(pipeline, options.root, beams, options.quiet)
    _print_scores(measured)
    return 0


def baseline(options: argparse.Namespace) -> int:
    from training.baselines import score_tfidf
    from training.corpora import labelled_corpora

    recipe = read_recipe(options.recipe, dict(parse_override(text) for text in options.set))
    if not isinstance(recipe, ClassificationRecipe):
        raise UsageError(f"{recipe.name} is a {recipe.task} recipe; the baseline classifies")
    _print_scores(score_tfidf(labelled_corpora(options.root, recipe.data)))
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
    recipe = _published_kind(recipe)
    own = _own(options, options.data)
    name = options.publish.name if options.publish is not None else options.data.stem
    changes: dict[str, Any] = {
        "publication": recipe.publication.model_copy(
            update={
                "name": name,
                "license": options.license,
                "license_note": OWN_NOTE,
                "examples": (),
            }
        ),
        "data": Data(
            train=(Source(source=options.data.name),),
            validation=(Source(source=options.data.name, split="validation"),),
        ),
    }
    if isinstance(recipe, ClassificationRecipe):
        changes["labels"] = None
    return recipe.model_copy(update=changes), own


def _own(options: argparse.Namespace, file: Path) -> "OwnData":
    from training.corpora import OwnData

    return OwnData(
        file,
        options.text_column,
        options.label_column,
        options.source_column,
        options.target_column,
        getattr(options, "license", OWN_LICENSE),
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
