"""What a glance tells of a text: excerpts, scripts, common words."""

from itertools import combinations
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.pipelines.writing import (
    COMMON_WORDS,
    EXCERPT_CHARACTERS,
    LATIN_LANGUAGES,
    excerpt,
    has_common_word,
    script_of,
    seems_to_be,
)

WRITTEN = [
    tuple(line.split("\t"))
    for line in Path("tests/written_languages.tsv").read_text("utf-8").splitlines()
]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("  plain words ", "plain words"),
        ("see https://example.org/a?b=c now", "see   now"),
        ("@someone mail me@example.org #fun www.example.org, ok", "mail        ok"),
        ("https://example.org", ""),
        ("x" * 1000, "x" * EXCERPT_CHARACTERS),
        ("word " * 1000, ("word " * 80).strip()),
        ("c# and a#b", "c# and a"),
    ],
)
def test_excerpts_hold_words_alone(text: str, expected: str) -> None:
    assert excerpt(text).split() == expected.split()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Hello 42", ("Latin", 5)),
        ("42 :-) 😀 — 12:30", ("", 0)),
        ("", ("", 0)),
        ("Ünïcödé ﬁsh", ("Latin", 11)),  # a ligature is two letters
        ("Привет, Tom", ("Cyrillic", 6)),
        ("今日は天気がいい", ("Chinese or Japanese", 4)),
        ("ひらがな", ("Japanese", 4)),
        ("안녕하세요", ("Korean", 5)),
        ("שלום עולם", ("Hebrew", 8)),
        ("καλημέρα", ("Greek", 8)),
        ("\U0001d5ef\U0001d5fc\U0001d5f9\U0001d5f1", ("Latin", 4)),  # mathematical bold
        ("ｗｉｄｅ", ("Latin", 4)),
        ("5 µg", ("Greek", 1)),
    ],
)
def test_the_script_of_most_letters(text: str, expected: tuple[str, int]) -> None:
    assert script_of(text) == expected


@given(st.text())
def test_any_text_can_be_looked_at(text: str) -> None:
    beginning = excerpt(text)
    assert len(beginning) <= EXCERPT_CHARACTERS
    _, letters = script_of(beginning)
    assert (letters > 0) == any(map(str.isalpha, beginning))
    for language in COMMON_WORDS:
        seems_to_be(text, language)
        has_common_word(text, language)


def test_no_common_word_belongs_to_two_languages() -> None:
    for one, other in combinations(COMMON_WORDS.values(), 2):
        assert not one & other
    assert set(COMMON_WORDS) <= set(LATIN_LANGUAGES)


@pytest.mark.parametrize("expected", COMMON_WORDS)
def test_a_glance_knows_most_sentences_and_takes_no_other_language_for_it(expected: str) -> None:
    own = [seems_to_be(text, expected) for language, text in WRITTEN if language == expected]
    others = [text for language, text in WRITTEN if language != expected]
    assert sum(own) >= 0.8 * len(own)
    assert not [text for text in others if seems_to_be(text, expected)]


def test_a_glance_at_a_language_without_a_list_says_nothing() -> None:
    assert not seems_to_be("the cat and the dog", "nl")
    assert has_common_word("the cat and the dog", "nl")
    assert has_common_word("C’est la vie", "fr")
    assert not has_common_word("the cat and the dog", "fr")
