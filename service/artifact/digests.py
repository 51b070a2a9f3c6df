"""SHA-256 digests of files and of JSON documents.

It knows nothing about manifests: `service.artifact.manifest` says what is digested.
"""

import hashlib
import json
import mmap
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def file_digest(path: Path) -> str:
    """The SHA-256 of a file's bytes, as 64 hexadecimal digits. Raises OSError."""
    with path.open("rb") as file:
        if not os.fstat(file.fileno()).st_size:
            return hashlib.sha256().hexdigest()  # nothing cannot be mapped
        # At once: between two parts another thread would take the interpreter for 5 ms.
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
            return hashlib.sha256(content).hexdigest()


def document_digest(document: Mapping[str, Any]) -> str:
    """The SHA-256 of a JSON document in its one canonical form.

    Canonical means: keys sorted, no white space, UTF-8. Raises ValueError for NaN and infinities,
    which JSON does not have.
    """
    canonical = json.dumps(
        document, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    )
    return hashlib.sha256(canonical.encode("utf-8")).hexdigest()
