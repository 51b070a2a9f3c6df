"""The tab of the classifier."""

import re
from pathlib import Path
from urllib.parse import urljoin

import httpx2

from tests import tiny_models
from tests.browser.screens import Screen
from tests.browser.servers import serving


def number(text: str) -> float:
    return float(text.replace("−", "-").replace("+", "").rstrip("%"))


def test_a_typed_sentence_gets_its_label_and_the_weight_of_each_word(screen: Screen) -> None:
    screen.type("What a wonderful film!")
    screen.wait(lambda: screen.texts(".word .spoken") == ["What", "a", "wonderful", "film", "!"])
    assert screen.text(".bars .best .label") == "positive"
    shares = [number(share) for share in screen.texts(".bars .number")]
    assert shares == sorted(shares, reverse=True)
    assert abs(sum(shares) - 100) <= 0.1
    address = urljoin(screen.browser.current_url, "/explain")
    explained = httpx2.post(address, json={"inputs": "What a wonderful film!"}).json()
    assert explained["label"] == "positive"
    weights = [number(weight) for weight in screen.texts(".word .weight")]
    for weight, token in zip(weights, explained["tokens"], strict=True):
        assert abs(weight - token["contribution"]) < 0.0051
    assert screen.text("#announcement") == f"positive, {screen.texts('.bars .number')[0]}"


def test_the_bar_is_as_long_as_the_label_is_probable(screen: Screen) -> None:
    screen.settled()
    lengths = screen.run(
        "return [...document.querySelectorAll('.filled')].map("
        "e => e.getBoundingClientRect().width / e.parentNode.getBoundingClientRect().width)"
    )
    shares = [number(share) / 100 for share in screen.texts(".bars .number")]
    assert all(abs(length - share) < 0.01 for length, share in zip(lengths, shares, strict=True))


def test_the_weights_and_the_bias_add_up_to_the_logit(screen: Screen) -> None:
    screen.settled()
    weights = [number(weight) for weight in screen.texts(".word .weight")]
    words, bias, logit = map(number, re.findall(r"[+−]?\d+\.\d+", screen.text(".sum")))
    assert len(weights) == 11
    assert abs(sum(weights) - words) <= 0.005 * (len(weights) + 1)
    assert abs(words + bias - logit) <= 0.015
    screen.one("#sentiment summary").click()
    shown = screen.wait(lambda: screen.texts("#sentiment tbody td:last-child"))
    assert [number(weight) for weight in shown] == weights


def test_the_weights_can_be_told_apart_without_colours(screen: Screen) -> None:
    screen.settled()
    for word in screen.all(".word"):
        weight = number(screen.run("return arguments[0].lastChild.textContent", word))
        dashes = screen.run(
            "return getComputedStyle(arguments[0].querySelector('.mark')).strokeDasharray", word
        )
        if weight:
            assert (dashes != "none") == (weight < 0)
    legend = screen.texts(".words .legend")
    assert legend == ["− against positive", "for positive +"]


def test_a_text_that_holds_markup_is_shown_as_it_was_typed(screen: Screen) -> None:
    text = "<img src=x onerror=alert(1)> & a 😀 good"
    screen.paste(text)
    screen.wait(lambda: "good" in screen.texts(".word .spoken"))
    assert "".join(screen.texts(".word .spoken")) == text.replace(" ", "")
    assert screen.all("#sentiment img") == []


def test_a_text_in_another_language_is_answered_with_a_warning(screen: Screen) -> None:
    screen.wait(lambda: screen.text("#language").startswith("Looks English, "))
    screen.paste("Das Wetter ist heute leider sehr schlecht, und wir bleiben zu Hause.")
    screen.wait(lambda: screen.text("#language").startswith("Looks German, "))
    warning = screen.wait(lambda: screen.texts("#sentiment .warning"))
    assert warning[0].startswith("The text looks German")
    screen.paste("What a wonderful film!")
    screen.wait(lambda: not screen.all("#sentiment .warning"))


def test_an_empty_text_shows_nothing(screen: Screen) -> None:
    screen.settled()
    screen.paste("  \n")
    screen.wait(lambda: not screen.all(".bars"))
    assert not screen.all("figure")
    assert not screen.all(".notice")


def test_an_example_is_one_press_away(screen: Screen) -> None:
    screen.settled()
    screen.all(".examples button")[1].click()
    screen.wait(lambda: screen.texts(".word .spoken")[:1] == ["Two"])
    assert screen.text(".bars .best .label") == "negative"


def test_one_of_several_models_is_chosen(screen: Screen, tmp_path: Path) -> None:
    for name, labels in (("mood", ("good", "bad")), ("stars", ("five", "one"))):
        tiny_models.publish_classifier(tmp_path, name=name, labels=labels)
    tiny_models.publish_language_identifier(tmp_path)
    with serving(tmp_path) as address:
        screen.open(address)
        screen.settled()
        assert screen.texts("#sentiment option") == ["mood", "stars"]
        assert set(screen.texts(".bars .label")) == {"good", "bad"}
        screen.one("#sentiment select").send_keys("stars")
        screen.wait(lambda: set(screen.texts(".bars .label")) == {"five", "one"})
        screen.settled()
        assert screen.complaints() == []


def test_a_version_that_explains_nothing_still_answers(screen: Screen, tmp_path: Path) -> None:
    tiny_models.publish_classifier(tmp_path, inspection=None)
    with serving(tmp_path) as address:
        screen.open(address)
        screen.wait(lambda: screen.texts("#sentiment .quiet"))
        assert screen.text(".bars .best .label")
        assert screen.text("#translation .choice") == "No model of this service translates texts."
        assert screen.text("#sentiment .quiet").startswith("No weights of the words: ")
        assert not screen.all("#sentiment figure")
        # The browser itself notes an answer of 400 in its console.
        assert all("/explain" in complaint for complaint in screen.complaints())
