"""Reads, writes and checks checksums; a SHA256SUMS file has the form of `sha256sum`'s output.

This module knows nothing about datasets or where files come from.
"""

import hashlib
from collections.abc import Mapping
from pathlib import Path

from training.data.errors import DataError

SUMS = "SHA256SUMS"  # the name of the file


def digest_of(path: Path, algorithm: str = "sha256") -> str:
    """The hex digest of a file."""
    with path.open("rb") as content:
        return hashlib.file_digest(content, algorithm).hexdigest()


def matches(path: Path, checksum: str) -> bool:
    """Whether a file has the checksum "algorithm:hex"."""
    algorithm, _, expected = checksum.partition(":")
    return digest_of(path, algorithm) == expected


def read_sums(folder: Path) -> dict[str, str]:
    """Hex digests by path relative to `folder`; empty where it has no SHA256SUMS."""
    path = folder / SUMS
    if not path.is_file():
        return {}
    sums = {}
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        digest, _, name = line.partition(" ")
        if len(digest) != 64 or not name:
            raise DataError(f"{path}, line {number}: expected a SHA-256 digest and a path")
        sums[name.lstrip(" *")] = digest
    return sums


def write_sums(folder: Path, sums: Mapping[str, str]) -> None:
    """Writes SHA256SUMS at once, so that an interruption leaves the former one."""
    temporary = folder / f".{SUMS}.part"
    lines = [f"{digest}  {name}\n" for name, digest in sorted(sums.items())]
    temporary.write_text("".join(lines), encoding="utf-8")
    temporary.replace(folder / SUMS)
