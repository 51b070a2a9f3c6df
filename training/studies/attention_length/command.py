"""The command `study attention-length`: its options, and what it prints."""

import argparse
from pathlib import Path
from typing import Any

from training.commands.options import add_root, add_set

DESCRIPTION = (
    "Train three small translators alike but for their attention (additive, multiplicative, none) "
    "on Multi30k, and score them by the length of the source. Takes some 12 minutes of one core "
    "each. Runs, models, results, table and plot lie in the folder, and an interrupted study goes "
    "on there."
)
FOLDER = Path("runs") / "attention-length"
QUICK_FOLDER = Path("runs") / "attention-length-quick"


def add_attention_length(kinds: Any) -> None:
    """Its parser, among the other studies'."""
    parser = kinds.add_parser(
        "attention-length",
        help="what attention is worth to a translator, by the length of the source",
        description=DESCRIPTION,
    )
    parser.add_argument(
        "--quick", action="store_true", help="letters to reverse instead: no data, a minute"
    )
    parser.add_argument(
        "--out",
        type=Path,
        metavar="DIR",
        help=f"where all of it lies ({FOLDER}; quick: {QUICK_FOLDER})",
    )
    add_root(parser)
    add_set(parser)
    parser.add_argument("--quiet", action="store_true", help="no progress on standard error")
    parser.set_defaults(command=study_attention_length)


def study_attention_length(options: argparse.Namespace) -> int:
    """Raises RunError for a folder with another study, RecipeError, DataError, Stopped."""
    from training.recipe import parse_override
    from training.studies.attention_length.results import results_table, write_results
    from training.studies.attention_length.study import full_study, quick_study, run_study

    make = quick_study if options.quick else full_study
    folder = options.out or (QUICK_FOLDER if options.quick else FOLDER)
    changes = dict(parse_override(text) for text in options.set)
    results = run_study(make(options.root, folder, changes, options.quiet))
    for kind, facts in results.trained.items():
        print(
            f"{kind}: {facts.parameters:,} parameters, {facts.steps:,} steps, "
            f"validation BLEU {facts.validation:.2f} (greedy)"
        )
    print("\nBLEU by the words of the source and by attention, with half of the 95% interval\n")
    print(results_table(results) + "\n")
    for path in write_results(results, folder):
        print(path)
    return 0
