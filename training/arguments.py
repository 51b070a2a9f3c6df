"""What the command line of training understands: commands, flags and their help.

Knows nothing about how a command is carried out (`training.commands` does).
"""

import argparse
import os
from pathlib import Path
from typing import Any

from training import commands
from training.costs.command import add_cost
from training.numbers import count, positive
from training.recipe import recipe_names
from training.robustness.command import add_robustness
from training.studies.attention_length.command import add_attention_length
from training.studies.gates.command import add_gates
from training.studies.long_memory.command import add_long_memory

ROOT_VARIABLE = "TRAINING_DATA"


def command_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m training",
        description="Train recurrent networks, export them to ONNX and publish versions.",
    )
    actions = parser.add_subparsers(required=True, metavar="COMMAND")
    _add_data(actions)
    _add_train(actions)
    _add_evaluate(actions)
    add_robustness(actions, _add_root)
    add_cost(actions)
    _add_export(actions)
    _add_plot(actions)
    _add_teach(actions)
    _add_baseline(actions)
    _add_study(actions)
    return parser


def _add_data(actions: Any) -> None:
    data = actions.add_parser("data", help="list or fetch the public datasets")
    parts = data.add_subparsers(required=True, metavar="ACTION")
    listing = parts.add_parser("list", help="what there is, from where and under which licence")
    listing.set_defaults(command=commands.data_list)
    fetch = parts.add_parser(
        "fetch", help="bring datasets into the data folder, with progress and checksums"
    )
    fetch.add_argument("names", nargs="*", metavar="NAME", help="datasets; all of them by default")
    _add_root(fetch)
    fetch.add_argument(
        "--mirror",
        type=Path,
        metavar="DIR",
        help="copy from a folder of the same layout instead of the official addresses",
    )
    fetch.add_argument("--quiet", action="store_true", help="no progress bar")
    fetch.set_defaults(command=commands.data_fetch)


def _add_train(actions: Any) -> None:
    train = actions.add_parser(
        "train",
        help="train a recipe",
        description="Train a recipe, on the public data it names or on a file of your own.",
    )
    train.add_argument(
        "recipe",
        nargs="?",
        metavar="RECIPE",
        help=f"{', '.join(recipe_names())}, or the path of a .toml file",
    )
    train.add_argument(
        "--run",
        type=Path,
        metavar="DIR",
        help="where the run lies (runs/RECIPE; own data: runs/NAME-1 …)",
    )
    train.add_argument("--resume", action="store_true", help="go on at the last checkpoint")
    _add_set(train)
    _add_root(train)
    kinds = (
        "train on this file: .csv, .tsv, .jsonl, .parquet; to generate, .txt too; to tag, .conll "
        "or .conllu"
    )
    _add_own(train, "--data", kinds)
    train.add_argument("--license", help="the licence of the data in --data, and of the weights")
    train.add_argument("--quiet", action="store_true", help="no progress on standard error")
    _add_publication(train)
    train.set_defaults(command=commands.train)


def _add_evaluate(actions: Any) -> None:
    evaluate = actions.add_parser(
        "evaluate",
        help="score a published version as it is served",
        description="Score a published version through onnxruntime, on the test sets of its "
        "recipe or on a labelled file.",
    )
    evaluate.add_argument("model", type=Path, metavar="models/NAME/VERSION")
    _add_root(evaluate)
    _add_own(evaluate, "--on", "score on this file instead of the recipe's test sets")
    evaluate.add_argument(
        "--probes", action="store_true", help="score on the probe set, each phenomenon by itself"
    )
    evaluate.add_argument(
        "--beam-size", type=count, action="append", metavar="N", help="of translations (5 and 1)"
    )
    evaluate.add_argument("--quiet", action="store_true", help="no progress bar")
    evaluate.set_defaults(command=commands.evaluate)


def _add_export(actions: Any) -> None:
    export = actions.add_parser(
        "export",
        help="publish a finished run",
        description="Export a run's best weights, check the graphs, measure and publish them.",
    )
    export.add_argument("run", type=Path, metavar="RUN", help="a run's folder, as runs/reverse")
    _add_publication(export)
    export.add_argument("--quiet", action="store_true", help="no progress bar")
    export.set_defaults(command=commands.export)


def _add_plot(actions: Any) -> None:
    plot = actions.add_parser("plot", help="draw a run's loss, scores and attention")
    plot.add_argument("run", type=Path, metavar="RUN", help="a run's folder, as runs/reverse")
    plot.set_defaults(command=commands.plot)


def _add_baseline(actions: Any) -> None:
    baseline = actions.add_parser(
        "baseline",
        help="score the lines to beat on a recipe's data",
        description="Train the lines to beat on the data of a classification recipe, and score "
        "them on its test sets: TF-IDF of words and pairs of words with logistic regression, "
        "NB-SVM of n-grams of up to three words, averaged embeddings of them (fastText). Of a "
        "sequence recipe: what came last, and a linear model of the whole window. Of a tagging "
        "recipe: a conditional random field over written features.",
    )
    baseline.add_argument(
        "recipe", metavar="RECIPE", help="a recipe of classification, sequences or tagging"
    )
    baseline.add_argument(
        "--model",
        action="append",
        choices=commands.BASELINE_NAMES,
        help="which one (all of them; repeatable)",
    )
    baseline.add_argument("--probes", action="store_true", help="score the probe set as well")
    _add_root(baseline)
    _add_set(baseline)
    baseline.set_defaults(command=commands.baseline)


def _add_study(actions: Any) -> None:
    study = actions.add_parser(
        "study", help="measure what models and cells do: gates, attention, long memory, sources"
    )
    kinds = study.add_subparsers(required=True, metavar="STUDY")
    add_attention_length(kinds, _add_root, _add_set)
    add_gates(kinds, _add_root)
    add_long_memory(kinds)
    leave = kinds.add_parser(
        "leave-one-out",
        help="train without each source, score on it",
        description="Train a classification recipe once without each source that has a test set, "
        "and score every model on the test set of the source that it did not see. What was "
        "trained stays in the run's folder, and an interrupted study goes on there.",
    )
    leave.add_argument("recipe", metavar="RECIPE", help="a classification recipe")
    leave.add_argument(
        "--model",
        action="append",
        choices=("network", *commands.BASELINE_NAMES),
        help="the recipe's network or a baseline (network and tfidf; repeatable)",
    )
    leave.add_argument(
        "--source",
        action="append",
        default=[],
        metavar="NAME",
        help="leave out this one (each in turn; repeatable)",
    )
    leave.add_argument(
        "--run", type=Path, metavar="DIR", help="where the runs lie (runs/RECIPE-left-out)"
    )
    leave.add_argument("--quiet", action="store_true", help="no progress on standard error")
    _add_root(leave)
    _add_set(leave)
    leave.set_defaults(command=commands.study_leave_one_out)


def _add_teach(actions: Any) -> None:
    teach = actions.add_parser(
        "teach",
        help="write what trained classifiers say of texts, to train another on",
        description="Average the probabilities that the classifiers of some runs give texts, and "
        "write them to a file that a recipe can name as data.taught. An interrupted command goes "
        "on where it stopped.",
    )
    teach.add_argument("runs", type=Path, nargs="+", metavar="RUN", help="a classifier's run")
    teach.add_argument(
        "--texts",
        action="append",
        required=True,
        metavar="SOURCE",
        help="NAME or NAME:SPLIT, for example imdb:unlabelled; labels are not read (repeatable)",
    )
    teach.add_argument(
        "--baseline",
        action="append",
        default=[],
        choices=commands.BASELINE_NAMES,
        help="another teacher, trained on the labelled data of the first run (repeatable)",
    )
    teach.add_argument("--out", type=Path, required=True, metavar="FILE", help="a .jsonl file")
    _add_root(teach)
    teach.add_argument("--quiet", action="store_true", help="no progress bar")
    teach.set_defaults(command=commands.teach)


def _add_set(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="change a setting of the recipe, for example training.epochs=3 (repeatable)",
    )


def _add_root(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--root",
        type=Path,
        default=Path(os.environ.get(ROOT_VARIABLE, "data")),
        metavar="DIR",
        help=f"folder of the public datasets (${ROOT_VARIABLE}, or data)",
    )


def _add_own(parser: argparse.ArgumentParser, flag: str, text: str) -> None:
    parser.add_argument(flag, type=Path, metavar="FILE", help=text)
    parser.add_argument("--text-column", default="text", help="column of the texts (text)")
    parser.add_argument("--label-column", default="label", help="column of the labels (label)")
    parser.add_argument("--source-column", help="column of the sources (of a .tsv the first)")
    parser.add_argument("--target-column", help="column of the targets (of a .tsv the second)")
    steps = parser.add_argument_group("columns of a file whose rows are steps of a sequence")
    steps.add_argument(
        "--value-column",
        action="append",
        default=[],
        metavar="NAME",
        help="column to forecast, which is read as well (repeatable)",
    )
    steps.add_argument(
        "--input-column",
        action="append",
        default=[],
        metavar="NAME",
        help="further column to read, of numbers or categories (repeatable)",
    )
    steps.add_argument(
        "--time-column", metavar="NAME", help="regular times, which say how long a season is"
    )
    steps.add_argument(
        "--sequence-column", metavar="NAME", help="tells apart the sequences that have labels"
    )


def _add_publication(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--publish",
        type=Path,
        metavar="models/NAME",
        help="publish the next version of this model (export: models/ and the recipe's name)",
    )
    parser.add_argument(
        "--precision",
        choices=("auto", "int8", "fp32"),
        default="auto",
        help="auto: int8 unless it costs 0.3 points or more of the validation score",
    )
    parser.add_argument(
        "--temperature",
        type=positive,
        metavar="T",
        help="divide a classifier's logits by this (by default fitted on validation; 1: leave)",
    )
    parser.add_argument(
        "--promote-if",
        metavar="CONDITION",
        help='publish only if it holds: "accuracy >= 0.9", "BLEU > current"',
    )
    if parser.prog.endswith("export"):
        _add_own(parser, "--on", "the labelled file that --promote-if is measured on")
    else:
        parser.add_argument(
            "--on", type=Path, metavar="FILE", help="the labelled file for --promote-if"
        )
