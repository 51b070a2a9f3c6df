"""When a text is said to be in another language: rarely wrong, and never of names alone."""

import pytest

from service.pipelines.classification import Prediction
from service.pipelines.wrong_language import (
    CONFIDENCE,
    language_name,
    language_warning,
    may_be_another,
    passage_of,
    primary,
    script_warning,
)
from tests.service.pipelines.test_writing import WRITTEN

OTHERS = {"en": ("de", "fr"), "de": ("en", "fr"), "fr": ("de", "en")}


@pytest.mark.parametrize("expected", OTHERS)
def test_most_texts_in_the_right_language_are_not_looked_at(expected: str) -> None:
    own = [text for language, text in WRITTEN if language == expected]
    looked_at = [text for text in own if may_be_another(text, expected, OTHERS[expected])]
    assert len(looked_at) <= 0.1 * len(own)


@pytest.mark.parametrize("expected", OTHERS)
def test_most_sentences_in_another_language_are_looked_at(expected: str) -> None:
    others = [text for language, text in WRITTEN if language != expected]
    sentences = [text for text in others if len(text.split()) >= 5]
    looked_at = [text for text in sentences if may_be_another(text, expected, OTHERS[expected])]
    assert len(looked_at) >= 0.8 * len(sentences)


@pytest.mark.parametrize(
    "text",
    [
        "Angela Merkel Bundesverfassungsgericht Karlsruhe",
        "Saint-Germain-en-Laye Versailles Fontainebleau",
        "schadenfreude",
        "42 17 99 :-) 😀",
        "https://die.example/der/das/und/nicht der",
        "der",
        "",
    ],
)
def test_names_numbers_and_single_words_are_not_looked_at(text: str) -> None:
    assert not may_be_another(text, "en", ("de", "fr"))


@pytest.mark.parametrize(
    ("text", "script"),
    [
        ("Привет, как дела?", "Cyrillic"),
        ("今日は天気がいい", "Chinese or Japanese"),
        ("안녕하세요", "Korean"),
        ("Hi, это моя новая книга", "Cyrillic"),
    ],
)
def test_letters_that_the_language_is_not_written_with_tell_it(text: str, script: str) -> None:
    assert may_be_another(text, "en", ())
    expected = f"the text is mostly in {script} letters; this model reads English"
    assert script_warning(passage_of(text), "en") == expected
    assert script_warning(passage_of(text), "ru") is None


@pytest.mark.parametrize("text", ["naïve café, 5 µg", "Ωmega", "我", "Mr. Иван came home today"])
def test_a_few_foreign_letters_are_no_foreign_text(text: str) -> None:
    assert script_warning(passage_of(text), "en") is None


def test_what_is_said_of_another_language() -> None:
    text = "Das ist nicht gut."
    sure = [Prediction("de", 0.995), Prediction("en", 0.005)]
    assert language_warning(text, sure, "en") == (
        "the text looks German (confidence 0.99); this model reads English"
    )
    assert language_warning(text, sure, "de") is None
    assert language_warning(text, [Prediction("de", CONFIDENCE - 0.01)], "en") is None
    assert language_warning("Berlin Hamburg München", sure, "en") is None
    assert language_warning("Dat is niet goed", [Prediction("nl", 1.0)], "en") == (
        "the text looks Dutch (confidence 1.00); this model reads English"
    )


def test_codes_and_names() -> None:
    assert primary("pt-BR") == "pt"
    assert language_name("pt-BR") == "Portuguese"
    assert language_name("tlh") == "tlh"
