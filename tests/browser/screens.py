"""The page as somebody in front of it sees it: what is shown, typed, pressed, saved."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from selenium.common.exceptions import TimeoutException
from selenium.webdriver import ActionChains, Chrome, Keys
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.wait import WebDriverWait

SECONDS = 60  # until a test gives up; none depends on how long anything takes
Result = TypeVar("Result")


class Screen:
    """The page in a browser."""

    def __init__(self, browser: Chrome) -> None:
        self.browser = browser
        self.downloads: Path = browser.downloads  # type: ignore[attr-defined]  # see open_browser
        self.show(1000, 900)
        self.prefer()

    def open(self, address: str) -> None:
        """Open the page as somebody does who has never been there, and wait for an answer."""
        self.browser.get("about:blank")
        self.log("browser")
        self.log("performance")
        self.browser.get(address)
        self.browser.execute_script("sessionStorage.clear()")

    def show(self, width: int, height: int) -> None:
        """Give the page a window of that many pixels."""
        self.browser.execute_cdp_cmd(
            "Emulation.setDeviceMetricsOverride",
            {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600},
        )

    def prefer(self, **features: str) -> None:
        """What the reader prefers, such as prefers_color_scheme="dark"; else the defaults."""
        wanted = {"prefers_color_scheme": "light", "prefers_reduced_motion": "", **features}
        named = [{"name": k.replace("_", "-"), "value": v} for k, v in wanted.items()]
        self.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": named})

    def type(self, text: str) -> None:
        """Type a text in place of the one that is there."""
        self.one("#text").send_keys(Keys.CONTROL, "a")
        self.one("#text").send_keys(text)

    def paste(self, text: str) -> None:
        """Put a text in place of the one that is there, at once."""
        script = "arguments[0].value = arguments[1]; arguments[0].dispatchEvent(new Event('input'))"
        self.browser.execute_script(script, self.one("#text"), text)

    def press(self, *keys: str) -> None:
        """Press keys, wherever the focus is."""
        ActionChains(self.browser).send_keys(*keys).perform()

    def open_tab(self, name: str) -> None:
        """Open the tab of that name."""
        self.one(f"#tab-{name}").click()

    def one(self, selector: str) -> WebElement:
        """The element of a CSS selector, once it is there."""
        return self.wait(lambda: self.all(selector))[0]

    def all(self, selector: str) -> list[WebElement]:
        """The elements of a CSS selector that are there now."""
        return self.browser.find_elements(By.CSS_SELECTOR, selector)

    def texts(self, selector: str) -> list[str]:
        """The texts of all elements of a selector, as they are written."""
        script = "return [...document.querySelectorAll(arguments[0])].map(e => e.textContent)"
        texts: list[str] = self.browser.execute_script(script, selector)
        return texts

    def text(self, selector: str) -> str:
        """The text of the one element of a selector."""
        (text,) = self.wait(lambda: self.texts(selector))
        return text

    def run(self, script: str, *arguments: object) -> Any:
        """What a script of the page returns."""
        return self.browser.execute_script(script, *arguments)

    def wait(self, condition: Callable[[], Result]) -> Result:
        """What a condition returns, once that is true."""
        waiting = WebDriverWait(self.browser, SECONDS, poll_frequency=0.05)
        try:
            return waiting.until(lambda _: condition())
        except TimeoutException:
            seen = self.browser.find_element(By.TAG_NAME, "main").text
            raise AssertionError(f"the page has not come to what was expected: {seen}") from None

    def settled(self) -> None:
        """Wait until the page has shown all that it asked for."""
        shown = "[role=tabpanel]:not([hidden]) .results:not([aria-busy]) figure svg"
        self.wait(lambda: self.all(shown))

    def saved(self, name: str) -> bytes:
        """The content of a file that the browser saved, once it is whole."""
        path = self.downloads / name
        self.wait(path.exists)
        content = path.read_bytes()
        path.unlink()
        return content

    def log(self, kind: str) -> list[dict[str, Any]]:
        """What the browser noted since it was asked last: of kind browser or performance."""
        entries: list[dict[str, Any]] = self.browser.get_log(kind)  # type: ignore[no-untyped-call]
        return entries

    def network(self) -> list[dict[str, Any]]:
        """The events of the network since they were asked for last, in the order they came."""
        messages = (json.loads(entry["message"])["message"] for entry in self.log("performance"))
        return [message for message in messages if message["method"].startswith("Network.")]

    def complaints(self) -> list[str]:
        """What the console shows, and what the page's policy has refused."""
        violations: list[str] = self.run("return window.violations ?? []")
        return [entry["message"] for entry in self.log("browser")] + violations
