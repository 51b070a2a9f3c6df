"""The page in a real browser, headless Chromium, from a real server with the shipped models."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium.webdriver import Chrome

from tests.browser.browsers import MISSING, open_browser
from tests.browser.screens import Screen
from tests.browser.servers import serving

ROOT = Path(__file__).parents[2]
DEMANDED = "GATEHOUSE_TEST_BROWSER"  # `make test-browser` sets it: to have none is a failure then


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skips the tests of this folder where there is no browser, unless they are demanded."""
    if not MISSING:
        return
    if os.environ.get(DEMANDED):
        raise pytest.UsageError(MISSING)
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.skip(reason=MISSING))


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chrome]:
    """The browser, which saves files to a folder of the run."""
    driver = open_browser(tmp_path_factory.mktemp("downloads"))
    yield driver
    driver.quit()


@pytest.fixture(scope="session")
def address() -> Iterator[str]:
    """Where a server answers that serves models/."""
    with serving(ROOT / "models") as address:
        yield address


@pytest.fixture
def screen(browser: Chrome, address: str) -> Iterator[Screen]:
    """The page, just opened. Afterwards the browser must have nothing to complain of."""
    screen = Screen(browser)
    screen.open(address)
    yield screen
    assert screen.complaints() == []
