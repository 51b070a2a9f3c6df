"""The reader refuses whatever is not exactly as it was written, and names the file."""

import json
import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from service.artifact import (
    ArtifactError,
    ClassificationManifest,
    TranslationManifest,
    list_models,
    read_artifact,
)
from service.artifact.digests import document_digest

FILES = ["manifest.json", "classifier.onnx", "tokenizer.model"]


@pytest.fixture
def sentiment(models: Path) -> Path:
    return models / "sentiment" / "1"


def reseal(folder: Path, change: Callable[[dict[str, Any]], object]) -> None:
    """Changes a manifest and gives it a right digest again, as an attacker would."""
    path = folder / "manifest.json"
    document = json.loads(path.read_bytes())
    change(document)
    document.pop("digest", None)
    document["digest"] = document_digest(document)
    path.write_bytes(json.dumps(document, indent=2, ensure_ascii=False).encode() + b"\n")


def test_what_was_written_is_read(published_models: Path) -> None:
    classifier = read_artifact(published_models / "sentiment" / "1")
    translator = read_artifact(published_models / "translation-en-de" / "1")
    assert isinstance(classifier.manifest, ClassificationManifest)
    assert isinstance(translator.manifest, TranslationManifest)
    assert (classifier.name, classifier.version) == ("sentiment", 1)
    assert classifier.manifest.labels == ("positive", "negative")
    assert classifier.graph_path("classifier").is_file()
    assert not classifier.tokenizer.add_eos
    assert translator.tokenizer.add_eos
    assert translator.manifest.languages.target == "de"


@pytest.mark.parametrize("name", FILES)
def test_a_flipped_byte_is_refused(sentiment: Path, name: str) -> None:
    path = sentiment / name
    data = path.read_bytes()
    rng = random.Random(name)
    positions = [0, len(data) - 1, *rng.sample(range(len(data)), 40)]
    for position in positions:
        for flip in (0x01, 0x80, rng.randrange(1, 256)):
            flipped = bytearray(data)
            flipped[position] ^= flip
            path.write_bytes(flipped)
            with pytest.raises(ArtifactError, match=name):
                read_artifact(sentiment)
    path.write_bytes(data)
    read_artifact(sentiment)


def test_white_space_in_the_manifest_counts_as_a_change(sentiment: Path) -> None:
    path = sentiment / "manifest.json"
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    with pytest.raises(ArtifactError, match=r"manifest\.json is not laid out as it was written"):
        read_artifact(sentiment)


@pytest.mark.parametrize("name", FILES)
def test_a_missing_file_is_refused(sentiment: Path, name: str) -> None:
    (sentiment / name).unlink()
    with pytest.raises(ArtifactError, match=name):
        read_artifact(sentiment)


@pytest.mark.parametrize("name", FILES)
def test_a_truncated_file_is_refused(sentiment: Path, name: str) -> None:
    path = sentiment / name
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(ArtifactError, match=name):
        read_artifact(sentiment)


def test_an_additional_file_is_refused_and_a_hidden_one_ignored(sentiment: Path) -> None:
    (sentiment / ".DS_Store").write_bytes(b"x")
    read_artifact(sentiment)
    (sentiment / "weights.bin").write_bytes(b"x")
    with pytest.raises(ArtifactError, match=r"weights\.bin is not listed"):
        read_artifact(sentiment)


def test_a_newer_format_is_refused_before_anything_else_is_looked_at(sentiment: Path) -> None:
    (sentiment / "manifest.json").write_text('{"format_version": 2, "unheard": "of"}')
    with pytest.raises(
        ArtifactError,
        match=r"manifest\.json has format 2, but this build reads format 1; upgrade the service",
    ):
        read_artifact(sentiment)


@pytest.mark.parametrize(
    "manifest", ["", "[]", "{", "null", '{"format_version": "1"}', "[" * 10_000, "\ud800", "NaN"]
)
def test_a_manifest_that_is_none_is_refused(sentiment: Path, manifest: str) -> None:
    (sentiment / "manifest.json").write_bytes(manifest.encode("utf-8", "surrogatepass"))
    with pytest.raises(ArtifactError, match=r"manifest\.json"):
        read_artifact(sentiment)


@pytest.mark.parametrize("name", ["../secret", "/etc/passwd", "a/b", "..", ".hidden", "a\\b", ""])
def test_no_path_in_the_manifest_leaves_the_folder(sentiment: Path, name: str) -> None:
    (sentiment.parent / "secret").write_bytes(b"x")

    def change(document: dict[str, Any]) -> None:
        document["graphs"]["classifier"]["file"] = name
        document["files"][name] = document["files"].pop("classifier.onnx")

    reseal(sentiment, change)
    with pytest.raises(ArtifactError, match=r"manifest\.json does not fit format 1"):
        read_artifact(sentiment)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda m: m.update(colour="red"), "colour"),
        (lambda m: m.update(task="poetry"), "task|tag"),
        (lambda m: m.update(labels=["same", "same"]), "labels holds a label twice"),
        (lambda m: m.update(labels=["one", "two", "three"]), "logits has 2 classes"),
        (lambda m: m["examples"][0].update(label="neutral"), "neutral"),
        (lambda m: m["graphs"].update(extra=m["graphs"]["classifier"]), "needs .'classifier'."),
        (lambda m: m["graphs"]["classifier"]["inputs"].pop(), "needs .'lengths', 'tokens'."),
        (lambda m: m["files"].pop("tokenizer.model"), r"tokenizer\.model is used"),
        (lambda m: m["tokenizer"].update(vocabulary=7), "states 7"),
        (lambda m: m.update(version=0), "version"),
        (lambda m: m.update(created="2025-01-01T00:00:00"), "created"),
    ],
)
def test_a_manifest_that_contradicts_itself_is_refused(
    sentiment: Path, change: Callable[[dict[str, Any]], object], message: str
) -> None:
    reseal(sentiment, change)
    with pytest.raises(ArtifactError, match=message):
        read_artifact(sentiment)


def without_memory(document: dict[str, Any]) -> None:
    """A translator's manifest as one without attention has it."""
    document["decoding"]["memory"] = []
    encoder, decoder = (document["graphs"][name] for name in ("encoder", "decoder"))
    for tensors in (encoder["outputs"], decoder["inputs"], decoder["outputs"]):
        tensors[:] = [t for t in tensors if t["name"] not in ("encoder_outputs", "attention")]


def test_a_translator_without_memory_has_no_attention(models: Path) -> None:
    folder = models / "translation-en-de" / "1"
    attention = {"name": "attention", "dtype": "float32", "shape": ["rows", "source_time"]}
    reseal(folder, without_memory)
    manifest = read_artifact(folder).manifest
    assert isinstance(manifest, TranslationManifest)
    assert manifest.decoding.memory == ()
    reseal(folder, lambda m: m["graphs"]["decoder"]["outputs"].append(attention))
    with pytest.raises(ArtifactError, match=r"graph decoder states the outputs .'attention'"):
        read_artifact(folder)


def test_a_copy_under_another_name_is_refused(models: Path) -> None:
    for other in (models / "sentiment" / "2", models / "mood" / "1"):
        shutil.copytree(models / "sentiment" / "1", other)
        with pytest.raises(ArtifactError, match=r"manifest\.json belongs to sentiment/1"):
            read_artifact(other)


def test_models_and_versions_are_listed_in_order_of_numbers(models: Path) -> None:
    for version in ("10", "9"):
        (models / "sentiment" / version).mkdir()
    (models / "sentiment" / ".tmp-1").mkdir()
    (models / ".git").mkdir()
    (models / "README.md").write_text("models")
    assert list_models(models) == {"sentiment": [1, 9, 10], "translation-en-de": [1]}


@pytest.mark.parametrize("name", ["latest", "01", "0", "v2", "-1"])
def test_a_folder_that_is_no_version_is_named(models: Path, name: str) -> None:
    (models / "sentiment" / name).mkdir()
    with pytest.raises(ArtifactError, match=f"{name} is no version"):
        list_models(models)


def test_a_repository_that_is_none_is_named(models: Path) -> None:
    with pytest.raises(ArtifactError, match="nowhere cannot be read"):
        list_models(models / "nowhere")
    (models / "empty").mkdir()
    with pytest.raises(ArtifactError, match="empty holds no version"):
        list_models(models)
    (models / "empty").rename(models / "no model name")
    with pytest.raises(ArtifactError, match="no model name"):
        list_models(models)


def test_a_manifest_of_before_language_and_purpose_were_stated_is_read(sentiment: Path) -> None:
    reseal(sentiment, lambda document: [document.pop(key) for key in ("language", "purpose")])
    manifest = read_artifact(sentiment).manifest
    assert isinstance(manifest, ClassificationManifest)
    assert manifest.language is manifest.purpose is None


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"language": "English"}, "language"),
        ({"purpose": "spam"}, "purpose"),
        (
            {"purpose": "language-identification"},
            r"the label 'positive' is no code of a language, such as en",
        ),
    ],
)
def test_a_language_or_purpose_that_is_none_is_refused(
    sentiment: Path, change: dict[str, str], reason: str
) -> None:
    reseal(sentiment, lambda document: document.update(change))
    with pytest.raises(ArtifactError, match=reason):
        read_artifact(sentiment)
