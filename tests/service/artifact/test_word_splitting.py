"""Texts split into words by rules."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.artifact.word_splitting import split_words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("I don't know.", "I do n't know ."),
        ("It’s John's; they'll can't", "It ’s John 's ; they 'll ca n't"),
        ("I cannot, gonna, wanna", "I can not , gon na , wan na"),
        ("a 15-year-old well-known e-mail", "a 15 - year - old well - known e-mail"),
        ("Mr. Smith lives in the U.S. now...", "Mr. Smith lives in the U.S. now ..."),
        ("What?! Yes!!!", "What ?! Yes !!!"),
        ("$5.50, 20% at 10:30 on 9/11", "$ 5.50 , 20 % at 10:30 on 9/11"),
        ("5pm 10kg the 1990s, 21st", "5 pm 10 kg the 1990s , 21st"),
        ("call 410-832-8160 (now)", "call 410-832-8160 ( now )"),
        ("see http://a.org/b?c=1. Or www.x.com!", "see http://a.org/b?c=1 . Or www.x.com !"),
        ("mail john.doe@mail.example.org, ok", "mail john.doe@mail.example.org , ok"),
        ("@annie loves #nlp :) <3", "@annie loves #nlp :) <3"),
        ("J. R. Tolkien", "J. R. Tolkien"),
        ('"Quoted," he said', '" Quoted , " he said'),
        ("东京 🙂🙂", "东京 🙂 🙂"),
        (" \t\n ", ""),
    ],
)
def test_examples(text: str, words: str) -> None:
    assert [word.text for word in split_words(text)] == words.split()


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=60))
def test_every_character_but_white_space_is_in_one_word(text: str) -> None:
    words = split_words(text)
    assert all(text[word.start : word.end] == word.text for word in words)
    covered = [place for word in words for place in range(word.start, word.end)]
    assert covered == sorted(set(covered))
    assert {i for i, c in enumerate(text) if not c.isspace()} <= set(covered)


@pytest.mark.parametrize(
    "unit", ["a.", "1-", "1.", "a@", "x", "-", "http://", "don't", "'", "#a", "a.b.", ":-"]
)
def test_long_texts_of_anything_are_split_at_once(unit: str) -> None:
    # A rule whose time grew with the square of this would take minutes.
    text = unit * (200_000 // len(unit))
    assert split_words(text)[-1].end == len(text)
