"""The widths are those of the typeface, read from its file."""

import pytest
from fontTools.ttLib import TTFont

from service.explanation.pictures.lettering import FILE, is_plain, typeface


def test_every_character_is_as_wide_as_the_file_says() -> None:
    with TTFont(FILE) as font:
        metrics, units = font["hmtx"], font["head"].unitsPerEm
        widths = {chr(c): metrics[name][0] / units for c, name in font.getBestCmap().items()}
    assert len(widths) > 5000
    assert typeface().advances == pytest.approx(widths)


def test_the_typeface_may_be_passed_on_with_its_licence() -> None:
    licence = FILE.with_name("DejaVuSans.LICENSE.txt").read_text(encoding="utf-8")
    assert "Bitstream Vera" in licence


@pytest.mark.parametrize("text", ["straße", "Привет", "😀", "a\u200db", "e\u0301"])
def test_it_has_the_letters_of_europe(text: str) -> None:
    assert typeface().covers(text)


def test_what_it_has_not_is_given_room() -> None:
    assert not typeface().covers("北京")
    assert typeface().width("北京", 10) == 20
    assert typeface().width("\u200b", 10) == 0


@pytest.mark.parametrize("text", ["w" * 50, "北京" * 30, "😀" * 30])
def test_a_text_is_cut_where_there_is_no_more_room(text: str) -> None:
    shown = typeface().shortened(text, 12, 90)
    assert shown.endswith("…") and text.startswith(shown[:-1])
    assert 60 < typeface().width(shown, 12) <= 90
    assert typeface().shortened(text[:3], 12, 90) == text[:3]


@pytest.mark.parametrize(
    ("text", "plain"), [("Öl 北", True), ("مرحبا", False), ("e\u0301", False), ("👍🏽", True)]
)
def test_texts_that_join_or_turn_are_no_sum_of_their_letters(text: str, plain: bool) -> None:
    assert is_plain(text) == plain
