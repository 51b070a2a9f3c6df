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
    one, same = Glossary({"a": "b", "c": "d"}), Glossary({"c": "d", "a": "b"})
    assert one == same
    assert hash(one) == hash(same)
    assert Glossary({"a": "b"}) != Glossary({"a": "c"})
    assert len(Glossary(TERMS)) == len(TERMS)


def test_a_term_as_it_is_written_goes_before_one_in_any_case() -> None:
    glossary = Glossary({"polish": "polieren", "Polish": "polnisch"})
    assert [found.translation for found in glossary.find("Polish, polish, POLISH")] == [
        "polnisch", "polieren", "polieren",
    ]  # fmt: skip


def test_accents_of_a_term_may_stand_apart() -> None:
    assert len(Glossary({"cafe\u0301": "Kaffeehaus"}).find("a caf\u00e9")) == 1


def test_glossaries_lie_over_each_other() -> None:
    general = Glossary({"house": "Haus", "dog": "Hund", "the old house": "das Altenheim"})
    key = Glossary({"house": "Gebäude", "garden": "Park"})
    own = Glossary({"house": "Villa"})
    both, all_three = key.over(general), own.over(key.over(general))
    text = "house dog garden, the old house"
    for glossary, expected in (
        (general, ["Haus", "Hund", "das Altenheim"]),
        (both, ["Gebäude", "Hund", "Park", "das Altenheim"]),
        (all_three, ["Villa", "Hund", "Park", "das Altenheim"]),
        (own.over(key).over(general), ["Villa", "Hund", "Park", "das Altenheim"]),
    ):
        assert [found.translation for found in glossary.find(text)] == expected
    # Those below are as they were.
    assert [found.translation for found in key.find(text)] == ["Gebäude", "Park", "Gebäude"]
    assert len(both) == 5
    same = Glossary({"house": "Gebäude", "garden": "Park"}).over(general)
    assert both == same
    assert hash(both) == hash(same)
    assert len({general, key, own, both, all_three, general.over(key)}) == 6
