"""A user's own data: what is read, and how every bad row is named."""

import csv
import importlib.util
import json
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.data.errors import DataError
from training.data.examples import LabelledText, SentencePair
from training.data.tables import (
    class_names,
    read_labelled,
    read_pairs,
    split_examples,
    split_pairs,
)

GOOD = "text,label\nfine,a\nbad,b\ngreat,a\nawful,b\n"
EXAMPLES = [
    LabelledText("fine", "a"),
    LabelledText("bad", "b"),
    LabelledText("great", "a"),
    LabelledText("awful", "b"),
]


def write(path: Path, content: str | bytes) -> Path:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", GOOD),
        ("a.CSV", GOOD),
        ("crlf.csv", GOOD.replace("\n", "\r\n")),
        ("bom.csv", "\ufeff" + GOOD),
        ("no-last-line-end.csv", GOOD.rstrip("\n")),
        ("trailing.csv", GOOD + "\n\r\n"),
        ("quoted.csv", '"text","label"\n"fine","a"\n"bad","b"\n"great"," a "\n"awful","b"\n'),
        ("others.csv", "id,label,text\n1,a,fine\n2,b,bad\n3,a,great\n4,b,awful\n"),
        ("a.tsv", GOOD.replace(",", "\t")),
        (
            "a.jsonl",
            "".join(json.dumps({"id": 1, "text": t, "label": c}) + "\n" for t, c in EXAMPLES),
        ),
    ],
)
def test_labelled_texts_are_read(tmp_path: Path, name: str, content: str) -> None:
    assert read_labelled(write(tmp_path / name, content)) == EXAMPLES


def test_columns_have_any_name(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "review,stars\nfine,5\nbad,1\ngreat,5\nawful,1\n")
    assert [row.label for row in read_labelled(path, "review", "stars")] == ["5", "1", "5", "1"]


texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\r"), min_size=1)


@given(st.lists(texts.filter(lambda text: bool(text.strip())), min_size=1, max_size=10))
def test_any_text_survives_csv(
    tmp_path_factory: pytest.TempPathFactory, written: list[str]
) -> None:
    path = tmp_path_factory.mktemp("csv") / "a.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["text", "label"])
        writer.writerows([text, "x"] for text in written)
    examples = read_labelled(path, minimum_per_class=0)
    assert [example.text for example in examples] == written


def test_a_field_of_any_size_is_read(tmp_path: Path) -> None:
    former_limit = csv.field_size_limit()
    long = "word " * 100_000
    path = write(tmp_path / "a.csv", f"text,label\n{long},a\n")
    assert read_labelled(path, minimum_per_class=0) == [LabelledText(long, "a")]
    assert csv.field_size_limit() == former_limit


def test_quotes_mean_nothing_in_tsv(tmp_path: Path) -> None:
    path = write(tmp_path / "a.tsv", 'text\tlabel\n"so he said\ta\nit\'s 3" long\tb\n')
    examples = read_labelled(path, minimum_per_class=0)
    assert [example.text for example in examples] == ['"so he said', "it's 3\" long"]


def test_numbers_and_booleans_in_json_are_labels(tmp_path: Path) -> None:
    lines = [{"text": "x", "label": label} for label in (1, 4.5, True, "one")]
    path = write(tmp_path / "a.jsonl", "\n".join(map(json.dumps, lines)))
    labels = [example.label for example in read_labelled(path, minimum_per_class=0)]
    assert labels == ["1", "4.5", "true", "one"]


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("a.csv", "text,label\nfine,a\nbad\n", "line 3: 1 fields; expected 2, as in the first"),
        ("a.csv", "text,label\nfine,a\nso, well,b\n", "line 3: 3 fields; expected 2"),
        ("a.csv", "text,label\nfine,a\n,b\n", "line 3: an empty text; expected some text"),
        ("a.csv", "text,label\nfine,a\n   ,b\n", "line 3: an empty text"),
        ("a.csv", "text,label\nfine,a\nbad, \n", "line 3: an empty label"),
        ("a.csv", "text,label\nfine,a\n\nbad,b\n", "line 3: an empty line"),
        ("a.csv", b"text,label\nfine,a\nb\xe4d,b\n", "line 3: byte 2 is not UTF-8; save the"),
        ("a.csv", "text,label\nfine,a\nb\0d,b\n", "line 3: a NUL character in the text"),
        ("a.csv", 'text,label\nfine,a\n"b" d,b\n', "line 3: .*; expected quotes doubled"),
        ("a.csv", 'text,label\nfine,a\n"bad,b\nfine,a\n', "line 3: unexpected end of data"),
        ("a.csv", 'text,label\n"two\nlines",a\n,b\n', "line 4: an empty text"),
        ("a.csv", "text,label\nfine,a\nb\rd,b\n", "line 3: new-line character"),
        ("a.tsv", "text\tlabel\nfine\ta\nbad b\n", "line 3: 1 fields; expected 2"),
        ("a.tsv", "text\tlabel\nfine\ta\n\nbad\tb\n", "line 3: an empty line"),
        ("a.jsonl", '{"text": "fine", "label": "a"}\n{"text": "bad"\n', "line 2: not JSON"),
        ("a.jsonl", '{"text": "bad"}\n', 'line 1: no "label"; it has text'),
        ("a.jsonl", '{"text": "bad", "label": null}\n', 'line 1: "label" is null; expected'),
        ("a.jsonl", '{"text": ["bad"], "label": "a"}\n', 'line 1: "text" is list; expected'),
        ("a.jsonl", '{"text": "\\ud800", "label": "a"}\n', "line 1: half a surrogate pair"),
        ("a.jsonl", '{"text": "a\\u0000", "label": "a"}\n', "line 1: a NUL character"),
        ("a.jsonl", '["bad", "a"]\n', "line 1: not a JSON object; expected one object a line"),
        ("a.jsonl", '\n{"text": "bad", "label": "a"}\n', "line 1: an empty line"),
    ],
)
def test_a_bad_row_is_named(tmp_path: Path, name: str, content: str | bytes, problem: str) -> None:
    path = write(tmp_path / name, content)
    with pytest.raises(DataError, match=rf"(?s){name} has 1 bad row:\n  {problem}"):
        read_labelled(path)


def test_ten_bad_rows_are_listed_and_the_others_counted(tmp_path: Path) -> None:
    rows = "".join(f"text {number},\n" for number in range(14))
    path = write(tmp_path / "a.csv", f"text,label\nfine,a\n{rows}")
    with pytest.raises(DataError) as caught:
        read_labelled(path)
    first, *listed = str(caught.value).split("\n")
    assert first == f"{path} has 14 bad rows:"
    assert listed[0] == "  line 3: an empty label; expected some text"
    assert listed[9] == "  line 12: an empty label; expected some text"
    assert listed[10:] == ["  and 4 more"]


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("a.csv", "", "is empty; expected a first line with the names"),
        ("a.csv", "text,label\n", "has no rows; expected at least one"),
        ("a.jsonl", "", "has no rows; expected at least one"),
        ("a.csv", "text;label\nfine;a\n", "columns apart by semicolons; expected commas"),
        ("a.csv", "review,label\nfine,a\n", 'has no column "text"; its columns are review, label'),
        ("a.csv", "text,label,text\na,b,c\n", 'has 2 columns "text"'),
        ("a.csv", '"text,label\nfine,a\n', "line 1: unexpected end of data"),
        ("a.txt", "fine\n", r'ends in "\.txt"; expected one of \.csv, \.tsv, \.jsonl, \.parquet'),
        ("a.csv", "text,label\nfine,a\nbad,a\n", 'has one class alone, "a"; expected two or more'),
        ("a.csv", "text,label\nfine,a\nx,a\nbad,b\n", r'at least 2 texts of each .* "b" \(1\)'),
    ],
)
def test_a_file_that_is_no_training_data(
    tmp_path: Path, name: str, content: str, problem: str
) -> None:
    with pytest.raises(DataError, match=rf"(?s){name}.*{problem}"):
        read_labelled(write(tmp_path / name, content))


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"a\.csv is not there; expected a file of \.csv, "):
        read_labelled(tmp_path / "a.csv")
    with pytest.raises(DataError, match=r"a\.tsv is not there; expected a \.tsv of two columns"):
        read_pairs(tmp_path / "a.tsv")


def test_one_class_is_enough_to_evaluate_on(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "text,label\nfine,a\n")
    assert read_labelled(path, minimum_per_class=0) == [LabelledText("fine", "a")]


HAS_PYARROW = importlib.util.find_spec("pyarrow") is not None


@pytest.mark.skipif(not HAS_PYARROW, reason="pyarrow, of the extra parquet, is not installed")
def test_parquet_is_read(tmp_path: Path) -> None:
    pyarrow: Any = importlib.import_module("pyarrow")
    parquet: Any = importlib.import_module("pyarrow.parquet")
    path = tmp_path / "a.parquet"
    columns = {"id": [1, 2, 3, 4], "text": [row.text for row in EXAMPLES]}
    parquet.write_table(pyarrow.table({**columns, "label": list("abab")}), path)
    assert read_labelled(path) == EXAMPLES
    parquet.write_table(pyarrow.table({**columns, "label": [1, 2, None, 2]}), path)
    with pytest.raises(DataError, match=r'1 bad row:\n  row 3: "label" is null; expected a text'):
        read_labelled(path)
    with pytest.raises(DataError, match='has no column "stars"; its columns are id, text, label'):
        read_labelled(path, "text", "stars")
    path.write_bytes(b"PAR1")
    with pytest.raises(DataError, match=r"a\.parquet cannot be read as Parquet"):
        read_labelled(path)


def test_parquet_without_pyarrow_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    path = write(tmp_path / "a.parquet", "PAR1")
    with pytest.raises(DataError, match=r'pyarrow is not installed; .* pip install "pyarrow'):
        read_labelled(path)


def test_pairs_without_columns(tmp_path: Path) -> None:
    path = write(tmp_path / "pairs.tsv", 'Hello. \tHallo.\nHe said "no.\tEr sagte nein.\r\n\n')
    assert read_pairs(path) == [
        SentencePair("Hello.", "Hallo."),
        SentencePair('He said "no.', "Er sagte nein."),
    ]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", 'en,id,de\n"Well, hello.",1,Hallo.\n'),
        ("a.tsv", "en\tid\tde\nWell, hello.\t1\tHallo.\n"),
        ("a.jsonl", '{"en": "Well, hello.", "de": "Hallo."}\n'),
    ],
)
def test_pairs_with_columns(tmp_path: Path, name: str, content: str) -> None:
    path = write(tmp_path / name, content)
    assert read_pairs(path, "en", "de") == [SentencePair("Well, hello.", "Hallo.")]
    assert read_pairs(path, "de", "en") == [SentencePair("Hallo.", "Well, hello.")]


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("Hi.\tHallo.\nHi.\n", "line 2: 1 field; expected source, tab, target"),
        ("Hi.\tHallo.\nHi.\tHallo.\tCC-BY\n", "line 2: 3 fields; expected source, tab, target"),
        ("Hi.\tHallo.\n\nHi.\tHallo.\n", "line 2: 1 field; expected source, tab, target"),
        ("Hi.\tHallo.\nHi.\t \n", "line 2: an empty target"),
        ("Hi.\tHallo.\n\tHallo.\n", "line 2: an empty source"),
        (b"Hi.\tHallo.\nHi.\t\xff\n", "line 2: byte 5 is not UTF-8"),
    ],
)
def test_a_bad_pair_is_named(tmp_path: Path, content: str | bytes, problem: str) -> None:
    path = write(tmp_path / "pairs.tsv", content)
    with pytest.raises(DataError, match=rf"pairs\.tsv has 1 bad row:\n  {problem}"):
        read_pairs(path)


def test_pairs_need_both_columns_or_a_tsv(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "en,de\nHi.,Hallo.\n")
    with pytest.raises(DataError, match=r"name both columns, .* or neither"):
        read_pairs(path, "en")
    with pytest.raises(DataError, match=r"a\.csv needs the names of its source column and"):
        read_pairs(path)


def test_examples_are_split_by_text_and_class() -> None:
    examples = [LabelledText(f"text {i}", "ab"[i % 2]) for i in range(200)] * 2
    train, validation, test = split_examples(examples, (0.8, 0.1, 0.1), seed=3)
    assert sorted(train + validation + test) == sorted(examples)
    assert abs(len(train) - 320) <= 4
    for part in (train, validation, test):
        positive = sum(example.label == "a" for example in part)
        assert abs(2 * positive - len(part)) <= 8
    held_out = {example.text for example in validation}, {example.text for example in test}
    assert not held_out[0] & held_out[1]
    assert not {example.text for example in train} & (held_out[0] | held_out[1])
    assert split_examples(examples[::-1], (0.8, 0.1, 0.1), seed=3)[1] == validation[::-1]


def test_pairs_of_one_source_are_split_together() -> None:
    pairs = [SentencePair(f"source {i}", f"{j}") for i in range(50) for j in range(3)]
    train, validation = split_pairs(pairs, (0.9, 0.1), seed=0)
    assert sorted(train + validation) == sorted(pairs)
    assert len(validation) == 15
    assert not {pair.source for pair in train} & {pair.source for pair in validation}


@pytest.mark.parametrize(
    ("labels", "names"),
    [
        (["b", "a", "b"], ["a", "b"]),
        (["10", "2", "1"], ["1", "2", "10"]),
        (["4.5", "-1", "4"], ["-1", "4", "4.5"]),
        (["10", "2", "two"], ["10", "2", "two"]),
        (["nan", "2", "10"], ["10", "2", "nan"]),
    ],
)
def test_class_names_are_in_order(labels: list[str], names: list[str]) -> None:
    assert class_names([LabelledText("text", label) for label in labels]) == names
