"""The command `restore`: its options, and what it prints."""

import argparse
from pathlib import Path
from typing import Any

from training.commands.options import add_root


def add_restore(actions: Any) -> None:
    """Its parser, among the other commands'."""
    parser = actions.add_parser(
        "restore",
        help="make a run of a published version, for others to begin with",
        description="Read the weights of a published classifier or translator back out of its "
        "graphs, into a run that another one can begin with (--set initial_run=DIR): so a version "
        "is trained further, on a file of your own too, without the run that it came from.",
    )
    parser.add_argument("version", type=Path, metavar="VERSION", help="models/NAME/VERSION")
    parser.add_argument(
        "--run", type=Path, metavar="DIR", help="where to write it (runs/NAME-VERSION-restored)"
    )
    add_root(parser)
    parser.set_defaults(command=restore)


def restore(options: argparse.Namespace) -> int:
    from training.restoration.run import restore_run
    from training.run_folder import RunFolder

    version = options.version.resolve()
    folder = options.run or Path("runs") / f"{version.parent.name}-{version.name}-restored"
    restore_run(options.version, RunFolder(folder), options.root)
    print(f"begin a run with it: --set initial_run={folder}")
    return 0
