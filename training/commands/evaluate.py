"""The command `evaluate`: its options, and what it prints."""

import argparse
import functools
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from training.commands.options import add_own, add_root, own_data
from training.commands.probes import print_probes, probes_correct
from training.commands.scores import print_comparison, print_scores
from training.numbers import count
from training.recipe import LanguageModelRecipe, PublishedRecipe, Recipe, read_recipe
from training.usage import UsageError

if TYPE_CHECKING:
    from service.artifact import Artifact
    from training.evaluation import Measured


def add_evaluate(actions: Any) -> None:
    """Its parser, among the other commands'."""
    parser = actions.add_parser(
        "evaluate",
        help="score published versions as they are served",
        description="Score a published version through onnxruntime, on the test sets of its "
        "recipe or on a labelled file. Scores of several versions stand beside each other in a "
        "table.",
    )
    parser.add_argument("models", type=Path, nargs="+", metavar="models/NAME/VERSION")
    parser.add_argument(
        "--spread",
        action="store_true",
        help="of several versions: add the mean of each score and its spread, the largest less the "
        "smallest (what another seed changes)",
    )
    add_root(parser)
    add_own(parser, "--on", "score on this file instead of the recipe's test sets")
    parser.add_argument(
        "--recipe",
        metavar="RECIPE",
        help="score on the test sets of this recipe, by name or path, instead of the version's own",
    )
    parser.add_argument(
        "--probes", action="store_true", help="score on the probe set, each phenomenon by itself"
    )
    parser.add_argument(
        "--beam-size", type=count, action="append", metavar="N", help="of translations (5 and 1)"
    )
    parser.add_argument("--quiet", action="store_true", help="no progress bar")
    parser.set_defaults(command=evaluate)


def evaluate(options: argparse.Namespace) -> int:
    if options.recipe is not None and (options.on is not None or options.probes):
        raise UsageError("--recipe names test sets, as --on and --probes do; choose one of them")
    if options.spread and (options.probes or len(options.models) == 1):
        raise UsageError("--spread is of the scores of several versions; name two or more")
    artifacts = _artifacts(options.models)
    for artifact in artifacts.values():
        _require_beams(artifact, options.beam_size or ())
    if options.probes:
        _probe(artifacts)
        return 0
    columns = _measured(artifacts, options)
    if len(columns) == 1:
        print_scores(*columns.values())
    else:
        print_comparison(columns, options.spread)
    return 0


def _artifacts(folders: Sequence[Path]) -> "dict[str, Artifact]":
    """By what their columns are called. Raises UsageError for versions that no table can hold."""
    from service.artifact import read_artifact

    named = {str(folder): read_artifact(folder) for folder in folders}
    if len(named) < len(folders):
        raise UsageError("a version is named twice; name each once")
    first, *others = named.values()
    for other in others:
        if other.manifest.task != first.manifest.task:
            raise UsageError(
                f"{first.name} is a {first.manifest.task} model, {other.name} a "
                f"{other.manifest.task} model: they have no score in common"
            )
    return named


def _measured(
    artifacts: "Mapping[str, Artifact]", options: argparse.Namespace
) -> "dict[str, list[Measured]]":
    """The scores of each version. One is loaded at a time: a few may fill the memory."""
    from service.pipelines.loading import load_pipeline
    from training.evaluation import MEASURED_BEAMS
    from training.publishing import measure, measure_recipe

    beams = tuple(options.beam_size or MEASURED_BEAMS)
    other = None if options.recipe is None else _published(read_recipe(options.recipe))
    columns = {}
    for name, artifact in artifacts.items():
        pipeline = load_pipeline(artifact)
        if options.on is not None:
            columns[name] = measure(pipeline, own_data(options, options.on), beams)
        else:
            columns[name] = measure_recipe(pipeline, options.root, beams, options.quiet, other)
    return columns


def _published(recipe: Recipe) -> PublishedRecipe:
    """Raises UsageError for a recipe whose network is only a beginning for others."""
    if isinstance(recipe, LanguageModelRecipe):
        raise UsageError(
            f"{recipe.name} trains a language model, and no version is one: name the recipe of "
            "something that is published"
        )
    return recipe


def _require_beams(artifact: "Artifact", beams: "Sequence[int]") -> None:
    """Raises UsageError for a search that no step of the model has enough words for."""
    from service.artifact import TranslationManifest
    from service.pipelines.placeholders import SYMBOLS

    manifest = artifact.manifest
    if not beams:
        return
    if not isinstance(manifest, TranslationManifest):
        raise UsageError(
            f"--beam-size is for translations; {artifact.name} is a {manifest.task} model"
        )
    # A search asks for the end besides, and for placeholders that it may have to pass over.
    most = manifest.tokenizer.vocabulary - len(SYMBOLS) - 2
    if max(beams) > most:
        raise UsageError(
            f"--beam-size {max(beams)}: {artifact.name} has a vocabulary of "
            f"{manifest.tokenizer.vocabulary:,}; choose a beam of {most:,} at most (5 is usual)"
        )


def _probe(artifacts: "Mapping[str, Artifact]") -> None:
    """Scores of all of them on the probe set, by phenomenon."""
    from service.pipelines.classification import ClassificationPipeline
    from service.pipelines.loading import load_pipeline
    from training.evaluation import class_shares

    correct = {}
    for name, artifact in artifacts.items():
        pipeline = load_pipeline(artifact)
        if not isinstance(pipeline, ClassificationPipeline):
            raise UsageError(
                f"{artifact.name} is a {artifact.manifest.task} model; the probes are for a "
                "classifier"
            )
        shares = functools.partial(class_shares, pipeline)
        correct[name] = probes_correct(shares, pipeline.labels)
    print_probes(correct)
