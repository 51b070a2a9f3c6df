"""Published versions as teachers."""

import hashlib
from pathlib import Path

from service.artifact import MANIFEST_FILE, Artifact


def is_version(path: Path) -> bool:
    """Whether a folder is a published version, and not a run."""
    return (path / MANIFEST_FILE).exists()


def digest_of_version(artifact: Artifact) -> str:
    """Changes with any of its files."""
    digests = sorted((name, file.sha256) for name, file in artifact.manifest.files.items())
    return hashlib.sha256(repr(digests).encode()).hexdigest()
