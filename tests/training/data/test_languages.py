"""Texts labelled with their language: each in one split alone, whatever source it stands in."""

import json
from itertools import combinations
from pathlib import Path

import pytest

from tests.training.data.test_parallel import write_lines, write_multi30k, write_tatoeba
from training.data.errors import DataError
from training.data.languages import FRAGMENTS, SOURCES, load_language_splits
from training.data.splits import normalise, three_way

NUMBERS = range(400)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    write_multi30k(tmp_path)
    german = [(f"It is number {n} of all.", f"Das ist Nummer {n} von allen.") for n in NUMBERS]
    french = [(f"It is number {n} of all.", f"C'est le numéro {n} de tous.") for n in NUMBERS]
    write_tatoeba(tmp_path, [*german, ("Tom!", "Tom!")])
    write_tatoeba(tmp_path, french, "fra")
    turns = [{"speaker": "agent", "source": english, "target": other} for english, other in german]
    (tmp_path / "bcontrast").mkdir()
    (tmp_path / "bcontrast" / "train.json").write_text(json.dumps({"chat": turns}))
    for code, lines in zip(("eng", "deu"), zip(*german, strict=True), strict=True):
        write_lines(tmp_path / "newstest" / f"newstest2010.deu-eng.{code}.gz", list(lines))
    return tmp_path


def test_the_hash_of_a_sentence_alone_decides_its_split(root: Path) -> None:
    for source in SOURCES:
        for split, (rows, report) in load_language_splits(root, source).items():
            assert report.kept == len(rows)
            if split in ("validation", "test"):
                assert {three_way(row.text, 0.96, 0.02) for row in rows} <= {split}
    held = {
        source: {row.text for row in load_language_splits(root, source)["test"][0]}
        for source in ("tatoeba_languages", "newstest_languages", "bcontrast_languages")
    }
    german = {text for text in held["tatoeba_languages"] if not text.startswith("C'est")}
    assert german
    assert german == held["newstest_languages"] == held["bcontrast_languages"]


def test_every_language_is_there_once_a_sentence_and_once_a_fragment(root: Path) -> None:
    splits = load_language_splits(root, "tatoeba_languages")
    rows, report = splits["train"]
    assert {row.label for row in rows} == {"en", "de", "fr"}
    english = [row.text for row in rows if row.label == "en"]
    kept = sum(three_way(f"It is number {n} of all.", 0.96, 0.02) == "train" for n in NUMBERS)
    assert 1.9 * kept < len(english) <= 2 * kept
    assert report.dropped["in two languages"] == 2  # "Tom!", on either side
    assert all(row.text.strip() for row in rows)


def test_held_out_fragments_have_the_words_that_their_split_says(root: Path) -> None:
    splits = load_language_splits(root, "tatoeba_languages")
    for split in ("validation", "test"):
        whole = [normalise(row.text) for row in splits[split][0]]
        for name, words in FRAGMENTS.items():
            rows = splits[f"{split}_{name}"][0]
            assert rows
            assert {len(row.text.split()) for row in rows} == {words}
            assert all(any(normalise(row.text) in text for text in whole) for row in rows)


def test_an_unknown_source_is_refused(root: Path) -> None:
    with pytest.raises(DataError, match='"imdb"; there are tatoeba_languages, multi30k_languages'):
        load_language_splits(root, "imdb")


def test_real_sentences_stand_in_one_split_of_all_sources(data_root: Path) -> None:
    held: dict[str, set[tuple[str, str]]] = {"train": set(), "validation": set(), "test": set()}
    for source in SOURCES:
        splits = load_language_splits(data_root, source)
        assert {row.label for row in splits["train"][0]} == {"en", "de", *SOURCES[source][1]}
        for split, texts in held.items():
            texts.update((normalise(row.text), row.label) for row in splits[split][0])
    for one, other in combinations(held, 2):
        # Of what is trained on, a typo or a lost accent can make a held-out sentence.
        assert len(held[one] & held[other]) <= (20 if "train" in (one, other) else 0)
