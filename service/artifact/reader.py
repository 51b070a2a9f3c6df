"""Reads the artifacts of a repository and refuses any that is not exactly as it was written.

A repository is a folder NAME/VERSION/ of artifacts. This module opens no ONNX graph and keeps
nothing: an `Artifact` is a value that may be shared by threads.
"""

import os
import re
from dataclasses import dataclass
from pathlib import Path

from service.artifact.digests import file_digest
from service.artifact.errors import ArtifactError
from service.artifact.manifest import (
    MANIFEST_FILE,
    PLAIN_NAME,
    Manifest,
    TextDraft,
    TokenizerFacts,
    parse,
)
from service.artifact.tokenizer import Tokenizer

_VERSION = re.compile(r"[1-9][0-9]{0,8}")
_NAME = re.compile(PLAIN_NAME)


@dataclass(frozen=True)
class Artifact:
    """A published model whose every byte has been checked."""

    path: Path
    manifest: Manifest
    text_tokenizer: Tokenizer | None = None  # None of a task that reads no text through one

    @property
    def name(self) -> str:
        """The model's name."""
        return self.manifest.name

    @property
    def version(self) -> int:
        """The model's version."""
        return self.manifest.version

    @property
    def tokenizer(self) -> Tokenizer:
        """Of a task that reads text through one. Raises TypeError of another task."""
        if self.text_tokenizer is None:
            raise TypeError(f"{self.name} is a model for {self.manifest.task}: it has no tokenizer")
        return self.text_tokenizer

    def graph_path(self, graph: str) -> Path:
        """The ONNX file of the graph of that name. Raises KeyError."""
        return self.path / self.manifest.graphs[graph].file


def read_artifact(path: Path) -> Artifact:
    """The artifact in the folder NAME/VERSION.

    Raises ArtifactError, with a message that names the file, where the format is newer than this
    build reads, the folder's name is not the manifest's, or any file is missing, additional,
    shortened or changed.
    """
    manifest_path = path / MANIFEST_FILE
    try:
        data = manifest_path.read_bytes()
    except OSError as error:
        raise ArtifactError(f"{manifest_path} cannot be read: {error.strerror}") from error
    manifest = parse(data, manifest_path)
    absolute = path.absolute()
    if (absolute.parent.name, absolute.name) != (manifest.name, str(manifest.version)):
        raise ArtifactError(
            f"{manifest_path} belongs to {manifest.name}/{manifest.version}; "
            "the folder must bear that name"
        )
    return open_folder(path, manifest)


def open_folder(path: Path, manifest: Manifest) -> Artifact:
    """The artifact of a folder that holds the manifest's files. Raises ArtifactError."""
    present = {entry.name for entry in os.scandir(path) if not entry.name.startswith(".")}
    for name in sorted(present - set(manifest.files) - {MANIFEST_FILE}):
        raise ArtifactError(f"{path / name} is not listed in {MANIFEST_FILE}; remove it")
    for name, facts in manifest.files.items():
        _check_file(path / name, facts.bytes, facts.sha256)
    if isinstance(manifest, TextDraft):
        return Artifact(path, manifest, _tokenizer(path, manifest.tokenizer))
    return Artifact(path, manifest)


def _tokenizer(path: Path, facts: TokenizerFacts) -> Tokenizer:
    tokenizer = Tokenizer.from_file(path / facts.file, facts.add_eos)
    if tokenizer.vocabulary_size != facts.vocabulary:
        raise ArtifactError(
            f"{path / facts.file} has {tokenizer.vocabulary_size} tokens; "
            f"{MANIFEST_FILE} states {facts.vocabulary}"
        )
    return tokenizer


def _check_file(path: Path, size: int, sha256: str) -> None:
    try:
        actual_size = path.stat().st_size
        if actual_size != size:
            raise ArtifactError(f"{path} has {actual_size} bytes; {MANIFEST_FILE} states {size}")
        digest = file_digest(path)
    except FileNotFoundError as error:
        raise ArtifactError(f"{path} is missing; {MANIFEST_FILE} lists it") from error
    except OSError as error:
        raise ArtifactError(f"{path} cannot be read: {error.strerror}") from error
    if digest != sha256:
        raise ArtifactError(
            f"{path} was changed after it was written: its digest is {digest}, "
            f"{MANIFEST_FILE} states {sha256}"
        )


def list_models(repository: Path) -> dict[str, list[int]]:
    """The versions of every model in a repository, oldest first, by name.

    Plain files and names that start with a dot are ignored. Raises ArtifactError where the
    repository is no folder, or a folder in it is no model or no version.
    """
    try:
        folders = sorted(entry for entry in repository.iterdir() if _is_visible_folder(entry))
    except OSError as error:
        raise ArtifactError(
            f"the models folder {repository} cannot be read: {error.strerror}"
        ) from error
    models: dict[str, list[int]] = {}
    for folder in folders:
        if not _NAME.fullmatch(folder.name):
            raise ArtifactError(f"{folder}: {folder.name!r} is no model name ({PLAIN_NAME})")
        versions = list_versions(folder)
        if not versions:
            raise ArtifactError(f"{folder} holds no version; expected {folder / '1'}")
        models[folder.name] = versions
    return models


def read_all(folder: Path) -> list[Artifact]:
    """Every version of every model, digests checked, by name and then by version.

    Raises ArtifactError for the first that is not as it was written, and where there is none.
    """
    artifacts = [
        read_artifact(folder / name / str(version))
        for name, versions in list_models(folder).items()
        for version in versions
    ]
    if not artifacts:
        raise ArtifactError(
            f"the models folder {folder} holds no model; expected {folder / 'NAME' / '1'}"
        )
    return artifacts


def list_versions(model: Path) -> list[int]:
    """The versions in a model's folder, oldest first. Raises ArtifactError."""
    versions = []
    for entry in model.iterdir():
        if not _is_visible_folder(entry):
            continue
        if not _VERSION.fullmatch(entry.name):
            raise ArtifactError(f"{entry} is no version; versions are the folders 1, 2, 3 …")
        versions.append(int(entry.name))
    return sorted(versions)


def _is_visible_folder(entry: Path) -> bool:
    return not entry.name.startswith(".") and entry.is_dir()
