"""Glossaries in files: every pair of their languages, and mistakes named by their line."""

from pathlib import Path

import pytest

from service.files.errors import FileError
from service.files.glossary import MAX_BYTES, MAX_TERMS, parse_glossary, read_glossary


def terms(text: str, source: str, target: str, separator: str = ",") -> dict[str, str]:
    return parse_glossary(text.encode(), separator).terms(source, target)


def test_a_file_serves_every_pair_of_its_languages_both_ways() -> None:
    text = "EN,de,fr\nhouse,Gebäude,bâtiment\ncustomer,,cliente\n,Hof,cour\n\n"
    assert terms(text, "en", "de") == {"house": "Gebäude"}
    assert terms(text, "de", "EN") == {"Gebäude": "house"}
    assert terms(text, "en", "fr") == {"house": "bâtiment", "customer": "cliente"}
    assert terms(text, "fr", "de") == {"bâtiment": "Gebäude", "cour": "Hof"}
    assert terms(text, "en", "it") == {}
    assert terms(text, "en", "en") == {"house": "house", "customer": "customer"}


def test_further_columns_of_a_language_are_found_and_not_written() -> None:
    text = "en,en,de,de\nhouse,building,Gebäude,Gebäudes\n,customer,Kundin\n"
    assert terms(text, "en", "de") == {
        "house": "Gebäude", "building": "Gebäude", "customer": "Kundin",
    }  # fmt: skip
    assert terms(text, "de", "en") == {
        "Gebäude": "house", "Gebäudes": "house", "Kundin": "customer",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("content", "name"),
    [
        ("\ufeffen,de\r\n house , Gebäude\r\n".encode(), "a.csv"),
        ('en,de\n"house",Geba\u0308ude'.encode(), "a.CSV"),
        ("en\tde\nhouse\tGebäude\n".encode(), "a.tsv"),
    ],
)
def test_files_are_read_as_they_are_written_elsewhere(
    tmp_path: Path, content: bytes, name: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    assert read_glossary(path).terms("en", "de") == {"house": "Gebäude"}


def test_quotes_are_those_of_csv_alone() -> None:
    assert terms('en,de\n"a, b","x ""y"""', "en", "de") == {"a, b": 'x "y"'}
    assert terms('en\tde\n"a"\tx', "en", "de", "\t") == {'"a"': "x"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "line 1: 0 languages in 0 columns; the first line names 2 languages or more"),
        ("en\nhouse", "line 1: 1 languages in 1 columns"),
        ("en,en\nhouse,building", "line 1: 1 languages in 2 columns"),
        ("house,Haus\n", 'line 1: "house" is no code of a language; the first line names that'),
        ("en;de\nhouse;Haus\n", 'line 1: "en;de" is no code of a language'),
        ("en,de,\nhouse,Haus\n", 'line 1: "" is no code of a language'),
        (",".join(["en", "de"] * 17), "line 1: 2 languages in 34 columns"),
        ("en,de\na,b\nhouse,Haus,x\n", "line 3: 3 cells; expected 2 at most"),
        ('en,de\n"a\nb",x\n', 'line 2: "a�b" is no term; it must have 200 printable'),
        ("en,de\n\na,b\n" + "x" * 201 + ",y\n", "line 4: "),
        ("en,de\na,b\x00\n", "line 2: "),
        ('en,de\na,"b\n', "line 2: no CSV ("),
        ("en,de\nhouse,Haus\nx,y\nhouse,Gebäude\n",
         'line 4: "house" (en) is "Gebäude" (de) here and "Haus" in line 2'),
        ("en,de\nhouse,Haus\nhome,Haus\n", 'line 3: "Haus" (de) is "home" (en) here and "house"'),
        ("en,de\nnew  york,a\nnew york,b\n", 'line 3: "new york" (en) is "b" (de) here and "a"'),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_with_its_line(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "terms.csv"
    path.write_text(text, encoding="utf-8", newline="")
    with pytest.raises(FileError) as raised:
        read_glossary(path)
    assert str(raised.value).startswith(f"the glossary {path}, {message}")


def test_the_same_twice_is_no_contradiction() -> None:
    assert terms("en,de\nhouse,Haus\nhouse,Haus\n", "en", "de") == {"house": "Haus"}


def test_other_case_is_another_term() -> None:
    expected = {"polish": "polieren", "Polish": "polnisch"}
    assert terms("en,de\npolish,polieren\nPolish,polnisch\n", "en", "de") == expected


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    for name, message in (
        ("none.csv", "none.csv cannot be read: No such file"),
        ("terms.txt", "terms.txt must be a file whose name ends in .csv or .tsv"),
        ("latin.csv", "latin.csv, line 3: this is not UTF-8: 0xe4; save it in UTF-8"),
        ("large.csv", f"large.csv is larger than {MAX_BYTES:,} bytes"),
    ):
        (tmp_path / "latin.csv").write_bytes(b"en,de\nhouse,Haus\nbuilding,Geb\xe4ude\n")
        (tmp_path / "large.csv").write_bytes(b"en,de\n" + b"\n" * MAX_BYTES)
        with pytest.raises(FileError) as raised:
            read_glossary(tmp_path / name)
        assert message in str(raised.value)


def test_terms_have_a_limit() -> None:
    rows = [f"a{n},b{n}\n" for n in range(MAX_TERMS // 2)]
    assert len(terms("en,de\n" + "".join(rows), "en", "de")) == MAX_TERMS // 2
    with pytest.raises(FileError, match=f"line {len(rows) + 2}: here the terms are more than"):
        terms("en,de\n" + "".join([*rows, "one,more\n"]), "en", "de")


def test_another_content_has_another_digest() -> None:
    one, other = (parse_glossary(f"en,de\na,{cell}".encode(), ",") for cell in "bc")
    assert one.digest != other.digest
