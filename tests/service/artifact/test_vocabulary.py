"""Words, casings and characters as numbers, and the file that they stand in."""

import numpy as np
import pytest

from service.artifact import ArtifactError
from service.artifact.vocabulary import (
    CASING,
    CHARACTERS,
    FIRST_CHARACTER,
    PAD,
    ROW,
    SPECIAL,
    UNKNOWN,
    WORD,
    Vocabulary,
    casing,
    spelled,
    word_form,
)

SMALL = Vocabulary(["the", "00", "it's"], ["t", "h", "e", "'"])


def test_a_token_is_its_word_its_casing_and_its_characters() -> None:
    (row,) = SMALL.encode(["The"])
    assert row.shape == (ROW,) and row.dtype == np.int32
    assert row[WORD] == SPECIAL and row[CASING] == casing("The")
    characters = row[FIRST_CHARACTER:]
    assert characters[0] == UNKNOWN  # T was never seen
    assert characters[1:3].tolist() == [SPECIAL + 1, SPECIAL + 2]
    assert set(characters[3:].tolist()) == {PAD}


def test_unknown_words_and_other_writings_of_known_ones() -> None:
    rows = SMALL.encode(["nobody", "42", "It’s", "THE"])
    assert rows[:, WORD].tolist() == [UNKNOWN, SPECIAL + 1, SPECIAL + 2, SPECIAL]
    assert word_form("@Annie") == word_form("@bob") != word_form("@")
    assert word_form("HTTP://x.org/9") == word_form("www.example.com") == "http:"


def test_of_a_long_token_the_beginning_and_the_end_are_read() -> None:
    token = "a" * 8 + "b" * 500 + "c" * 8
    assert spelled(token) == "a" * 8 + "c" * 8
    assert len(spelled(token)) == CHARACTERS
    assert spelled("short") == "short"


def test_casings_differ() -> None:
    tokens = ["the", "NATO", "I", "London", "iPhone", "42", "?!"]
    assert len({casing(token) for token in tokens}) == len(tokens)
    assert casing("a") == casing("the") and casing("USA") == casing("UN")


def test_its_file_gives_it_back() -> None:
    read = Vocabulary.from_bytes(SMALL.to_bytes())
    assert (read.words, read.characters) == (SMALL.words, SMALL.characters)
    tokens = ["The", "it's", "x"]
    assert np.array_equal(read.encode(tokens), SMALL.encode(tokens))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b'{"words": ["a"]}',
        b'{"words": ["a", "a"], "characters": []}',
        b'{"words": [1], "characters": []}',
        b'{"words": 3, "characters": []}',
        b"\xff",
        b"[" * 100_000,
    ],
)
def test_other_files_are_refused(data: bytes) -> None:
    with pytest.raises(ArtifactError, match=r"vocabulary\.json is no vocabulary"):
        Vocabulary.from_bytes(data)
