"""The command `study leave-one-out`: its options, and what it prints."""

import argparse
from pathlib import Path
from typing import Any

from training.commands.classifiers import classification_recipe
from training.commands.options import BASELINE_NAMES, add_root, add_set
from training.usage import UsageError


def add_leave_one_out(kinds: Any) -> None:
    """Its parser, among the other studies'."""
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
        choices=("network", *BASELINE_NAMES),
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
    add_root(leave)
    add_set(leave)
    leave.set_defaults(command=study_leave_one_out)


def study_leave_one_out(options: argparse.Namespace) -> int:
    from training.leave_one_out import Study, families, left_out_scores
    from training.tables import score_table

    recipe = classification_recipe(options, "the study leaves out what a classifier learns from")
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
