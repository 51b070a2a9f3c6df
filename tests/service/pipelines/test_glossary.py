"""Terms of a glossary, found in sentences."""

import pytest

from service.pipelines.placeholders import Glossary

TERMS = {
    "house": "Gebäude",
    "tree house": "Baumhaus",
    "Polish": "polnisch",
    "C++": "C++",
    "New   York": "Neu-York",
    "e-mail": "E-Post",
}


def found(sentence: str) -> list[tuple[str, str]]:
    return [
        (sentence[span.start : span.end], translation)
        for span, translation in Glossary(TERMS).find(sentence)
    ]


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("The house is big.", [("house", "Gebäude")]),
        ("House, HOUSE!", [("House", "Gebäude"), ("HOUSE", "Gebäude")]),
        ("The houses, a warehouse, house_1 and house2.", []),
        ("A tree house.", [("tree house", "Baumhaus")]),
        ("A tree  house in a tree.", [("tree  house", "Baumhaus")]),
        ("A treehouse", []),
        ("Polish the Polish silver; polish it.", [("Polish", "polnisch"), ("Polish", "polnisch")]),
        ("We write C++ and C.", [("C++", "C++")]),
        ("new york or New York", [("New York", "Neu-York")]),
        ("E-mail me an e-mail.", [("E-mail", "E-Post"), ("e-mail", "E-Post")]),
        ("", []),
    ],
)
def test_terms_are_found_as_whole_words(sentence: str, expected: list[tuple[str, str]]) -> None:
    assert found(sentence) == expected


def test_equal_glossaries_have_one_key() -> None:
    assert Glossary({"a": "b", "c": "d"}).key == Glossary({"c": "d", "a": "b"}).key
    assert Glossary({"a": "b"}).key != Glossary({"a": "c"}).key
    assert len(Glossary(TERMS)) == len(TERMS)
