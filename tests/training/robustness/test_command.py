"""`python -m training robustness`, on tiny models and a tiny test set."""

import gzip
import json
from pathlib import Path

import pytest

from tests import tiny_models
from training.cli import main
from training.data.parallel import MULTI30K_FILES

PAIRS = [
    ("A dog runs in the park.", "Ein Hund rennt in the park."),
    ("a good film", "a good film"),
    ("the good cat sat on the mat.", "the good cat sat on the mat."),
    ("Two men talk in the street.", "Zwei Männer reden auf der Straße."),
]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A data folder with a Multi30k of a few pairs."""
    folder = tmp_path / "data" / "multi30k"
    folder.mkdir(parents=True)
    for name in MULTI30K_FILES.values():
        for language, side in (("en", 0), ("de", 1)):
            text = "".join(f"{pair[side]}\n" for pair in PAIRS)
            (folder / f"{name}.{language}.gz").write_bytes(gzip.compress(text.encode()))
    return folder.parent


@pytest.fixture
def translators(tmp_path: Path) -> list[str]:
    """Two versions of the tiny translator; the second carries over what it does not know."""
    known = sorted({word.strip(".").casefold() for source, _ in PAIRS for word in source.split()})
    return [
        str(tiny_models.publish_translator(tmp_path / "models")),
        str(tiny_models.publish_translator(tmp_path / "models", known=known)),
    ]


def table(printed: str, title: str) -> dict[str, list[str]]:
    """The rows of the table below the title, by their first cell."""
    (part,) = [part for part in printed.split("\n\n") if part.startswith(title)]
    below = printed.split(part)[1].strip().split("\n\n")[0]
    rows = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in below.splitlines()]
    return {first.strip(): cells for first, *cells in rows}


def test_two_versions_side_by_side(
    root: Path, translators: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "found.json"
    command = ["robustness", *translators, "--root", str(root), "--out", str(out), "--quiet"]
    assert main([*command, "--beam-size", "2", "--show-failures"]) == 0
    printed = capsys.readouterr().out
    names = ["translation-en-de 1", "translation-en-de 2"]

    kept = table(printed, "kept: ")
    assert kept["kind"] == ["stretches", *names]
    assert kept["url"][1:] == ["100.0", "100.0"]
    assert int(kept["all"][0]) == sum(
        int(kept[f"in {s}"][0]) for s in ("chat", "news", "caption", "mail")
    )

    typed = table(printed, "typed: 4 sentences of multi30k:test, beam 2; ")
    assert typed["sentences"] == names
    assert [len(cell.split(" / ")) for cell in typed["typing error"]] == [2, 3]
    assert typed["capitals"][1].endswith("/ –"), "nothing is lost, so there is no share of it"

    glossary = table(printed, "glossary: 4 sentences of multi30k:test")
    assert glossary["term appears, in percent"] == ["–", "100.0"]
    assert table(printed, "odd: ")["failed"] == ["0.0", "0.0"]
    assert set(table(printed, "search: BLEU of 4 ")) >= {"beam 5", "beam 1", "lost by greedy"}
    assert all(f"failures of {name}\n\nnone\n" in printed for name in names)

    found = json.loads(out.read_text("utf-8"))
    assert (found["direction"], found["seed"], list(found["models"])) == ("en-de", 1, names)
    assert found["models"][names[0]]["glossary"] is None
    assert found["models"][names[0]]["kept"]["shares"]["all"]["intact"] == 100.0
    assert found["models"][names[1]]["glossary"]["appears"] == 100.0
    assert printed.rstrip().endswith(str(out))


def test_one_part_of_few_sentences_needs_no_data(
    translators: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["robustness", translators[0], "--root", str(tmp_path / "none"), "--quiet"]
    assert main([*command, "--part", "kept", "--limit", "6", "--beam-size", "1"]) == 0
    printed = capsys.readouterr().out
    assert "typed" not in printed
    assert 6 <= int(table(printed, "kept: ")["all"][0]) <= 24


def test_versions_of_one_name_in_two_places_are_told_apart(
    translators: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = str(tiny_models.publish_translator(tmp_path / "other"))
    command = ["robustness", translators[0], other, "--part", "odd", "--beam-size", "1", "--quiet"]
    assert main(command) == 0
    assert table(capsys.readouterr().out, "odd: ")["what"] == [translators[0], other]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--root", "nowhere"], "(datasets are looked for in nowhere: --root; without one: --part"),
        (["--test-set", "opus"], 'no parallel dataset is called "opus"; there are multi30k'),
        (["--test-set", "multi30k:2017"], '"multi30k" has no split "2017"; it has train'),
        (["--out", "nowhere/a.json"], "--out nowhere/a.json: there is no folder nowhere"),
        (["../models/sentiment/1"], "is a classification model; name one that translates"),
        (["../models/back/1"], "models of one direction can be compared; these are "),
    ],
)
def test_mistakes_are_said_before_anything_is_translated(
    arguments: list[str],
    said: str,
    root: Path,
    translators: list[str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(root)
    tiny_models.publish_classifier(root.parent / "models")
    tiny_models.publish_translator(root.parent / "models", name="back", source="de", target="en")
    given = ["robustness", translators[0], "--root", str(root), "--quiet", *arguments]
    if not arguments[0].startswith("--"):
        given = ["robustness", translators[0], *arguments, "--root", str(root), "--quiet"]
    assert main(given) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    error = captured.err.splitlines()[-1]
    assert error.startswith("error: ")
    assert said in error
