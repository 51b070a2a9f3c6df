"""The loaders of sentence pairs, on small files of the very formats of the datasets."""

import gzip
import json
import zipfile
from collections.abc import Sequence
from pathlib import Path

import pytest

from training.data.errors import DataError
from training.data.examples import SentencePair
from training.data.parallel import load_parallel, load_parallel_splits
from training.data.splits import normalise, three_way


def write_lines(path: Path, lines: list[str]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress("".join(f"{line}\n" for line in lines).encode()))


def write_multi30k(root: Path) -> None:
    for name in ("train", "val", "test_2016_flickr"):
        for language, word in (("en", "dog"), ("de", "Hund"), ("fr", "chien")):
            write_lines(
                root / "multi30k" / f"{name}.{language}.gz",
                [f"{word} {name} 1.", f"{word} {name}\u2028 2. ", "" if language == "fr" else "x"],
            )


def write_tatoeba(root: Path, pairs: Sequence[tuple[str, ...]], language: str = "deu") -> None:
    (root / "tatoeba").mkdir(exist_ok=True)
    with zipfile.ZipFile(root / "tatoeba" / f"{language}-eng.zip", "w") as archive:
        archive.writestr(f"{language}.txt", "".join("\t".join(pair) + "\n" for pair in pairs))
        archive.writestr("_about.txt", "about")


def test_multi30k_in_every_direction(tmp_path: Path) -> None:
    write_multi30k(tmp_path)
    assert load_parallel(tmp_path, "multi30k", "validation") == [
        SentencePair("dog val 1.", "Hund val 1."),
        SentencePair("dog val\u2028 2.", "Hund val\u2028 2."),
        SentencePair("x", "x"),
    ]
    splits = load_parallel_splits(tmp_path, "multi30k", ("fr", "en"))
    pairs, report = splits["test"]
    assert pairs[0] == SentencePair("chien test_2016_flickr 1.", "dog test_2016_flickr 1.")
    assert len(pairs) == 2
    assert report.dropped == {"empty": 1}


def test_files_of_different_length_are_named(tmp_path: Path) -> None:
    write_multi30k(tmp_path)
    write_lines(tmp_path / "multi30k" / "val.de.gz", ["one"])
    with pytest.raises(DataError, match=r"val\.en\.gz has 3 lines and .*val\.de\.gz 1; expected"):
        load_parallel(tmp_path, "multi30k", "train")


def test_tatoeba_keeps_translations_of_one_sentence_together(tmp_path: Path) -> None:
    pairs = [
        (f"Sentence {number}.", f"Satz {number}{variant}.", "CC-BY")
        for number in range(500)
        for variant in "ab"
    ]
    write_tatoeba(tmp_path, pairs)
    splits = load_parallel_splits(tmp_path, "tatoeba", ("en", "de"))
    for split, (of_split, _) in splits.items():
        assert of_split
        assert all(three_way(pair.source, 0.96, 0.02) == split for pair in of_split)
    assert sum(len(of_split) for of_split, _ in splits.values()) == 1000
    reversed_splits = load_parallel_splits(tmp_path, "tatoeba", ("de", "en"))
    for split, (of_split, _) in splits.items():
        assert reversed_splits[split][0] == [SentencePair(*pair[::-1]) for pair in of_split]


def test_tatoeba_leaks_no_translation(tmp_path: Path) -> None:
    # One translation for all: it may stay in the split that is held out first, and there alone.
    write_tatoeba(tmp_path, [(f"Sentence {number}.", "Satz.") for number in range(500)])
    splits = load_parallel_splits(tmp_path, "tatoeba")
    assert len(splits["test"][0]) > 0
    assert splits["validation"][0] == splits["train"][0] == []
    assert splits["train"][1].dropped["with a translation that is also held out"] > 400


def test_tatoeba_never_trains_on_what_multi30k_holds_out(tmp_path: Path) -> None:
    train = [
        sentence
        for sentence in (f"Sentence {number}." for number in range(99))
        if three_way(sentence, 0.96, 0.02) == "train"
    ]
    first, second, third = train[:3]
    write_tatoeba(tmp_path, [(first, "eins"), (second, "zwei"), (third, "drei"), (third, "drei")])
    alone = load_parallel_splits(tmp_path, "tatoeba")["train"]
    assert len(alone[0]) == 3
    assert alone[1].dropped == {"repeated": 1}
    write_multi30k(tmp_path)
    write_lines(tmp_path / "multi30k" / "val.en.gz", [first.upper(), "x", "x"])
    write_lines(tmp_path / "multi30k" / "test_2016_flickr.de.gz", ["Zwei!", "x", "x"])
    pairs, report = load_parallel_splits(tmp_path, "tatoeba")["train"]
    assert pairs == [SentencePair(third, "drei")]
    assert report.dropped == {"held out by Multi30k": 2, "repeated": 1}


@pytest.mark.parametrize("line", [("No tab",), ("", "Leer"), ("Empty", "")])
def test_a_bad_line_of_tatoeba_is_named(tmp_path: Path, line: tuple[str, ...]) -> None:
    (tmp_path / "tatoeba").mkdir()
    write_tatoeba(tmp_path, [("Hi.", "Hallo!"), line])
    with pytest.raises(DataError, match=r"deu\.txt, line 2: expected an English sentence, a tab"):
        load_parallel(tmp_path, "tatoeba", "train")


def test_newstest_has_years(tmp_path: Path) -> None:
    folder = tmp_path / "newstest"
    for name in ("newstest2014", "newssyscomb2009", "news-test2008"):
        write_lines(folder / f"{name}.deu-eng.deu.gz", [f"Nachricht {name}", "leer"])
        write_lines(folder / f"{name}.deu-eng.eng.gz", [f"News {name}", ""])
    pair = SentencePair("News newstest2014", "Nachricht newstest2014")
    assert load_parallel(tmp_path, "newstest", "2014") == [pair]
    assert load_parallel(tmp_path, "newstest", "2014", ("de", "en")) == [SentencePair(*pair[::-1])]
    assert set(load_parallel_splits(tmp_path, "newstest")) == {"2008", "2009-syscomb", "2014"}
    with pytest.raises(DataError, match='"newstest" has no split "2013"; it has 2008, 2009-sysc'):
        load_parallel(tmp_path, "newstest", "2013")
    (folder / "newstest2014.deu-eng.eng.gz").unlink()
    with pytest.raises(DataError, match=r"newstest2014\.deu-eng\.eng\.gz is missing"):
        load_parallel(tmp_path, "newstest", "2014")


def chat(number: int) -> list[dict[str, object]]:
    return [
        {
            "utteranceID": 0,
            "speaker": "agent",
            "source": f"How can I help? {number}",
            "target": f"Wie kann ich helfen? {number}",
        },
        {
            "utteranceID": 1,
            "speaker": "customer",
            "source": f"Ich brauche ein Auto. {number}",
            "target": f"I need a car. {number}",
        },
    ]


def test_bcontrast_turns_both_speakers_to_the_direction(tmp_path: Path) -> None:
    (tmp_path / "bcontrast").mkdir()
    dialogues = {f"dlg-{number}": chat(number) for number in range(200)}
    (tmp_path / "bcontrast" / "train.json").write_text(json.dumps(dialogues))
    splits = load_parallel_splits(tmp_path, "bcontrast")
    numbers = {}
    for split, (pairs, _) in splits.items():
        assert all(english.startswith(("How can", "I need")) for english, _ in pairs)
        assert all(german.startswith(("Wie kann", "Ich brauche")) for _, german in pairs)
        numbers[split] = {normalise(pair.source).split()[-1] for pair in pairs}
        assert len(pairs) == 2 * len(numbers[split])
        assert all(three_way(f"dlg-{number}", 0.9, 0.05) == split for number in numbers[split])
    assert sum(map(len, numbers.values())) == 200
    reverse = load_parallel(tmp_path, "bcontrast", "test", ("de", "en"))
    assert reverse == [SentencePair(*pair[::-1]) for pair in splits["test"][0]]


@pytest.mark.parametrize("content", ["{", "[]", '{"a": [{"speaker": "agent"}]}', '{"a": [1]}'])
def test_a_damaged_chat_file_is_named(tmp_path: Path, content: str) -> None:
    (tmp_path / "bcontrast").mkdir()
    (tmp_path / "bcontrast" / "train.json").write_text(content)
    with pytest.raises(DataError, match=r"train\.json is damaged .* expected dialogues"):
        load_parallel(tmp_path, "bcontrast", "train")


@pytest.mark.parametrize(
    ("source", "file"),
    [
        ("multi30k", r"train\.en\.gz is missing"),
        ("tatoeba", r"deu-eng\.zip is missing"),
        ("newstest", "newstest has no news test"),
        ("bcontrast", r"train\.json is missing"),
    ],
)
def test_a_missing_file_is_named(tmp_path: Path, source: str, file: str) -> None:
    with pytest.raises(DataError, match=f"{file}; expected"):
        load_parallel(tmp_path, source, "train")


@pytest.mark.parametrize(
    ("source", "languages", "message"),
    [
        ("multi30k", ("en", "es"), "its languages are de, en, fr"),
        ("multi30k", ("en", "en"), 'no pairs from "en" to "en"'),
        ("tatoeba", ("de", "fr"), "neither from nor to English"),
        ("newstest", ("en", "fr"), "its languages are de, en"),
        ("bcontrast", ("fr", "en"), "its languages are de, en"),
    ],
)
def test_languages_that_are_not_there(
    tmp_path: Path, source: str, languages: tuple[str, str], message: str
) -> None:
    with pytest.raises(DataError, match=message):
        load_parallel(tmp_path, source, "train", languages)


def test_an_unknown_dataset_is_answered_with_the_known(tmp_path: Path) -> None:
    with pytest.raises(DataError, match='is called "iwslt"; there are multi30k, tatoeba, newst'):
        load_parallel(tmp_path, "iwslt", "train")
