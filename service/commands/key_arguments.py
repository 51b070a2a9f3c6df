"""What can be asked of `python -m service keys`. Imports nothing heavy."""

import argparse
import re
from pathlib import Path

from service.settings import RATE_PATTERN, flag, variable

_DEFAULT = Path("keys.toml")


def add_keys_command(
    commands: "argparse._SubParsersAction[argparse.ArgumentParser]", default: str | None
) -> None:
    """Adds the command; default: the file that the environment names."""
    keys = commands.add_parser(
        "keys",
        help="make, list and revoke API keys",
        description=f"Changes the file of API keys that `serve` is given with {flag('keys_file')}.",
    )
    actions = keys.add_subparsers(dest="action", required=True, metavar="ACTION")
    new = actions.add_parser(
        "new",
        help="make a key and print it",
        description="Makes a key, prints it, and adds its hash to the file. It is not shown again.",
    )
    listing = actions.add_parser(
        "list", help="list the keys", description="Lists id, role, limit and glossary of every key."
    )
    revoke = actions.add_parser(
        "revoke",
        help="take a key back",
        description="Takes a key out of the file; a running service refuses it within a second.",
    )
    for action in (new, listing, revoke):
        action.add_argument(
            "--file",
            type=Path,
            default=Path(default) if default else _DEFAULT,
            metavar="FILE",
            help=f"file of the keys (default: {variable('keys_file')}, or {_DEFAULT})",
        )
    for action in (new, revoke):
        action.add_argument(
            "--id",
            required=True,
            metavar="NAME",
            help="what logs call it: letters, digits, - and _",
        )
    new.add_argument(
        "--admin", action="store_true", help="it may change the models, where that is allowed"
    )
    new.add_argument(
        "--rate-limit",
        type=_rate,
        metavar="RATE",
        help=f"requests of this key, such as 100/minute, in place of {flag('key_rate_limit')}; "
        'empty ("") for no limit',
    )
    new.add_argument(
        "--glossary",
        type=Path,
        metavar="FILE",
        help="CSV or TSV with terms for all translations of this key, before those of "
        f"{flag('glossary_file')}",
    )


def _rate(text: str) -> str:
    if not re.search(RATE_PATTERN, text):
        raise argparse.ArgumentTypeError(
            f"{text!r} is no rate; write one such as 100/minute (second, minute, hour, day)"
        )
    return text
