"""The tab of the gates."""

import io
from pathlib import Path
from xml.etree import ElementTree

import matplotlib.image
import numpy as np
import pytest
from selenium.webdriver import Keys

from tests import tiny_models
from tests.browser.screens import Screen
from tests.browser.servers import serving

GATES = ["input", "forget", "output"]


@pytest.fixture
def gates(screen: Screen) -> Screen:
    """The page with that tab open and a text read."""
    screen.settled()
    screen.open_tab("gates")
    screen.type("I was not impressed.")
    screen.wait(lambda: screen.texts(".gates .step") == ["I", "was", "not", "impressed", "."])
    return screen


def press_save(screen: Screen, kind: str) -> None:
    (button,) = [b for b in screen.all("#gates .saves button") if b.text == kind]
    button.click()


def test_each_token_has_three_gates_a_direction(gates: Screen) -> None:
    captions = ["forward, mean over its units", "backward, mean over its units"]
    assert gates.texts(".gates .legend") == captions
    assert gates.texts(".gates .axis") == GATES * 2
    numbers = [float(text) for text in gates.texts(".gates .gate")]
    assert len(numbers) == 2 * 3 * 5
    assert all(0 < number < 1 for number in numbers)
    shades = gates.run(
        "return [...document.querySelectorAll('.cell')].map(c => "
        "Number(c.getAttribute('fill-opacity')))"
    )
    assert shades == pytest.approx([0.42 * number for number in numbers], abs=0.01)


def test_a_unit_is_chosen_with_the_keyboard(gates: Screen) -> None:
    means = gates.texts(".gates .gate")
    gates.one("#unit").send_keys("7", Keys.ENTER)
    gates.wait(lambda: gates.texts(".gates .legend") == ["forward, unit 7", "backward, unit 7"])
    assert gates.texts(".gates .gate") != means
    gates.one("#unit").send_keys(Keys.BACKSPACE, Keys.ENTER)
    gates.wait(lambda: gates.texts(".gates .gate") == means)


def test_the_arrow_keys_read_the_cells(gates: Screen) -> None:
    numbers = gates.texts(".gates .gate")
    gates.one("#gates .stage").send_keys(Keys.ARROW_RIGHT, Keys.ARROW_RIGHT, Keys.ARROW_DOWN)
    told = f"“was”: forget gate {numbers[6]} open (forward, mean over its units)."
    assert gates.text("#gates .readout") == told


def test_the_numbers_are_there_as_a_table(gates: Screen) -> None:
    gates.one("#gates summary").click()
    gates.wait(lambda: gates.all("#gates table"))
    assert gates.texts("#gates tbody tr td:first-child")[:2] == ["I", "was"]
    first = gates.texts("#gates tbody tr:first-child td")[1:]
    assert first == gates.texts(".gates .gate")[::5]


def test_the_service_draws_what_is_saved(gates: Screen) -> None:
    gates.one("#unit").send_keys("7", Keys.ENTER)
    gates.wait(lambda: gates.texts(".gates .legend") == ["forward, unit 7", "backward, unit 7"])
    press_save(gates, "SVG")
    root = ElementTree.fromstring(gates.saved("gates.svg"))
    texts = [element.text for element in root.iter("{http://www.w3.org/2000/svg}text")]
    assert {"impressed", "forward, unit 7", "backward, mean over its units"} <= set(texts)
    press_save(gates, "PNG")
    pixels = matplotlib.image.imread(io.BytesIO(gates.saved("gates.png")), format="png")
    assert pixels.shape[1] == 2 * 720
    assert len(np.unique(pixels.reshape(-1, pixels.shape[2]), axis=0)) > 20


def test_a_model_without_gates_says_so(screen: Screen, tmp_path: Path) -> None:
    tiny_models.publish_classifier(tmp_path)
    with serving(tmp_path) as address:
        screen.open(address)
        screen.settled()
        screen.open_tab("gates")
        told = screen.wait(lambda: screen.texts("#gates .quiet"))
        assert told[0].startswith(
            "No picture of the gates: Version 1 of sentiment has no gates to show"
        )
        # Which the browser notes itself.
        assert all("400" in entry["message"] for entry in screen.log("browser"))
