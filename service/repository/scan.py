"""Looks into the models folder: what is published there, and whether a folder has changed.

Nothing is kept, and nothing is read but names and times. Any thread may call it.
"""

import os
import re
from pathlib import Path

from service.artifact.manifest import PLAIN_NAME

_VERSION = re.compile(r"[1-9][0-9]{0,8}")
_NAME = re.compile(PLAIN_NAME)

Stamp = tuple[tuple[str, int, int, int], ...]  # of each file: name, inode, time of change, bytes


def published(folder: Path) -> dict[str, tuple[int, ...]]:
    """The versions of every model, oldest first, by name.

    While a service runs, people and programs work in this folder: names that are no model's or no
    version's are passed over. Raises OSError where the folder itself cannot be read.
    """
    found = {}
    for name in sorted(_folders(folder)):
        if not _NAME.fullmatch(name):
            continue
        try:
            versions = sorted(int(v) for v in _folders(folder / name) if _VERSION.fullmatch(v))
        except OSError:
            continue  # it went away, or is not for us to read
        if versions:
            found[name] = tuple(versions)
    return found


def stamp(path: Path) -> Stamp:
    """What changes when anything in a folder does; empty where it cannot be read."""
    facts = []
    try:
        with os.scandir(path) as entries:
            for entry in entries:
                status = entry.stat()
                facts.append((entry.name, status.st_ino, status.st_mtime_ns, status.st_size))
    except OSError:
        return ()
    return tuple(sorted(facts))


def _folders(path: Path) -> list[str]:
    with os.scandir(path) as entries:
        return [entry.name for entry in entries if entry.is_dir()]
