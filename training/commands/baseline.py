"""The command `baseline`: its options, and what it prints."""

import argparse
from typing import Any

from training.commands.classifiers import classification_recipe
from training.commands.options import BASELINE_NAMES, add_root, add_set
from training.commands.probes import print_probes, probes_correct
from training.commands.scores import print_scores
from training.recipe import SequenceRecipe, TaggingRecipe, parse_override, read_recipe
from training.usage import UsageError


def add_baseline(actions: Any) -> None:
    """Its parser, among the other commands'."""
    parser = actions.add_parser(
        "baseline",
        help="score the lines to beat on a recipe's data",
        description="Train the lines to beat on the data of a classification recipe, and score "
        "them on its test sets: TF-IDF of words and pairs of words with logistic regression, "
        "NB-SVM of n-grams of up to three words, averaged embeddings of them (fastText). Of a "
        "sequence recipe: what came last, and a linear model of the whole window. Of a tagging "
        "recipe: a conditional random field over written features.",
    )
    parser.add_argument(
        "recipe", metavar="RECIPE", help="a recipe of classification, sequences or tagging"
    )
    parser.add_argument(
        "--model",
        action="append",
        choices=BASELINE_NAMES,
        help="which one (all of them; repeatable)",
    )
    parser.add_argument("--probes", action="store_true", help="score the probe set as well")
    add_root(parser)
    add_set(parser)
    parser.set_defaults(command=baseline)


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
    recipe = classification_recipe(options, "the baseline classifies")
    corpora = labelled_corpora(options.root, recipe.data)
    labels = labels_of(recipe, corpora)
    columns, correct = {}, {}
    for name in options.model or BASELINES:
        shares = trained_baseline(BASELINES[name](), corpora, labels)
        columns[name] = score_classifier(shares, corpora.test, labels)
        if options.probes:
            correct[name] = probes_correct(shares, labels)
    print("accuracy / macro F1 / calibration error, in percent\n")
    print(score_table(columns))
    if correct:
        print_probes(correct)
    return 0


def _tagging_baseline(options: argparse.Namespace, recipe: TaggingRecipe) -> int:
    from training.baselines.crf import score_crf
    from training.corpora import tagged_corpora

    if options.model or options.probes:
        raise UsageError(f"--model and --probes are for classes of texts; {recipe.name} tags words")
    print_scores(score_crf(tagged_corpora(options.root, recipe.data)))
    return 0


def _sequence_baseline(options: argparse.Namespace, recipe: SequenceRecipe) -> int:
    from training.origin import Origin
    from training.sequence_data import sequence_data
    from training.sequence_scores import score_baselines

    if options.model or options.probes:
        raise UsageError(f"--model and --probes are for texts; {recipe.name} reads columns")
    print_scores(score_baselines(recipe, sequence_data(recipe, Origin(options.root))))
    return 0
