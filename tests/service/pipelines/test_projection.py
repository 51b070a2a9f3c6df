"""Inline tags in a translation: at the words that their own were translated to, each once."""

import html
import tracemalloc

import numpy as np
import pytest

from service.pipelines.projection import Alignment, Inline, Sentence, project


def words(text: str) -> list[tuple[int, int]]:
    """The places of a text's words, which spaces divide; a final full stop is one."""
    places = []
    position = 0
    for word in text.replace(".", " .").split():
        start = text.index(word, position)
        position = start + len(word)
        places.append((start, position))
    return places


def aligned(source: str, target: str, *pairs: tuple[str, str]) -> Alignment:
    """The alignment in which each word of the target looks at one of the source."""
    weights = np.full((len(words(target)), len(words(source))), 0.01, np.float32)
    for own, other in pairs:
        row = [start for start, _ in words(target)].index(target.index(own))
        column = [start for start, _ in words(source)].index(source.index(other))
        weights[row, column] = 1
    return Alignment(words(source), words(target), weights)


def element(source: str, text: str, tag: str, parent: int = -1) -> Inline:
    start = source.index(text)
    return Inline(f"<{tag}>", f"</{tag}>", start, start + len(text), parent)


def projected(source: str, target: str, inlines: list[Inline], alignment: Alignment | None) -> str:
    sentence = Sentence((0, len(source)), (0, len(target)), alignment)
    return project(inlines, source, target, [sentence], html.escape)


SOURCE = "I have seen the red house."
TARGET = "Ich habe das rote Haus gesehen."
WORDS = (
    *(("Ich", "I"), ("habe", "have"), ("gesehen", "seen"), ("das", "the")),
    *(("rote", "red"), ("Haus", "house"), (".", ".")),
)
ALIGNMENT = aligned(SOURCE, TARGET, *WORDS)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("seen", "Ich habe das rote Haus <b>gesehen</b>."),
        ("red house", "Ich habe das <b>rote Haus</b> gesehen."),
        # What is torn apart stays in one piece, with the words in between or without the last.
        ("have seen", "Ich <b>habe</b> das rote Haus gesehen."),
        ("seen the red house", "Ich habe <b>das rote Haus gesehen</b>."),
        (" red ", "Ich habe das <b>rote</b> Haus gesehen."),
        (SOURCE, f"<b>{TARGET}</b>"),
    ],
)
def test_an_element_follows_its_words(text: str, expected: str) -> None:
    assert projected(SOURCE, TARGET, [element(SOURCE, text, "b")], ALIGNMENT) == expected


def test_a_stray_word_neither_joins_nor_tears_an_element() -> None:
    stray = aligned(SOURCE, TARGET, *WORDS[:-1], (".", "red"))
    inlines = [element(SOURCE, "red", "b")]
    assert projected(SOURCE, TARGET, inlines, stray) == "Ich habe das <b>rote</b> Haus gesehen."


def test_elements_stay_nested_and_apart() -> None:
    inlines = [
        element(SOURCE, "seen", "i"),
        element(SOURCE, "the red house", "a"),
        element(SOURCE, "red", "b", parent=1),
    ]
    written = projected(SOURCE, TARGET, inlines, ALIGNMENT)
    assert written == "Ich habe <a>das <b>rote</b> Haus</a> <i>gesehen</i>."


def test_two_elements_for_one_word_do_not_cross() -> None:
    target = "Ich sah das Rothaus."
    pairs = (("Ich", "I"), ("sah", "seen"), ("das", "the"), ("Rothaus", "red"), (".", "."))
    alignment = aligned(SOURCE, target, *pairs)
    inlines = [element(SOURCE, "red", "b"), element(SOURCE, "house", "i")]
    written = projected(SOURCE, target, inlines, alignment)
    assert "<b>Rothaus</b>" in written
    assert "<i></i>" in written


def test_what_stays_as_it_is_takes_the_place_of_its_translation() -> None:
    source, target = "I like Gatehouse a lot.", "Ich mag sehr das Torhaus."
    alignment = aligned(source, target, ("das", "Gatehouse"), ("Torhaus", "Gatehouse"))
    start = source.index("Gatehouse")
    kept = Inline("<code>Gatehouse</code>", None, start, start + len("Gatehouse"), -1)
    assert projected(source, target, [kept], alignment) == "Ich mag sehr <code>Gatehouse</code>."


def test_an_image_stands_before_the_word_that_followed_it() -> None:
    source = "I have seen the  red house."
    alignment = aligned(source, TARGET, *WORDS)
    position = source.index(" red")
    image = Inline("<img>", None, position, position, -1, free=True)
    assert projected(source, TARGET, [image], alignment) == (
        "Ich habe das <img> rote Haus gesehen."
    )


def test_without_an_alignment_words_keep_their_order() -> None:
    written = projected(
        "one two three", "eins zwei drei", [element("one two three", "two", "b")], None
    )
    assert written == "eins <b>zwei</b> drei"


def test_an_element_may_reach_across_sentences() -> None:
    source, target = "One cat. Two dogs sat.", "Eine Katze. Zwei Hunde saßen."
    sentences = [
        Sentence((0, 8), (0, 11), None),
        Sentence((9, 22), (12, 29), aligned("Two dogs sat.", "Zwei Hunde saßen.", ("Zwei", "Two"))),
    ]
    inlines = [element(source, "cat. Two", "u")]
    written = project(inlines, source, target, sentences, html.escape)
    assert written == "Eine <u>Katze. Zwei</u> Hunde saßen."


def test_text_is_escaped() -> None:
    written = projected("a b", "<x> & <y>", [element("a b", "b", "b")], None)
    assert html.unescape(written.replace("<b>", "").replace("</b>", "")) == "<x> & <y>"
    assert "<x>" not in written


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("Trink H2O!", "Trink H<sub>2</sub>O!"),
        ("Trink Wasser!", "Trink <sub>Wasser</sub>!"),
    ],
)
def test_a_part_of_a_word_is_one_in_a_word_that_is_the_same(target: str, expected: str) -> None:
    source = "Drink H2O!"
    assert projected(source, target, [element(source, "2", "sub")], None) == expected


def test_what_stays_as_it_is_within_a_word_takes_nothing_away() -> None:
    kept = Inline("<code>x</code>", None, 0, 1, -1)
    assert projected("xs fly", "Ixe fliegen", [kept], None) == "Ixe<code>x</code> fliegen"


@pytest.mark.parametrize(
    ("source", "kept", "expected"),
    [
        ("Goodcat  sat", "cat ", "Good<code>cat </code>  sat"),
        ("A goodcat  sat", "cat ", "A good<code>cat </code>  sat"),
    ],
)
def test_a_word_that_begins_outside_of_what_stays_as_it_is_is_not_lost(
    source: str, kept: str, expected: str
) -> None:
    start = source.index(kept)
    inline = Inline(f"<code>{kept}</code>", None, start, start + len(kept), -1)
    assert projected(source, source, [inline], None) == expected


def test_deep_nesting_is_written() -> None:
    depth = 5_000
    inlines = [Inline("<b>", "</b>", 0, 3, number - 1) for number in range(depth)]
    assert projected("cat", "Katze", inlines, None) == "<b>" * depth + "Katze" + "</b>" * depth


def test_a_long_sentence_takes_memory_by_its_length() -> None:
    # Nobody aligns it: it is longer than a model reads in one piece.
    text = "a " * 3_000 + "b"
    inline = element(text, "b", "i")
    tracemalloc.start()
    try:
        assert projected(text, text, [inline], None) == "a " * 3_000 + "<i>b</i>"
        assert tracemalloc.get_traced_memory()[1] < 8_000_000  # its square is 36 MB and more
    finally:
        tracemalloc.stop()
