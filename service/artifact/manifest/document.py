"""The document manifest.json: sealed, rendered, read and checked.

The one list of tasks: a manifest is told by its `task`.
"""

import json
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field, TypeAdapter, ValidationError

from service.artifact.digests import document_digest
from service.artifact.errors import ArtifactError
from service.artifact.manifest.classification import ClassificationDraft, ClassificationManifest
from service.artifact.manifest.draft import FORMAT_VERSION, MANIFEST_FILE
from service.artifact.manifest.generation import GenerationDraft, GenerationManifest
from service.artifact.manifest.records import FileFacts
from service.artifact.manifest.sequence import SequenceDraft, SequenceManifest
from service.artifact.manifest.tagging import TaggingDraft, TaggingManifest
from service.artifact.manifest.translation import TranslationDraft, TranslationManifest

AnyDraft = ClassificationDraft | GenerationDraft | SequenceDraft | TaggingDraft | TranslationDraft
Manifest = (
    ClassificationManifest
    | GenerationManifest
    | SequenceManifest
    | TaggingManifest
    | TranslationManifest
)

_MANIFEST: TypeAdapter[Manifest] = TypeAdapter(Annotated[Manifest, Field(discriminator="task")])


def seal(draft: AnyDraft, version: int, files: Mapping[str, FileFacts]) -> Manifest:
    """The manifest of a draft whose files have been written. Raises ArtifactError."""
    document = draft.model_dump(mode="json")
    document |= {
        "version": version,
        "files": {name: facts.model_dump(mode="json") for name, facts in sorted(files.items())},
    }
    try:
        return _validate(document | {"digest": document_digest(document)})
    except ValueError as error:
        raise ArtifactError(f"{MANIFEST_FILE} of {draft.name}: {error}") from error


def render(manifest: Manifest) -> bytes:
    """The bytes of manifest.json."""
    return _layout(manifest.model_dump(mode="json"))


def parse(data: bytes, origin: object = MANIFEST_FILE) -> Manifest:
    """The manifest in the bytes of a manifest.json; `origin` names the file in messages.

    Raises ArtifactError where the format is newer than this build reads (checked before all
    else, because a newer format may differ in anything), the document does not fit the schema,
    its digest is wrong, or a single byte differs from what the writer wrote.
    """
    try:
        document = json.loads(data.decode("utf-8"), parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise ArtifactError(f"{origin} is no JSON document: {error}") from error
    if not isinstance(document, dict):
        raise ArtifactError(f"{origin} holds no JSON object; a manifest is one")
    _check_format(document, origin)
    try:
        manifest = _validate(document)
    except ValueError as error:
        raise ArtifactError(f"{origin} does not fit format {FORMAT_VERSION}: {error}") from error
    body = {key: value for key, value in document.items() if key != "digest"}
    digest = document_digest(body)
    if digest != manifest.digest:
        raise ArtifactError(
            f"{origin} was changed after it was written: its contents have the digest {digest}, "
            f"but it states {manifest.digest}; export the model again or restore the file"
        )
    # The digest covers the contents; white space, number notation and repeated keys are covered
    # by comparing the layout, so that no flipped byte at all goes unseen.
    if _layout(document) != data:
        raise ArtifactError(
            f"{origin} is not laid out as it was written (white space, line ends or notation "
            "differ); restore the file as it was published"
        )
    return manifest


def _check_format(document: dict[str, Any], origin: object) -> None:
    stated = document.get("format_version")
    if not isinstance(stated, int) or isinstance(stated, bool):
        raise ArtifactError(f"{origin} states no format_version; this build reads {FORMAT_VERSION}")
    if stated != FORMAT_VERSION:
        raise ArtifactError(
            f"{origin} has format {stated}, but this build reads format {FORMAT_VERSION}; "
            + ("upgrade the service" if stated > FORMAT_VERSION else "export the model again")
        )


def _validate(document: dict[str, Any]) -> Manifest:
    try:
        return _MANIFEST.validate_python(document)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"][1:]) or "the document"
        raise ValueError(f"{place}: {first['msg'].removeprefix('Value error, ')}") from error


def _layout(document: dict[str, Any]) -> bytes:
    text = json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False)
    return text.encode("utf-8") + b"\n"


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")
