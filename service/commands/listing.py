"""`models list`: every version in a folder, by what its manifest says."""

import json
from collections.abc import Sequence
from pathlib import Path

from service.artifact import (
    ArtifactError,
    ClassificationManifest,
    GenerationManifest,
    Manifest,
    SequenceManifest,
    TaggingManifest,
    TranslationManifest,
    list_models,
)
from service.artifact.manifest import MANIFEST_FILE, parse

_SHOWN_LABELS = 4


def list_versions(folder: Path, as_json: bool) -> int:
    """Prints a table, or JSON, and returns the exit status: 1 where a manifest cannot be read.

    Digests are not checked: `models verify` does that. Raises ArtifactError for no such folder.
    """
    found: list[tuple[str, int, Manifest | None, str]] = []
    for name, versions in list_models(folder).items():
        for version in versions:
            path = folder / name / str(version) / MANIFEST_FILE
            try:
                found.append((name, version, parse(path.read_bytes(), path), ""))
            except OSError as error:
                found.append((name, version, None, f"{path} cannot be read: {error.strerror}"))
            except ArtifactError as error:
                found.append((name, version, None, str(error)))
    if as_json:
        documents = [_document(*version) for version in found]
        print(json.dumps(documents, ensure_ascii=False, indent=2))
    else:
        rows = [_cells(*version) for version in found]
        head = ("name", "version", "task", "precision", "MB", "created", "answers", "scores")
        for line in table(head, rows, right=(1, 4)):
            print(line)
    return int(any(manifest is None for _, _, manifest, _ in found))


def table(head: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[int]) -> list[str]:
    """Lines with their columns aligned, those in `right` at their ends."""
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    return [
        "  ".join(
            cell.rjust(width) if i in right else cell.ljust(width)
            for i, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in (head, *rows)
    ]


def _cells(name: str, version: int, manifest: Manifest | None, problem: str) -> tuple[str, ...]:
    if manifest is None:
        return (name, str(version), f"unreadable: {problem}", "", "", "", "", "")
    scores = [f"{score.metric} {score.value:g} ({score.dataset})" for score in manifest.scores[:1]]
    more = f", {len(manifest.scores) - 1} more" if len(manifest.scores) > 1 else ""
    return (
        name,
        str(version),
        manifest.task,
        manifest.precision,
        f"{_bytes(manifest) / 1e6:.1f}",
        f"{manifest.created:%Y-%m-%d}",
        _answers(manifest),
        "".join(scores) + more,
    )


def _answers(manifest: Manifest) -> str:
    if isinstance(manifest, TranslationManifest):
        return f"{manifest.languages.source} to {manifest.languages.target}"
    if isinstance(manifest, TaggingManifest):
        begun = [tag[2:] for tag in manifest.tags if tag.startswith("B-")]
        return _listed(begun if manifest.scheme == "BIO" else manifest.tags)
    if isinstance(manifest, GenerationManifest):
        return "continues texts"
    if isinstance(manifest, SequenceManifest) and manifest.forecast is not None:
        return f"{_listed(manifest.forecast.columns)}, {manifest.forecast.horizon} steps ahead"
    return _listed(manifest.labels)


def _listed(labels: Sequence[str]) -> str:
    shown = ", ".join(labels[:_SHOWN_LABELS])
    more = len(labels) - _SHOWN_LABELS
    return f"{shown}, {more} more" if more > 0 else shown


def _bytes(manifest: Manifest) -> int:
    return sum(facts.bytes for facts in manifest.files.values())


def _document(
    name: str, version: int, manifest: Manifest | None, problem: str
) -> dict[str, object]:
    if manifest is None:
        return {"name": name, "version": version, "error": problem}
    facts = manifest.model_dump(
        mode="json", include={"name", "version", "task", "precision", "created", "license"}
    )
    if isinstance(manifest, ClassificationManifest):
        facts["labels"] = list(manifest.labels)
    elif isinstance(manifest, SequenceManifest):
        facts |= manifest.model_dump(mode="json", include={"labels", "window"})
        facts["columns"] = [column.name for column in manifest.columns]
        forecast = manifest.forecast
        if forecast is not None:
            facts["forecast"] = {"columns": forecast.columns, "horizon": forecast.horizon}
    elif isinstance(manifest, TaggingManifest):
        facts["tags"] = list(manifest.tags)
    elif isinstance(manifest, TranslationManifest):
        facts["languages"] = manifest.languages.model_dump()
    scores = [score.model_dump(mode="json") for score in manifest.scores]
    return facts | {"bytes": _bytes(manifest), "digest": manifest.digest, "scores": scores}
