"""Pictures that are saved are whole files, which show what the page shows."""

import io
from xml.etree import ElementTree

import matplotlib.image
import numpy as np
import pytest

from tests.browser.screens import Screen

SVG = "{http://www.w3.org/2000/svg}"
PICTURES = [("sentiment", "word-weights"), ("translation", "attention-1")]


@pytest.fixture(params=PICTURES, ids=lambda pair: pair[0])
def picture(request: pytest.FixtureRequest, screen: Screen) -> tuple[Screen, str, str]:
    """The page with a tab open, the tab, and the name of its picture's file."""
    tab, name = request.param
    screen.settled()
    screen.open_tab(tab)
    screen.settled()
    return screen, tab, name


def press_save(screen: Screen, tab: str, kind: str) -> None:
    (button,) = [b for b in screen.all(f"#{tab} .saves button") if b.text == kind]
    button.click()


def test_a_saved_svg_needs_nothing_of_the_page(picture: tuple[Screen, str, str]) -> None:
    screen, tab, name = picture
    shown = screen.texts(f"#{tab} .stage text")
    assert len(shown) > 8
    press_save(screen, tab, "SVG")
    root = ElementTree.fromstring(screen.saved(f"{name}.svg"))
    assert root.tag == f"{SVG}svg"
    texts = list(root.iter(f"{SVG}text"))
    assert [text.text for text in texts] == shown
    for element in root.iter():
        assert "class" not in element.attrib
        assert "style" not in element.attrib
    assert {text.get("font-size") for text in texts} <= {"12px", "13px", "20px"}
    assert all((text.get("fill") or "").startswith("rgb") for text in texts)
    background = root[0]
    assert background.tag == f"{SVG}rect"
    assert background.get("width") == root.get("width")


def test_a_saved_png_is_sharp_and_not_blank(picture: tuple[Screen, str, str]) -> None:
    screen, tab, name = picture
    width, height = screen.run(
        "const box = document.querySelector(arguments[0]).viewBox.baseVal;"
        "return [box.width, box.height]",
        f"#{tab} .stage svg",
    )
    press_save(screen, tab, "PNG")
    pixels = matplotlib.image.imread(io.BytesIO(screen.saved(f"{name}.png")), format="png")
    assert pixels.shape[:2] == (2 * (height + 32), 2 * (width + 32))
    colours = np.unique((pixels[..., :3] * 255).astype(np.uint8).reshape(-1, 3), axis=0)
    assert len(colours) > 20
    assert pixels[0, 0, 3] == 1.0  # not transparent: it can be read on any ground
