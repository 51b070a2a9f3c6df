"""`models`: lists, verifies and compares, and says which version is bad."""

import json
from pathlib import Path
from typing import Any

import pytest

from service.artifact import ClassificationExample, Score
from service.artifact.writer import write_artifact
from service.cli import main
from tests import tiny_models

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def two(models: Path) -> Path:
    """A second version of the classifier, whose labels stand the other way round."""
    draft = tiny_models.classifier_draft(labels=("negative", "positive"))
    scores = (
        Score(dataset="toy", split="test", metric="accuracy", value=0.5, rows=2),
        Score(dataset="more", split="test", metric="accuracy", value=0.25, rows=2),
    )
    changed = draft.model_copy(update={"scores": scores})
    write_artifact(models, changed, tiny_models.classifier_files(changed))
    return models


def test_list_shows_every_version(two: Path, capsys: Capture) -> None:
    assert main(["models", "list", str(two)], {}) == 0
    head, *rows = capsys.readouterr().out.splitlines()
    assert head.split()[:4] == ["name", "version", "task", "precision"]
    assert [row.split()[:3] for row in rows] == [
        ["sentiment", "1", "classification"],
        ["sentiment", "2", "classification"],
        ["translation-en-de", "1", "translation"],
    ]
    assert rows[1].endswith("negative, positive  accuracy 0.5 (toy), 1 more")
    assert "en to de" in rows[2]


def test_list_as_json_has_every_score(two: Path, capsys: Capture) -> None:
    assert main(["models", "list", "--json"], {"GATEHOUSE_MODELS": str(two)}) == 0
    first, second, third = json.loads(capsys.readouterr().out)
    assert [score["value"] for score in second["scores"]] == [0.5, 0.25]
    assert first["labels"] == ["positive", "negative"]
    assert third["languages"] == {"source": "en", "target": "de"}


def test_list_names_a_manifest_that_cannot_be_read(two: Path, capsys: Capture) -> None:
    (two / "sentiment" / "1" / "manifest.json").write_text("{", encoding="utf-8")
    assert main(["models", "list", str(two)], {}) == 1
    rows = capsys.readouterr().out.splitlines()
    assert "unreadable: " in rows[1]
    assert len(rows) == 4
    assert main(["models", "list", str(two), "--json"], {}) == 1
    assert "no JSON document" in json.loads(capsys.readouterr().out)[0]["error"]


def test_verify_looks_at_every_version(two: Path, capsys: Capture) -> None:
    (two / "sentiment" / "1" / "classifier.onnx").write_bytes(b"x")
    wrong = ClassificationExample(text="good", label="negative", score=0.9)
    tiny_models.publish_classifier(two, examples=(wrong,))
    assert main(["models", "verify", str(two)], {}) == 1
    captured = capsys.readouterr()
    assert [line.partition(",")[0] for line in captured.out.splitlines()] == [
        "sentiment 2: classification",
        "translation-en-de 1: translation",
    ]
    assert captured.out.splitlines()[0].endswith("2 files verified, 2 examples reproduced")
    first, second = captured.err.splitlines()
    assert "classifier.onnx has 1 bytes" in first
    assert second.startswith('service: error: sentiment answers "good" with positive')


def test_verify_needs_a_model(tmp_path: Path, capsys: Capture) -> None:
    assert main(["models", "verify", str(tmp_path)], {}) == 1
    assert "holds no model" in capsys.readouterr().err


def test_compare_puts_scores_side_by_side(two: Path, capsys: Capture) -> None:
    assert main(["models", "compare", "sentiment", "1", "2", "--models", str(two)], {}) == 0
    _, toy, more, size = capsys.readouterr().out.splitlines()
    assert toy.split() == ["toy", "test", "accuracy", "1", "0.5", "-0.5"]
    assert more.split() == ["more", "test", "accuracy", "-", "0.25"]
    assert size.split()[0] == "MB"


def compared(two: Path, path: Path, capsys: Capture, *flags: str) -> Any:
    command = ["models", "compare", "sentiment", "1", "2", str(path), "--models", str(two)]
    assert main([*command, "--json", *flags], {}) == 0
    return json.loads(capsys.readouterr().out)


def test_compare_has_both_answer_a_file(two: Path, tmp_path: Path, capsys: Capture) -> None:
    path = tmp_path / "a.csv"
    path.write_text('text\na good film\n"a bad\nfilm"\n', encoding="utf-8")
    answers = compared(two, path, capsys)["answers"]
    assert (answers["texts"], answers["same"], answers["agreement"]) == (2, 0, 0.0)
    assert [some["place"] for some in answers["differing"]] == ["line 2", "line 3"]
    assert [answer[0] for answer in answers["differing"][0]["answers"]] == ["positive", "negative"]
    assert answers["speed"] > 0
    shown = compared(two, path, capsys, "--show", "1")["answers"]["differing"]
    assert len(shown) == 1
    main(["models", "compare", "sentiment", "1", "1", str(path), "--models", str(two)], {})
    text = capsys.readouterr().out
    assert "2 of 2 answers are the same (100.00%)" in text
    assert "texts a second: version 1 has" in text
    main(["models", "compare", "sentiment", "1", "2", str(path), "--models", str(two)], {})
    lines = capsys.readouterr().out.splitlines()
    assert lines[-3:-1] == ['line 3: "a bad\N{REPLACEMENT CHARACTER}film"', lines[-2]]
    assert lines[-2].startswith("  1: negative 0.")
    assert lines[-1].startswith("  2: positive 0.")


def test_compare_translates_with_the_beam_that_is_said(
    models: Path, tmp_path: Path, capsys: Capture
) -> None:
    tiny_models.publish_translator(models)
    (tmp_path / "a.txt").write_text("the good cat\ntwo men\n", encoding="utf-8")
    command = ["models", "compare", "translation-en-de", "1", "2", str(tmp_path / "a.txt")]
    assert main([*command, "--models", str(models), "--beam-size", "2"], {}) == 0
    assert "2 of 2 answers are the same" in capsys.readouterr().out
    assert main([*command, "--models", str(models), "--beam-size", "99"], {}) == 1


def test_compare_says_what_it_cannot(two: Path, tmp_path: Path, capsys: Capture) -> None:
    tail = ["--models", str(two)]
    assert main(["models", "compare", "sentiment", "1", "7", *tail], {}) == 1
    assert "version 7 of sentiment is not published" in capsys.readouterr().err
    (tmp_path / "a.txt").write_text("good\n\n", encoding="utf-8")
    assert (
        main(["models", "compare", "sentiment", "1", "2", str(tmp_path / "a.txt"), *tail], {}) == 1
    )
    assert "a.txt, line 2: the text is empty" in capsys.readouterr().err
    tiny_models.publish_translator(two, target="fr")
    assert main(["models", "compare", "translation-en-de", "1", "2", *tail], {}) == 1
    assert "made for other tasks or languages" in capsys.readouterr().err
