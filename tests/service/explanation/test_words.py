"""Words: what a person would call one, and every token in exactly one of them."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.artifact import Tokenizer
from service.explanation.words import group_tokens, word_spans


def words(text: str) -> list[str]:
    return [text[start:end] for start, end in word_spans(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The plot is thin, but …", ["The", "plot", "is", "thin", ",", "but", "…"]),
        ("Don't; it's well-made!", ["Don't", ";", "it's", "well-made", "!"]),
        ("'quoted' - dashes -", ["'", "quoted", "'", "-", "dashes", "-"]),
        ("3.5 of 1,000. At 9:30.", ["3.5", "of", "1,000", ".", "At", "9:30", "."]),
        ("good.Bad", ["good", ".", "Bad"]),
        ("cafe\u0301  \u0915\u094d\u0937", ["cafe\u0301", "\u0915\u094d\u0937"]),
        ("so 👍🏽!! 👩\u200d🎓", ["so", "👍🏽", "!!", "👩\u200d🎓"]),
        ("\u0301a \x00 \n", ["\u0301a"]),
        ("", []),
    ],
)
def test_words_are_runs_of_one_kind(text: str, expected: list[str]) -> None:
    assert words(text) == expected


def grouped(text: str, tokenizer: Tokenizer) -> tuple[list[str], list[int]]:
    _, offsets = tokenizer.encode_with_offsets(text)
    spans, owners = group_tokens(text, offsets)
    return [text[start:end] for start, end in spans], owners


def test_the_tokens_of_a_word_belong_to_it(tokenizer: Tokenizer) -> None:
    text = "a goodish  film, ü!"
    shown, owners = grouped(text, tokenizer)
    assert shown == ["a", "goodish", "film", ",", "ü", "!"]
    _, offsets = tokenizer.encode_with_offsets(text)
    for (start, end), owner in zip(offsets, owners, strict=True):
        # A space alone goes to the word that it begins.
        assert text[start:end].strip() in shown[owner]
    assert sorted(set(owners)) == list(range(len(shown)))


def test_a_token_that_spans_words_joins_them_and_one_of_nothing_goes_to_the_next() -> None:
    text = "ab cd, ef"
    # Of the space before the text, of "ab", of " cd,", of the space before "ef", of it, the end.
    offsets = [(0, 0), (0, 2), (2, 6), (6, 7), (7, 9), (9, 9)]
    assert group_tokens(text, offsets) == ([(0, 2), (3, 6), (7, 9)], [0, 0, 1, 2, 2, 2])


def test_a_token_of_no_word_is_one_and_an_unread_word_is_left_out() -> None:
    text = "a\x07b c"
    assert group_tokens(text, [(0, 1), (1, 2)]) == ([(0, 1), (1, 2)], [0, 1])


@given(text=st.text(min_size=1, max_size=60))
def test_any_text_is_grouped(tokenizer: Tokenizer, text: str) -> None:
    _, offsets = tokenizer.encode_with_offsets(text)
    spans, owners = group_tokens(text, offsets)
    assert len(owners) == len(offsets)
    assert owners == sorted(owners)
    assert set(owners) <= set(range(len(spans)))
    for (_, end), (start, _) in pairwise(spans):
        assert end <= start
    for (start, end), owner in zip(offsets, owners, strict=True):
        first, last = spans[owner]
        if text[start:end].strip():
            assert first <= start + text[start:end].find(text[start:end].strip()[0])
            assert end - (len(text[start:end]) - len(text[start:end].rstrip())) <= last
