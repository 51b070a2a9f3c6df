"""Messages of errors: short, printable, and they say what would be right."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.errors import TextError, UnknownModel, UnsupportedLanguagePair, quote


@given(text=st.text(st.characters(exclude_categories=()), max_size=200))
def test_a_quotation_is_short_and_printable(text: str) -> None:
    quoted = quote(text)
    assert len(quoted) <= 62
    assert quoted.isprintable()
    quoted.encode("utf-8")


def test_a_short_text_is_quoted_whole() -> None:
    assert quote("good film") == '"good film"'


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (UnknownModel("x", ["b", "a"]), 'no model is called "x"; served here: a, b'),
        (
            UnknownModel("x", [], "classification"),
            'no classification model is called "x"; served here: none',
        ),
        (
            UnsupportedLanguagePair("en", "fr", [("en", "de")]),
            'no model translates "en" to "fr"; pairs served here: en to de',
        ),
        (TextError(3, "nothing to read"), "text 3: nothing to read"),
    ],
)
def test_messages(error: Exception, message: str) -> None:
    assert str(error) == message
