"""PNG shows what the SVG says, whatever typefaces the machine has, and can be given up."""

import io
import sys
import time
from dataclasses import replace
from pathlib import Path

import matplotlib.image
import numpy as np
import pytest

from service.explanation.pictures import png
from service.explanation.pictures.drawing import PAPER, Drawing, Picture
from service.explanation.pictures.drawn import drawn
from service.explanation.pictures.png import Unpaintable, can_paint, paint
from tests.service.explanation.pictures.made import WORDS, label_explanation

assert can_paint()


def pixels_of(picture: Picture) -> np.ndarray:
    content = paint(picture, lambda: False)
    image: np.ndarray = matplotlib.image.imread(io.BytesIO(content), format="png")
    return (image[..., :3] * 255).round().astype(np.uint8)


def written(text: str) -> np.ndarray:
    drawing = Drawing("a text", "for a test")
    drawing.text(10, 30, text, 20)
    return pixels_of(drawing.picture(100, 40))


def test_letters_are_painted_from_the_typeface_that_comes_along() -> None:
    ground = np.array([int(PAPER[i : i + 2], 16) for i in (1, 3, 5)])
    blank = written("")
    assert blank.shape == (80, 200, 3)
    assert (blank == ground).all()
    images = [written(text) for text in ("Ärger", "Arger", "Öl", "Привет", "😀")]
    for image in images:
        assert 50 < (image < 128).all(axis=2).sum() < 2000
    assert len({image.tobytes() for image in images}) == len(images)


def test_a_large_picture_is_less_sharp_and_not_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(png, "_MOST_PIXELS", 500_000)
    picture = Drawing("a ground", "for a test").picture(500, 2000)
    height, width, _ = pixels_of(picture).shape
    assert 490_000 < height * width < 510_000
    assert height / width == pytest.approx(4, rel=0.01)


def test_any_text_is_painted() -> None:
    assert pixels_of(drawn(label_explanation(WORDS))).shape[1] == 1440


def test_a_picture_that_nobody_wants_is_given_up() -> None:
    picture = drawn(label_explanation(["wonderful"] * 500, gates=True))
    asked = []

    def over() -> bool:
        asked.append(time.perf_counter())
        return True

    with pytest.raises(Unpaintable, match="nobody waits"):
        paint(picture, over)
    assert len(asked) == 1


def test_what_cannot_be_painted_is_an_error_of_its_own(caplog: pytest.LogCaptureFixture) -> None:
    picture = replace(Drawing("a", "b").picture(10, 10), svg="<svg")
    with pytest.raises(Unpaintable, match="could not be painted as PNG; ask for an SVG"):
        paint(picture, lambda: False)
    assert "a picture could not be painted" in caplog.text


def test_without_a_process_there_is_no_picture(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "no-python"))
    with pytest.raises(Unpaintable, match="could not be painted"):
        paint(Drawing("a", "b").picture(10, 10), lambda: False)
