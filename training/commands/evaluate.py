"""The command `evaluate`: its options, and what it prints."""

import argparse
import functools
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from training.commands.options import add_own, add_root, own_data
from training.commands.probes import print_probes, probes_correct
from training.commands.scores import print_scores
from training.numbers import count
from training.recipe import LanguageModelRecipe, PublishedRecipe, Recipe, read_recipe
from training.usage import UsageError

if TYPE_CHECKING:
    from service.pipelines.loading import Pipeline


def add_evaluate(actions: Any) -> None:
    """Its parser, among the other commands'."""
    parser = actions.add_parser(
        "evaluate",
        help="score a published version as it is served",
        description="Score a published version through onnxruntime, on the test sets of its "
        "recipe or on a labelled file.",
    )
    parser.add_argument("model", type=Path, metavar="models/NAME/VERSION")
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
    from service.artifact import read_artifact
    from service.pipelines.loading import load_pipeline
    from training.evaluation import MEASURED_BEAMS
    from training.publishing import measure, measure_recipe

    if options.recipe is not None and (options.on is not None or options.probes):
        raise UsageError("--recipe names test sets, as --on and --probes do; choose one of them")
    pipeline = load_pipeline(read_artifact(options.model))
    if options.probes:
        return _probe(pipeline)
    beams = tuple(options.beam_size or MEASURED_BEAMS)
    _require_beams(pipeline, options.beam_size or ())
    if options.on is not None:
        measured = measure(pipeline, own_data(options, options.on), beams)
    else:
        other = None if options.recipe is None else _published(read_recipe(options.recipe))
        measured = measure_recipe(pipeline, options.root, beams, options.quiet, other)
    print_scores(measured)
    return 0


def _published(recipe: Recipe) -> PublishedRecipe:
    """Raises UsageError for a recipe whose network is only a beginning for others."""
    if isinstance(recipe, LanguageModelRecipe):
        raise UsageError(
            f"{recipe.name} trains a language model, and no version is one: name the recipe of "
            "something that is published"
        )
    return recipe


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


def _probe(pipeline: "Pipeline") -> int:
    from service.pipelines.classification import ClassificationPipeline
    from training.evaluation import class_shares

    if not isinstance(pipeline, ClassificationPipeline):
        raise UsageError(
            f"{pipeline.artifact.name} is a {pipeline.manifest.task} model; the probes are for a "
            "classifier"
        )
    shares = functools.partial(class_shares, pipeline)
    print_probes({pipeline.artifact.name: probes_correct(shares, pipeline.labels)})
    return 0
