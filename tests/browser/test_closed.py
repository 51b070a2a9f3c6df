"""The page needs nothing but its own service, and says in words when that does not answer."""

import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.browser.screens import Screen
from tests.browser.servers import ROOT, serving


def test_no_other_address_is_asked(screen: Screen, address: str) -> None:
    screen.settled()
    screen.open_tab("translation")
    screen.settled()
    asked = [
        event["params"]["request"]["url"]
        for event in screen.network()
        if event["method"] == "Network.requestWillBeSent"
    ]
    urls = [url for url in asked if not url.startswith(("about:", "blob:", "data:"))]
    assert len(urls) > 20
    assert {urlsplit(url).netloc for url in urls} == {urlsplit(address).netloc}


def test_the_policy_forbids_what_the_page_does_not_need(screen: Screen) -> None:
    screen.settled()
    screen.run(
        "const script = document.createElement('script');"
        "script.textContent = 'window.ran = true'; document.body.append(script);"
        "fetch('http://127.0.0.2:9/').catch(() => {})"
    )
    screen.wait(lambda: screen.run("return window.violations.length") == 2)
    assert screen.run("return window.ran === undefined")
    screen.run("window.violations = []")
    screen.log("browser")


@pytest.mark.parametrize("ending", ["", "/"])
def test_the_page_works_under_a_path(screen: Screen, ending: str) -> None:
    with serving(ROOT / "models", "--root-path", "/text") as address:
        screen.open(f"{address}/text{ending}")
        screen.settled()
        screen.open_tab("translation")
        screen.settled()
        assert screen.browser.current_url == f"{address}/text{ending}#translation"
        assert screen.complaints() == []


def test_a_service_with_keys_is_asked_with_one(screen: Screen, tmp_path: Path) -> None:
    keys = tmp_path / "keys.toml"
    made = subprocess.run(
        [sys.executable, "-m", "service", "keys", "new", "--file", str(keys), "--id", "reader"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    (key,) = made.stdout.split()
    with serving(ROOT / "models", "--keys-file", str(keys)) as address:
        screen.open(address)
        field = screen.one("#api-key")
        assert field.get_attribute("type") == "password"
        field.send_keys("wrong")
        field.submit()
        screen.wait(lambda: "not known" in screen.text("#key [role=alert]"))
        screen.one("#api-key").send_keys(key)
        screen.one("#key button").click()
        screen.settled()
        assert not screen.all("#key form")
        screen.browser.refresh()  # the tab keeps it
        screen.settled()
        assert not screen.all("#key form")
        kept = screen.run("return [JSON.stringify(sessionStorage), localStorage.length]")
        assert key in kept[0]
        assert kept[1] == 0
        assert all("40" in complaint for complaint in screen.complaints())  # 401 and 403


def test_a_busy_service_is_asked_again(screen: Screen) -> None:
    # Another second, another request: the page waits as it is told, and gets its answer.
    with serving(ROOT / "models", "--address-rate-limit", "2/second") as address:
        screen.open(address)
        screen.settled()
        screen.open_tab("translation")
        screen.settled()
        assert len(screen.texts(".alternatives .text")) == 4
        assert not screen.all(".notice")
        assert all("429" in complaint for complaint in screen.complaints())


def test_an_error_is_shown_in_the_words_of_the_service(screen: Screen) -> None:
    screen.settled()
    screen.paste("good " * 5000)
    notice = screen.wait(lambda: screen.texts("#sentiment [role=alert] p"))
    assert "20,000" in notice[0]
    assert not screen.all("figure")
    screen.paste("good")
    screen.settled()
    assert not screen.all(".notice")
    assert all("413" in complaint for complaint in screen.complaints())


def test_a_service_that_is_gone_is_missed(screen: Screen) -> None:
    with serving(ROOT / "models") as address:
        screen.open(address)
        screen.settled()
    screen.paste("Is anybody there?")
    notice = screen.wait(lambda: screen.texts("#sentiment [role=alert] p"))
    assert "cannot be reached" in notice[0]
    assert screen.all("#sentiment [role=alert] button")
    assert all("ERR_CONNECTION" in complaint for complaint in screen.complaints())
