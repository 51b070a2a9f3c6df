"""Whatever a text holds, its sentences and the white space between them are the text again."""

import sys

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from service.pipelines.sentences import split_sentences

WHITE_SPACE = "".join(c for c in map(chr, range(sys.maxunicode + 1)) if c.isspace())
LINE_BREAKS = "\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029"
pieces = (
    st.sampled_from([*WHITE_SPACE, *LINE_BREAKS, *'.!?…。"”»()', "\r\n", "\0", "\ufeff", "\u200b"])
    | st.sampled_from(
        ["Mr.", "e.g.", "3.14", "U.S.", "The", "dog", "läuft", "שלום", "字", "😀", "1."]
    )
    | st.text(max_size=5)
)
texts = st.lists(pieces, max_size=30).map("".join)
languages = st.sampled_from(["en", "de", "fr", "ja", "xx", "en-GB"])


@given(text=texts, language=languages)
@example(text=WHITE_SPACE, language="en")
@example(text=f"a{WHITE_SPACE}b.{WHITE_SPACE}C", language="en")
@example(text="H\u2006.", language="en")  # each of these made sentencex panic
@example(text="A\xa0. A\u3000\u2003.", language="de")
def test_a_text_is_its_parts_joined(text: str, language: str) -> None:
    split = split_sentences(text, language)
    assert split.join(list(split.sentences)) == text
    assert len(split.gaps) == len(split.sentences) + 1
    for gap in split.gaps:
        assert not gap.strip()
    for sentence in split.sentences:
        assert sentence
        assert sentence == sentence.strip()


@given(text=texts)
def test_no_sentence_holds_a_line_break(text: str) -> None:
    for sentence in split_sentences(text, "en").sentences:
        assert not set(sentence) & set(LINE_BREAKS)


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("", []),
        (" \n\t\u2028 ", []),
        ("One sentence", ["One sentence"]),
        ("The dog runs. The cat sleeps!", ["The dog runs.", "The cat sleeps!"]),
        ("Really? Yes! Fine.", ["Really?", "Yes!", "Fine."]),
        ("Mr. Smith met Dr. Jones. They talked.", ["Mr. Smith met Dr. Jones.", "They talked."]),
        ("It costs 3.50 today. Buy it.", ["It costs 3.50 today.", "Buy it."]),
        ("Bring fruit, e.g. apples, and milk.", ["Bring fruit, e.g. apples, and milk."]),
        ("a title\nthe first line\n", ["a title", "the first line"]),
        ("- one\n- two\n", ["- one", "- two"]),
        ("First.\r\n\r\nSecond.", ["First.", "Second."]),
        ("«Il dort.» Elle lit.", ["«Il dort.»", "Elle lit."]),
        ("«\xa0Il dort.\xa0» Elle lit.", ["«\xa0Il dort.\xa0»", "Elle lit."]),
    ],
)
def test_where_sentences_end(text: str, sentences: list[str]) -> None:
    assert list(split_sentences(text, "en").sentences) == sentences


def test_gaps_are_the_white_space_around_sentences() -> None:
    split = split_sentences("  A dog runs.  A cat sleeps.\n\n\tThe end \n", "en")
    assert split.sentences == ("A dog runs.", "A cat sleeps.", "The end")
    assert split.gaps == ("  ", "  ", "\n\n\t", " \n")
    assert split.join(["1", "2", "3"]) == "  1  2\n\n\t3 \n"


def test_as_many_sentences_as_places_are_joined() -> None:
    split = split_sentences("One. Two.", "en")
    with pytest.raises(ValueError, match="zip"):
        split.join(["one"])


@pytest.mark.parametrize("unit", ["a b ", ".", "“", "(", "a.\t", "Mr. ", "?! ", "… ", "«", "字。"])
def test_more_characters_than_a_text_may_have_are_split(unit: str) -> None:
    text = "x" + unit * (25_000 // len(unit)) + "y"
    split = split_sentences(text, "en")
    assert split.join(list(split.sentences)) == text


def test_a_long_run_of_spaces_inside_a_sentence_is_split() -> None:
    # Ten million: only an algorithm whose time grows with the length comes to an end.
    text = "a" + " " * 10_000_000 + "b"
    split = split_sentences(text, "en")
    assert split.join(list(split.sentences)) == text
