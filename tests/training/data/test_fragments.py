"""Fragments: so many words, from the text, the same every time."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.data.fragments import joined, roughened, some_words, span

SENTENCE = "“The old man, who was tired, went home early!”"


@pytest.mark.parametrize("words", [1, 2, 3, 5])
def test_a_span_is_so_many_neighbouring_words(words: int) -> None:
    spans = {span(SENTENCE, words, str(salt)) for salt in range(200)}
    plain = [part.strip("“”,!") for part in SENTENCE.split()]
    assert len(spans) == len(plain) - words + 1  # every one of them is drawn sooner or later
    for cut in spans:
        assert cut is not None
        assert cut in SENTENCE
        assert [part.strip(",") for part in cut.split()] in [
            plain[first : first + words] for first in range(len(plain))
        ]


def test_what_has_too_few_words_or_no_letter_gives_none() -> None:
    assert span("two words", 3, "") is None
    assert span("12:30 — 14:00", 2, "") is None
    assert some_words("Yes.", "x") in ("Yes.", "Yes")


def test_some_words_are_one_to_five() -> None:
    counts = Counter(len(some_words(SENTENCE, str(salt)).split()) for salt in range(500))
    assert set(counts) == {1, 2, 3, 4, 5}
    assert min(counts.values()) > 50


def test_a_paragraph_is_a_text_and_those_behind_it() -> None:
    texts = [f"Sentence {number}." for number in range(20)]
    lengths = {joined(texts, 3, str(salt)).count(".") for salt in range(200)}
    assert lengths == {2, 3, 4, 5, 6}
    assert joined(texts, 3, "x").startswith("Sentence 3. Sentence 4.")
    assert joined(texts, 19, "x") == "Sentence 19."


def test_roughened_texts_are_mostly_as_they_stand() -> None:
    text = "Wir fahren am Sonntag früh nach Köln, wenn es nicht regnet."
    made = Counter(roughened(text, str(salt)) for salt in range(1000))
    assert made.most_common(1)[0][0] == text
    assert 200 < made[text] < 500
    for expected in (text.lower(), text.upper(), text.replace(",", "").replace(".", "")):
        assert made[expected]
    assert any("frueh nach Koeln" in one for one in made)
    assert any("fruh nach Koln" in one for one in made)


@given(st.text(), st.text(max_size=5))
def test_the_same_text_and_salt_give_the_same(text: str, salt: str) -> None:
    assert roughened(text, salt) == roughened(text, salt)
    assert some_words(text, salt) == some_words(text, salt)
    if text.split():
        assert roughened(text, salt).strip()
