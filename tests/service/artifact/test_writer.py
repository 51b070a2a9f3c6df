"""The writer publishes all of an artifact or nothing, and never over another."""

from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pytest

from service.artifact import ArtifactError, list_versions, read_artifact, write_artifact
from tests import tiny_models
from tests.tiny_models import classifier_draft, classifier_files, publish_classifier


def names(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.rglob("*"))


def test_versions_count_up_and_are_readable(tmp_path: Path) -> None:
    paths = [publish_classifier(tmp_path) for _ in range(3)]
    assert [path.name for path in paths] == ["1", "2", "3"]
    assert [read_artifact(path).version for path in paths] == [1, 2, 3]


def test_a_draft_comes_back_as_it_was(tmp_path: Path) -> None:
    draft = tiny_models.translator_draft()
    path = write_artifact(tmp_path, draft, tiny_models.translator_files(draft))
    manifest = read_artifact(path).manifest
    assert manifest.model_dump(exclude={"version", "files", "digest"}) == draft.model_dump()
    assert set(manifest.files) == {"encoder.onnx", "decoder.onnx", "tokenizer.model"}


def test_files_are_copied_from_paths(tmp_path: Path) -> None:
    source = tmp_path / "elsewhere.model"
    source.write_bytes(tiny_models.tokenizer_bytes())
    draft = classifier_draft()
    files = classifier_files(draft) | {"tokenizer.model": source}
    path = write_artifact(tmp_path / "models", draft, files)
    assert (path / "tokenizer.model").read_bytes() == source.read_bytes()


def test_others_may_read_what_is_published(tmp_path: Path) -> None:
    path = publish_classifier(tmp_path)
    plain = tmp_path / "plain"
    plain.mkdir()
    assert path.stat().st_mode == plain.stat().st_mode


def test_an_existing_version_is_never_overwritten(tmp_path: Path) -> None:
    path = publish_classifier(tmp_path)
    before = {file.name: file.read_bytes() for file in path.iterdir()}
    draft = classifier_draft(labels=("up", "down"))
    with pytest.raises(ArtifactError, match="exists, and a published version is never"):
        write_artifact(tmp_path, draft, classifier_files(draft), version=1)
    assert {file.name: file.read_bytes() for file in path.iterdir()} == before
    assert names(tmp_path / "sentiment") == sorted(["1", *before])


def test_a_chosen_version_is_taken(tmp_path: Path) -> None:
    draft = classifier_draft()
    assert write_artifact(tmp_path, draft, classifier_files(draft), version=7).name == "7"
    assert publish_classifier(tmp_path).name == "8"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("tokenizer.model", b"no tokenizer"),
        ("tokenizer.model", Path("no/such/file")),
        ("../escape", b"x"),
        ("manifest.json", b"{}"),
        (".hidden", b"x"),
    ],
)
def test_nothing_stays_after_an_error(tmp_path: Path, name: str, content: bytes | Path) -> None:
    draft = classifier_draft()
    with pytest.raises((ArtifactError, FileNotFoundError)):
        write_artifact(tmp_path, draft, {**classifier_files(draft), name: content})
    assert names(tmp_path) == []


def test_an_error_leaves_earlier_versions_alone(tmp_path: Path) -> None:
    path = publish_classifier(tmp_path)
    draft = classifier_draft()
    files = classifier_files(draft)
    del files["classifier.onnx"]
    with pytest.raises(ArtifactError, match=r"classifier\.onnx is used"):
        write_artifact(tmp_path, draft, files)
    assert list_versions(path.parent) == [1]
    assert not [name for name in names(tmp_path) if name.startswith(".")]


def test_writers_at_the_same_time_get_versions_of_their_own(tmp_path: Path) -> None:
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        paths = list(pool.map(publish_classifier, [tmp_path] * 8))
    assert sorted(int(path.name) for path in paths) == list(range(1, 9))
    for path in paths:
        read_artifact(path)
    assert not [name for name in names(tmp_path) if name.startswith(".")]
