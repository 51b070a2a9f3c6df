"""Pictures show the numbers, hold any text, and need nothing but themselves."""

import re
from xml.etree import ElementTree

import pytest

from service.errors import LimitExceeded
from service.explanation.classification import Explanation
from service.explanation.pictures.drawing import WIDTH, Picture
from service.explanation.pictures.drawn import drawn
from tests.service.explanation.pictures.made import (
    SVG,
    WORDS,
    label_explanation,
    texts_of,
    translation_explanation,
)

PLAIN = ["Not", "bad", "at"]
PICTURES = {
    "words": drawn(label_explanation(WORDS)),
    "gates": drawn(label_explanation(WORDS, gates=True, units=(7,), layers=2)),
    "attention": drawn(translation_explanation((3, 2), (40, 45))),
}


@pytest.mark.parametrize("picture", PICTURES.values(), ids=PICTURES.keys())
def test_a_picture_needs_nothing_but_itself(picture: Picture) -> None:
    root = ElementTree.fromstring(picture.svg.encode("utf-8"))
    kinds = {element.tag.removeprefix(SVG) for element in root.iter()}
    assert kinds <= {"svg", "title", "desc", "rect", "line", "path", "text"}
    for element in root.iter():
        assert not {"style", "class", "href"} & set(element.attrib)
        assert not any(name.startswith("on") for name in element.attrib)
        assert not any("url(" in value for value in element.attrib.values())
    assert re.findall(r"https?://[^\"]+", picture.svg) == ["http://www.w3.org/2000/svg"]


@pytest.mark.parametrize("picture", PICTURES.values(), ids=PICTURES.keys())
def test_a_picture_says_what_it_is(picture: Picture) -> None:
    root = ElementTree.fromstring(picture.svg.encode("utf-8"))
    assert root.get("role") == "img"
    named = [
        root.find(f"{SVG}*[@id='{part}']") for part in str(root.get("aria-labelledby")).split()
    ]
    assert [part is not None and len(part.text or "") > 20 for part in named] == [True, True]
    # A ground of its own, so that it is the same in the dark.
    ground = root.find(f"{SVG}rect")
    assert ground is not None and ground.get("width") == root.get("width")


@pytest.mark.parametrize("picture", PICTURES.values(), ids=PICTURES.keys())
def test_nothing_lies_outside(picture: Picture) -> None:
    for element in ElementTree.fromstring(picture.svg.encode("utf-8")).iter():
        x, y = float(element.get("x", 0)), float(element.get("y", 0))
        assert 0 <= x + float(element.get("width", 0)) <= picture.width
        assert 0 <= y + float(element.get("height", 0)) <= picture.height
        assert float(element.get("textLength", 0)) <= picture.width


def test_words_have_their_numbers() -> None:
    texts = texts_of(drawn(label_explanation(PLAIN)))
    assert texts[0] == "positive against negative: 0.75"
    assert texts[1:3] == ["− against positive", "for positive +"]
    assert texts[3:9] == ["Not", "+0.50", "bad", "−0.25", "at", "0.00"]
    (whole,) = texts[9:]
    assert whole == "words +0.25, bias −0.12: together +0.12, the log-odds of positive"
    alone = texts_of(drawn(label_explanation(PLAIN, against=None)))
    assert alone[0] == "positive: 0.75"
    assert alone[-1].endswith("the logit of positive")


def test_words_for_and_against_are_told_apart_without_colours() -> None:
    root = ElementTree.fromstring(drawn(label_explanation(PLAIN)).svg)
    lines = list(root.iter(f"{SVG}line"))[-3:]
    assert ["stroke-dasharray" in line.attrib for line in lines] == [False, True, False]
    strengths = [float(line.get("stroke-width", 0)) for line in lines]
    assert strengths == pytest.approx([4.0, 2.25, 0.5])


def test_any_text_is_written_as_text() -> None:
    texts = texts_of(drawn(label_explanation(WORDS)))
    for word in ("<b>&amp;\"'", "😀👍🏽", "北京", "مرحبا", "<script>alert(1)</script>"):
        assert word in texts
    assert {"a���", "�", "line break"} <= set(texts)
    (long,) = [text for text in texts if text.startswith("xx")]
    assert long.endswith("…") and 20 < len(long) < 80


def test_gates_stand_below_their_token() -> None:
    texts = texts_of(drawn(label_explanation(PLAIN, gates=True, units=(7,))))
    assert texts[2:5] == PLAIN
    rows = ["input", ".25", ".25", ".25", "forget", *[".80"] * 3, "output", *["1"] * 3]
    expected: list[str] = []
    for direction in ("forward", "backward"):
        expected += [f"{direction}, mean over its units", *rows, f"{direction}, unit 7", *rows]
    assert texts[5:] == expected
    layered = texts_of(drawn(label_explanation(PLAIN, gates=True, layers=2)))
    assert "layer 2, backward, mean over its units" in layered


def test_attention_has_a_matrix_a_sentence() -> None:
    texts = texts_of(drawn(translation_explanation((3, 2), (2, 1))))
    assert texts[2:] == [
        *("Sentence 1 of 2", "r0", "r1", "end", "w0", "w1", "1", "1"),
        *("Sentence 2 of 2", "r0", "end", "w0", "1"),
    ]
    # A long sentence has smaller cells, without numbers, and takes the room it needs.
    long = drawn(translation_explanation((200, 200)))
    assert long.width > WIDTH
    assert texts_of(long).count("1") == 0


@pytest.mark.parametrize(
    "explanation",
    [
        label_explanation(["wonderful"] * 400),
        label_explanation(["wonderful"] * 400, gates=True),
    ],
)
def test_four_hundred_words_are_one_picture(explanation: Explanation) -> None:
    picture = drawn(explanation)
    assert texts_of(picture).count("wonderful") == 400
    assert picture.width == WIDTH
    assert len(picture.svg) < 800_000


def test_a_picture_that_would_be_too_large_is_refused() -> None:
    with pytest.raises(LimitExceeded, match="pixels; the limit of a side is 16,384; ask for a"):
        drawn(label_explanation(["x" * 90] * 400))
    with pytest.raises(LimitExceeded, match="more than 30,000 shapes; ask for a picture of a part"):
        drawn(label_explanation(["a"] * 900, gates=True, units=tuple(range(16))))
    with pytest.raises(LimitExceeded, match="pixels"):
        drawn(translation_explanation(*[(30, 30)] * 30))
