"""The commands `data list` and `data fetch`."""

import argparse
from pathlib import Path
from typing import Any

from training.commands.options import add_root


def add_data(actions: Any) -> None:
    """Its parser, among the other commands'."""
    data = actions.add_parser("data", help="list or fetch the public datasets")
    parts = data.add_subparsers(required=True, metavar="ACTION")
    listing = parts.add_parser("list", help="what there is, from where and under which licence")
    listing.set_defaults(command=data_list)
    fetch = parts.add_parser(
        "fetch", help="bring datasets into the data folder, with progress and checksums"
    )
    fetch.add_argument("names", nargs="*", metavar="NAME", help="datasets; all of them by default")
    add_root(fetch)
    fetch.add_argument(
        "--mirror",
        type=Path,
        metavar="DIR",
        help="copy from a folder of the same layout instead of the official addresses",
    )
    fetch.add_argument("--quiet", action="store_true", help="no progress bar")
    fetch.set_defaults(command=data_fetch)


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
