"""What the command line of training understands: every command, with its own options."""

import argparse
from typing import Any

from training.commands.average import add_average
from training.commands.baseline import add_baseline
from training.commands.data import add_data
from training.commands.evaluate import add_evaluate
from training.commands.export import add_export
from training.commands.leave_one_out import add_leave_one_out
from training.commands.ngrams import add_ngrams
from training.commands.plot import add_plot
from training.commands.restore import add_restore
from training.commands.teach import add_teach
from training.commands.train import add_train
from training.costs.command import add_cost
from training.robustness.command import add_robustness
from training.studies.attention_length.command import add_attention_length
from training.studies.gates.command import add_gates
from training.studies.long_memory.command import add_long_memory
from training.studies.variants.command import add_variants


def command_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m training",
        description="Train recurrent networks, export them to ONNX and publish versions.",
    )
    actions = parser.add_subparsers(required=True, metavar="COMMAND")
    add_data(actions)
    add_train(actions)
    add_evaluate(actions)
    add_robustness(actions)
    add_cost(actions)
    add_export(actions)
    add_plot(actions)
    add_restore(actions)
    add_average(actions)
    add_ngrams(actions)
    add_teach(actions)
    add_baseline(actions)
    _add_studies(actions)
    return parser


def _add_studies(actions: Any) -> None:
    study = actions.add_parser(
        "study",
        help="measure what models and cells do: gates, attention, long memory, sources, settings",
    )
    kinds = study.add_subparsers(required=True, metavar="STUDY")
    add_attention_length(kinds)
    add_gates(kinds)
    add_long_memory(kinds)
    add_leave_one_out(kinds)
    add_variants(kinds)
