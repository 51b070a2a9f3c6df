"""`python -m service keys`: makes API keys, lists them and takes them back."""

import argparse
import os
import sys
from pathlib import Path

from service.access.editing import add_key, revoke_key
from service.access.keys import Key, Role, hash_of, new_secret, read_keys
from service.errors import SettingsError


def run(chosen: argparse.Namespace) -> int:
    """Runs one action. Raises SettingsError where the file or the id is wrong."""
    if chosen.action == "new":
        return _new(chosen.file, chosen.id, chosen.admin, chosen.rate_limit)
    if chosen.action == "revoke":
        revoke_key(chosen.file, chosen.id)
        print(f"{chosen.id} is revoked; a running service refuses it within a second")
        return 0
    for key in read_keys(chosen.file).all:
        rate = "" if key.rate_limit is None else f", {key.rate_limit or 'no rate limit'}"
        print(f"{key.id}: {key.role}{rate}")
    return 0


def _new(file: Path, name: str, admin: bool, rate_limit: str | None) -> int:
    secret = new_secret()
    role: Role = "admin" if admin else "user"
    add_key(file, Key(id=name, hash=hash_of(secret), role=role, rate_limit=rate_limit))
    # The value alone, so that a script can take it; it is not kept, and cannot be shown again.
    try:
        print(secret, flush=True)
    except OSError as error:
        revoke_key(file, name)
        reason = os.strerror(error.errno or 0)
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # what is in the buffer
        raise SettingsError(f"the key cannot be printed: {reason}; {file} is without it") from None
    return 0
