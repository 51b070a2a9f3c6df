"""The command line of training: data, train, evaluate, robustness, export, plot and more.

Runs one command and turns known errors into one line on standard error.
"""

import argparse
import logging
import sys
from collections.abc import Callable, Sequence

from service.artifact import ArtifactError
from training.commands.parser import command_parser
from training.data.errors import DataError
from training.recipe import RecipeError
from training.usage import UsageError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command. Returns the exit status: 0, 1 for an error, 130 for a run that stopped."""
    options = command_parser().parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    from training.export.checks import ExportError
    from training.promotion import PromotionError
    from training.run_folder import RunError
    from training.trainer import Stopped

    command: Callable[[argparse.Namespace], int] = options.command
    try:
        return command(options)
    except Stopped:
        if not hasattr(options, "publish"):  # a study, which knows its runs
            print("stopped; the same command goes on where it stopped", file=sys.stderr)
            return 130
        again = "" if options.publish is None else " and the same options of --publish"
        print(
            f"stopped; continue with: python -m training train --resume --run {options.run}{again}",
            file=sys.stderr,
        )
        return 130
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
        return 130
    except (
        ArtifactError, DataError, ExportError, PromotionError, RecipeError, RunError, UsageError,
        OSError,
    ) as error:  # fmt: skip
        print(f"error: {error}", file=sys.stderr)
        return 1
