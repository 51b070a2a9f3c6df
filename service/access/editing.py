"""Adds keys to their file and takes them out, a line each; all else in it stays as it is.

The file is replaced as a whole, so that a service that reads it at that moment sees the one or the
other. Belongs to the command line.
"""

import fcntl
import json
import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from service.access.keys import Key, check_id, parse_keys, read_keys
from service.errors import SettingsError

_HEADER = """\
# The API keys of Gatehouse, a line each: their hashes, never their values.
# Written by `python -m service keys`; a running service takes up changes within a second.
"""
_MODE = 0o600


def add_key(path: Path, key: Key) -> None:
    """Adds a key to the file, which is made where there is none.

    Raises SettingsError for an id that is taken or impossible, and where the file cannot be read
    or written.
    """
    check_id(key.id)
    with _editing(path):
        text = _HEADER
        if path.exists():
            if key.id in {known.id for known in read_keys(path).all}:
                raise SettingsError(
                    f"{path} holds a key {key.id}; revoke it first, or take another id"
                )
            text = path.read_text("utf-8")
        lines = text.splitlines(keepends=True)
        # Below the head of a table, a line is the table's.
        place = next((i for i, line in enumerate(lines) if line.startswith("[")), len(lines))
        if place and not lines[place - 1].endswith("\n"):
            lines[place - 1] += "\n"
        lines.insert(place, _line(key))
        _replace(path, "".join(lines))


def revoke_key(path: Path, name: str) -> None:
    """Takes a key out of the file.

    Raises SettingsError for a key that is not there or does not stand in a line of its own, and
    where the file cannot be read or written.
    """
    check_id(name)
    with _editing(path):
        keys = read_keys(path).all
        if name not in {key.id for key in keys}:
            known = ", ".join(sorted(key.id for key in keys)) or "none"
            raise SettingsError(f"{path} holds no key {name}; keys there: {known}")
        own = re.compile(rf"\s*[\"']?{re.escape(name)}[\"']?\s*=")
        lines = path.read_text("utf-8").splitlines(keepends=True)
        text = "".join(line for line in lines if not own.match(line))
        with suppress(SettingsError):
            if parse_keys(text).all == tuple(key for key in keys if key.id != name):
                _replace(path, text)
                return
        raise SettingsError(f"{name} takes more than a line in {path}; remove it by hand")


def _line(key: Key) -> str:
    rate = "" if key.rate_limit is None else f', rate_limit = "{key.rate_limit}"'
    glossary = "" if key.glossary is None else f", glossary = {_string(key.glossary)}"
    return f'{key.id} = {{ hash = "{key.hash}", role = "{key.role}"{rate}{glossary} }}\n'


def _string(text: str) -> str:
    """A string of TOML, whose escapes are those of JSON."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


@contextmanager
def _editing(path: Path) -> Iterator[None]:
    """One editor at a time. The lock is the folder's: the file itself is replaced."""
    try:
        folder = os.open(path.resolve().parent, os.O_RDONLY)
        try:
            fcntl.flock(folder, fcntl.LOCK_EX)
            yield
        finally:
            os.close(folder)
    except OSError as error:
        raise SettingsError(f"{path} cannot be written: {error.strerror}") from error


def _replace(path: Path, text: str) -> None:
    path = path.resolve()  # what a link points to, and not the link
    number, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(number, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            if path.exists():
                before = path.stat()
                os.fchmod(number, before.st_mode & 0o777)
                with suppress(PermissionError):
                    os.fchown(number, before.st_uid, before.st_gid)
            else:
                os.fchmod(number, _MODE)
            os.fsync(number)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
