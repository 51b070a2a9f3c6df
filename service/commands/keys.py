"""`python -m service keys`: makes API keys, lists them and takes them back."""

import argparse
import os
import sys
from pathlib import Path

from service.access.editing import add_key, revoke_key
from service.access.keys import Key, Role, check_id, hash_of, new_secret, read_keys
from service.errors import SettingsError
from service.files.errors import FileError
from service.files.glossary import read_glossary


def run(chosen: argparse.Namespace) -> int:
    """Runs one action. Raises SettingsError where the file or the id is wrong."""
    if chosen.action == "new":
        return _new(chosen)
    if chosen.action == "revoke":
        revoke_key(chosen.file, chosen.id)
        print(f"{chosen.id} is revoked; a running service refuses it within a second")
        return 0
    for key in read_keys(chosen.file).all:
        rate = "" if key.rate_limit is None else f", {key.rate_limit or 'no rate limit'}"
        glossary = "" if key.glossary is None else f", glossary {key.glossary}"
        print(f"{key.id}: {key.role}{rate}{glossary}")
    return 0


def _new(chosen: argparse.Namespace) -> int:
    file, name = chosen.file, chosen.id
    check_id(name)
    secret = new_secret()
    role: Role = "admin" if chosen.admin else "user"
    glossary = None if chosen.glossary is None else _glossary(chosen.glossary, file)
    key = Key(
        id=name,
        hash=hash_of(secret),
        role=role,
        rate_limit=chosen.rate_limit,
        glossary=glossary,
    )
    add_key(file, key)
    # The value alone, so that a script can take it; it is not kept, and cannot be shown again.
    try:
        print(secret, flush=True)
    except OSError as error:
        revoke_key(file, name)
        reason = os.strerror(error.errno or 0)
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # what is in the buffer
        raise SettingsError(f"the key cannot be printed: {reason}; {file} is without it") from None
    return 0


def _glossary(glossary: Path, keys: Path) -> str:
    """How the keys file names a glossary: from its own folder on, where it lies there.

    Raises SettingsError for one that is wrong, or whose name no TOML can hold.
    """
    try:
        read_glossary(glossary)
        str(glossary).encode("utf-8")
    except FileError as error:
        raise SettingsError(str(error)) from None
    except UnicodeEncodeError:
        raise SettingsError("the name of the glossary is not UTF-8; rename it") from None
    path, folder = glossary.absolute(), keys.absolute().parent
    return str(path.relative_to(folder) if path.is_relative_to(folder) else path)
