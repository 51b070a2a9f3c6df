"""The page for those who have a keyboard alone, a phone, a dark room, or hear it."""

from pathlib import Path

import pytest
from selenium.webdriver import Keys

from tests.browser.screens import Screen

TABS = ["sentiment", "translation", "gates"]
CONTRAST = (Path(__file__).parent / "contrast.js").read_text(encoding="utf-8")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("tab", TABS)
def test_every_text_has_enough_contrast(screen: Screen, tab: str, scheme: str) -> None:
    screen.prefer(prefers_color_scheme=scheme)
    screen.settled()
    screen.open_tab(tab)
    screen.settled()
    texts = screen.run(CONTRAST)
    assert len(texts) > 20
    assert [text for text in texts if text[1] < text[2]] == []


def test_a_dark_page_is_dark(screen: Screen) -> None:
    def brightness(of: str, what: str) -> int:
        script = "return getComputedStyle(document.querySelector(arguments[0]))[arguments[1]]"
        colour: str = screen.run(script, of, what)
        return sum(int(part) for part in colour.strip("rgb()").split(","))

    screen.settled()
    for scheme, is_dark in (("light", False), ("dark", True)):
        screen.prefer(prefers_color_scheme=scheme)
        assert (brightness("body", "backgroundColor") < 150) == is_dark
        assert (brightness("body", "color") > 600) == is_dark
        assert (brightness("#text", "backgroundColor") < 150) == is_dark
        assert (brightness(".word .spoken", "fill") > 600) == is_dark


@pytest.mark.parametrize("tab", TABS)
def test_a_phone_has_no_sideways_scroll(screen: Screen, tab: str) -> None:
    screen.show(320, 640)
    screen.settled()
    screen.open_tab(tab)
    screen.settled()
    for text in ("Donaudampfschifffahrtsgesellschaft" * 4, "A man is riding a bike. " * 12):
        screen.run("document.querySelector('figure').id = 'old'")
        screen.paste(text)
        screen.wait(lambda: not screen.all("#old"))
        screen.settled()
        screen.run("document.querySelectorAll('details').forEach(d => d.open = true)")
        assert screen.run("return document.documentElement.scrollWidth") == 320
    small = screen.run(
        "return [...document.querySelectorAll('button, select, a')]"
        ".filter(e => e.checkVisibility() && e.getBoundingClientRect().height < 24)"
        ".map(e => e.textContent)"
    )
    assert small == []  # WCAG 2.2, 2.5.8


def test_everything_is_done_with_the_keyboard(screen: Screen) -> None:
    screen.settled()
    visited: list[str] = []

    def tab_to(selector: str) -> None:
        for _ in range(30):
            screen.press(Keys.TAB)
            assert focus_is_visible(screen), visited
            visited.append(screen.run("return document.activeElement.outerHTML.slice(0, 60)"))
            if screen.run("return document.activeElement.matches(arguments[0])", selector):
                return
        pytest.fail(f"{selector} is not reached: {visited}")

    tab_to("#text")
    screen.press(Keys.CONTROL + "a")
    screen.press(Keys.NULL, "I was not impressed.", Keys.CONTROL + Keys.ENTER)
    screen.press(Keys.NULL)
    screen.wait(lambda: screen.texts(".word .spoken")[-2:] == ["impressed", "."])
    screen.settled()
    tab_to("[role=tab]")
    screen.press(Keys.ARROW_RIGHT)
    assert screen.run("return document.activeElement.id") == "tab-translation"
    screen.settled()
    tab_to(".saves button")
    screen.press(Keys.ENTER)
    assert screen.saved("attention-1.svg").startswith(b"<svg")
    tab_to(".stage")
    screen.press(Keys.ARROW_DOWN, Keys.ARROW_DOWN, Keys.ARROW_RIGHT)
    current = screen.one(".matrix .current")
    assert (current.get_attribute("data-row"), current.get_attribute("data-column")) == ("1", "1")
    assert "of its attention" in screen.text(".readout")
    tab_to("summary")
    screen.press(Keys.SPACE)
    screen.wait(lambda: screen.all("#translation table"))


def focus_is_visible(screen: Screen) -> bool:
    visible: bool = screen.run(
        "const style = getComputedStyle(document.activeElement);"
        "return document.activeElement !== document.body"
        " && style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2"
    )
    return visible


@pytest.mark.parametrize("tab", TABS)
def test_everything_has_a_name(screen: Screen, tab: str) -> None:
    screen.settled()
    screen.open_tab(tab)
    screen.settled()
    tree = screen.browser.execute_cdp_cmd("Accessibility.getFullAXTree", {})["nodes"]
    wanted = {"button", "textbox", "link", "tab", "tabpanel", "image", "combobox", "navigation"}
    named = [
        (node["role"]["value"], node.get("name", {}).get("value", ""))
        for node in tree
        if not node["ignored"] and node["role"]["value"] in wanted
    ]
    assert {role for role, _ in named} >= wanted - {"combobox", "image"}
    assert [role for role, name in named if not name] == []


def test_who_wants_no_motion_sees_none(screen: Screen) -> None:
    script = (
        "document.querySelector('.translation').classList.add('writing');"
        "return getComputedStyle(document.querySelector('.translation'), '::after').animationName"
    )
    assert screen.run(script) == "blink"
    screen.prefer(prefers_reduced_motion="reduce")
    assert screen.run(script) == "none"
