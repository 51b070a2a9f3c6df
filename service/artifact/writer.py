"""Writes artifacts so that a reader sees all of one or nothing.

Everything is written to a hidden folder beside the versions, checked there as a reader would
check it, and renamed. Several processes may write versions of one model at the same time.
"""

import errno
import hashlib
import os
import re
import shutil
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path

from service.artifact.errors import ArtifactError
from service.artifact.manifest import (
    MANIFEST_FILE,
    PLAIN_NAME,
    AnyDraft,
    FileFacts,
    render,
    seal,
)
from service.artifact.reader import list_versions, open_folder

_CHUNK_BYTES = 1 << 20


def write_artifact(
    repository: Path,
    draft: AnyDraft,
    files: Mapping[str, bytes | Path],
    version: int | None = None,
) -> Path:
    """Publishes a model as repository/NAME/VERSION and returns that folder.

    `files` gives, by its name in the folder, each file's bytes or a path to copy them from.
    Without `version` the next free one is taken. An existing version is never overwritten, and
    nothing half-written stays behind. Raises ArtifactError where the version exists or the
    artifact is one that a reader would refuse, and OSError where the disk refuses.
    """
    for name in files:
        if not re.fullmatch(PLAIN_NAME, name):
            raise ArtifactError(f"{name!r} is no plain file name; allowed is {PLAIN_NAME}")
    model = repository / draft.name
    is_new_model = not model.exists()
    model.mkdir(parents=True, exist_ok=True)
    temporary = model / f".tmp-{uuid.uuid4().hex}"
    try:
        temporary.mkdir()
        facts = {name: _write(temporary / name, source) for name, source in files.items()}
        return _publish(model, temporary, draft, facts, version)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        if is_new_model and not any(model.iterdir()):
            model.rmdir()
        raise


def _publish(
    model: Path,
    temporary: Path,
    draft: AnyDraft,
    facts: Mapping[str, FileFacts],
    version: int | None,
) -> Path:
    while True:
        number = version or max(list_versions(model), default=0) + 1
        manifest = seal(draft, number, facts)
        _write(temporary / MANIFEST_FILE, render(manifest))
        open_folder(temporary, manifest)
        _sync_folder(temporary)
        target = model / str(number)
        try:
            # rename() replaces an empty folder, so existence is asked first; a folder that
            # another writer publishes in between is never empty, and then rename() fails.
            if target.exists():
                raise FileExistsError(errno.EEXIST, "exists", str(target))
            temporary.rename(target)
        except OSError as error:
            if error.errno not in (errno.EEXIST, errno.ENOTEMPTY):
                raise
            if version is not None:
                raise ArtifactError(
                    f"{target} exists, and a published version is never overwritten; "
                    "choose another version, or none for the next free one"
                ) from error
            continue
        _sync_folder(model)
        return target


def _write(path: Path, source: bytes | Path) -> FileFacts:
    digest = hashlib.sha256()
    size = 0
    with path.open("wb") as file:
        for chunk in _chunks(source):
            file.write(chunk)
            digest.update(chunk)
            size += len(chunk)
        file.flush()
        os.fsync(file.fileno())
    return FileFacts(sha256=digest.hexdigest(), bytes=size)


def _chunks(source: bytes | Path) -> Iterator[bytes]:
    if isinstance(source, bytes):
        yield source
        return
    with source.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            yield chunk


def _sync_folder(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
