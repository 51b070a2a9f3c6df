"""The tab of the translator."""

import json
import urllib.request
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tests import tiny_models
from tests.browser.screens import Screen
from tests.browser.servers import serving
from tests.browser.test_sentiment import number

SENTENCE = "Two dogs are playing in the snow."
WATCH = """
    window.written = [];
    const output = document.querySelector(".translation");
    new MutationObserver(() => window.written.push(output.textContent))
      .observe(output, { childList: true, characterData: true, subtree: true });
"""


def answer(address: str, path: str, body: dict[str, object]) -> Any:
    """What the service itself answers."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(f"{address}/{path}", data=json.dumps(body).encode()) as response:
        return json.load(response)


@pytest.fixture
def translated(screen: Screen) -> Screen:
    """The page with a sentence translated."""
    screen.settled()
    screen.open_tab("translation")
    screen.settled()
    screen.paste(SENTENCE)
    screen.wait(lambda: "Hunde" in screen.text(".translation"))
    screen.settled()
    return screen


def test_a_translation_streams_in(translated: Screen) -> None:
    translated.run(WATCH)
    translated.paste("A man in a red shirt is riding a bike through the old town.")
    translated.wait(lambda: "Mann" in translated.text(".translation"))
    translated.settled()
    written = [text for text in translated.run("return window.written") if text != ""]
    growing = [b for a, b in pairwise(written) if b.startswith(a) and len(b) > len(a)]
    assert len(growing) >= 5


def test_the_alternatives_are_those_of_the_service(translated: Screen, address: str) -> None:
    asked: dict[str, object] = {"q": SENTENCE, "source": "en", "target": "de"}
    expected = answer(address, "translate", {**asked, "num_hypotheses": 4})["hypotheses"]
    assert translated.texts(".alternatives .text") == [one["text"] for one in expected]
    scores = [number(score) for score in translated.texts(".alternatives .number")]
    assert scores == [round(one["score"], 2) for one in expected]
    assert translated.text(".translation") == expected[0]["text"]
    assert translated.text("#announcement") == expected[0]["text"]
    assert translated.one(".translation").get_attribute("lang") == "de"


def test_the_attention_is_a_matrix_of_both_sentences(translated: Screen, address: str) -> None:
    asked: dict[str, object] = {"q": SENTENCE, "source": "en", "target": "de"}
    (block,) = answer(address, "explain", asked)["blocks"]
    size = (len(block["target"]), len(block["source"]))
    cells = translated.run(
        "return [...document.querySelectorAll('.matrix [data-row]')].map("
        "e => [+e.dataset.row, +e.dataset.column, +e.getAttribute('fill-opacity')])"
    )
    assert len(cells) == size[0] * size[1]
    assert {(row, column) for row, column, _ in cells} == {
        (row, column) for row in range(size[0]) for column in range(size[1])
    }
    # The darkest cell of a row is where it looked most.
    for row, weights in enumerate(block["attention"]):
        darkest = max((cell for cell in cells if cell[0] == row), key=lambda cell: cell[2])
        assert darkest[1] == weights.index(max(weights))
    headings = translated.texts(".matrix .token")
    assert headings[: size[1]] == [token["text"] for token in block["source"][:-1]] + ["end"]
    assert headings[size[1] :] == [token["text"] for token in block["target"]]


def test_a_text_of_several_sentences_has_a_matrix_of_each(translated: Screen) -> None:
    translated.paste("I am tired. I don’t know where she lives.")
    translated.wait(lambda: translated.texts(".pager span") == ["Sentence 1 of 2"])
    translated.settled()
    first = translated.texts(".matrix .token")
    translated.one("[aria-label='Next sentence']").click()
    translated.wait(lambda: translated.texts(".pager span") == ["Sentence 2 of 2"])
    translated.settled()
    assert translated.texts(".matrix .token") != first
    # The button that was pressed can do no more, so the focus went to the one that can.
    focused = translated.run("return document.activeElement.getAttribute('aria-label')")
    assert focused == "Previous sentence"


def test_what_is_typed_on_cancels_what_was_asked(translated: Screen) -> None:
    translated.network()
    translated.paste("A man is walking along the beach with his dog. " * 60)
    translated.wait(lambda: translated.all(".translation.writing"))
    translated.paste(SENTENCE)
    translated.wait(lambda: translated.text(".translation").startswith("Zwei Hunde"))
    translated.settled()
    paths: dict[str, str] = {}  # of requests, by their id
    happened = []
    for event in translated.network():
        about = event["params"]
        if event["method"] == "Network.requestWillBeSent":
            paths[about["requestId"]] = about["request"]["url"].rpartition("/")[2]
            happened.append(("asks", paths[about["requestId"]]))
        elif event["method"] == "Network.loadingFailed":
            assert about["canceled"]
            happened.append(("cancels", paths[about["requestId"]]))
    cancelled = happened.index(("cancels", "translate"))
    assert happened[:cancelled].count(("asks", "translate")) == 1
    # At the first key, not when the pause is over and the next text is sent.
    assert happened[cancelled + 1 :].count(("asks", "detect")) == 1
    assert happened[cancelled + 1 :].count(("asks", "translate")) == 2  # a stream, and a search


def test_the_tab_stands_in_the_address(translated: Screen, address: str) -> None:
    assert translated.browser.current_url == f"{address}/#translation"
    translated.browser.refresh()
    translated.settled()
    assert translated.one("#tab-translation").get_attribute("aria-selected") == "true"
    assert translated.one("#translation").is_displayed()
    assert not translated.one("#sentiment").is_displayed()


def test_the_pair_is_read_from_the_service(translated: Screen) -> None:
    assert translated.texts("#translation option") == ["English to German", "German to English"]


def test_what_the_service_asks_by_default_is_offered_first(screen: Screen, tmp_path: Path) -> None:
    for name in ("mood", "sentiment"):
        tiny_models.publish_classifier(tmp_path, name=name)
    for name in ("reverse", "translation-en-de"):
        tiny_models.publish_translator(tmp_path, name=name)
    tiny_models.publish_translator(tmp_path, name="other", source="en", target="fr")
    tiny_models.publish_translator(tmp_path, name="back", source="de", target="en")
    with serving(tmp_path) as address:
        screen.open(address)
        screen.settled()
        assert screen.texts("#sentiment option") == ["sentiment", "mood"]
        assert screen.browser.execute_script("return navigator.language").startswith("en")
        assert screen.texts("#translation option") == [
            "English to German, translation-en-de",
            "English to French",
            "English to German, reverse",
            "German to English",  # the browser's language first
        ]


@pytest.fixture
def keeping(screen: Screen, tmp_path: Path) -> Iterator[Screen]:
    """The page of a translator that takes a glossary and copies all else, and of one without."""
    tiny_models.publish_translator(tmp_path, known=("the", "good", "cat", "sat", "on", "mat"))
    tiny_models.publish_translator(tmp_path, name="other", source="en", target="fr")
    with serving(tmp_path) as address:
        screen.open(f"{address}/#translation")
        screen.settled()
        screen.paste("the good cat sat on the mat")
        screen.wait(lambda: screen.text(".translation") == "the good cat sat on the mat")
        screen.settled()
        yield screen
        screen.settled()  # before its server ends


def test_the_terms_of_a_glossary_are_used(keeping: Screen) -> None:
    assert keeping.one(".glossary summary").is_displayed()
    keeping.one(".glossary summary").click()
    keeping.one("#glossary").send_keys("cat = Katze\nmat = das = Gleiche\n\ngood")
    keeping.wait(lambda: "Katze" in keeping.text(".translation"))
    assert keeping.text(".translation") == "the good Katze sat on the das = Gleiche"
    keeping.settled()
    assert keeping.texts(".alternatives .text")[0] == "the good Katze sat on the das = Gleiche"
    written = "".join(keeping.texts(".matrix .token"))  # what was explained has the terms, too
    assert "Katze" in written
    said = "Line 4 is no term yet: write a term, = and its translation, such as house = Gebäude."
    assert keeping.text("#glossary-hint") == said
    keeping.one("#glossary").send_keys(" = gute")
    keeping.wait(lambda: "gute" in keeping.text(".translation"))
    assert keeping.text("#glossary-hint") == ""


def test_a_model_that_takes_none_is_asked_without(keeping: Screen) -> None:
    keeping.one(".glossary summary").click()
    keeping.one("#glossary").send_keys("cat = Katze")
    keeping.wait(lambda: "Katze" in keeping.text(".translation"))
    keeping.settled()
    (french,) = (o for o in keeping.all("#translation option") if o.text == "English to French")
    french.click()
    keeping.wait(lambda: keeping.text(".translation") == "the good cat sat on the mat")
    assert not keeping.one(".glossary").is_displayed()
    assert not keeping.texts("[role=alert]")


def test_no_glossary_is_offered_where_none_is_taken(screen: Screen, tmp_path: Path) -> None:
    tiny_models.publish_translator(tmp_path)
    with serving(tmp_path) as address:
        screen.open(f"{address}/#translation")
        screen.settled()
        assert not screen.one(".glossary").is_displayed()
