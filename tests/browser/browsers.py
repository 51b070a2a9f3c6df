"""Starts headless Chromium with the driver that is installed beside it; downloads neither."""

import shutil
from pathlib import Path

from selenium.webdriver import Chrome, ChromeOptions
from selenium.webdriver.chrome.service import Service

_BROWSER = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), ""
)
_DRIVER = shutil.which("chromedriver") or ""
MISSING = (
    ""
    if _BROWSER and _DRIVER
    else "the page is tested in Chromium or Chrome, and PATH has none with its chromedriver; "
    "install both (Debian: apt-get install chromium chromium-driver; Fedora: dnf install chromium "
    "chromedriver; else Chrome and the chromedriver of its version, from its makers)"
)

# What the page's policy has refused, for the page's own scripts to tell.
_VIOLATIONS = """
    window.violations = [];
    document.addEventListener("securitypolicyviolation", (event) =>
      window.violations.push(`${event.violatedDirective} ${event.blockedURI}`));
"""


def open_browser(downloads: Path) -> Chrome:
    """A browser that saves files to `downloads`. Its owner has to quit() it."""
    options = ChromeOptions()
    options.binary_location = _BROWSER
    for flag in (
        "--headless=new",
        "--disable-dev-shm-usage",  # containers give little of it
        "--disable-gpu",
        "--no-proxy-server",
        # In containers the sandbox does not start, and our own page is all that is opened.
        "--no-sandbox",
        "--window-size=1000,900",
    ):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = Chrome(options=options, service=Service(_DRIVER))
    driver.execute_cdp_cmd(
        "Browser.setDownloadBehavior", {"behavior": "allow", "downloadPath": str(downloads)}
    )
    command = "Page.addScriptToEvaluateOnNewDocument"
    driver.execute_cdp_cmd(command, {"source": _VIOLATIONS})
    driver.downloads = downloads  # type: ignore[attr-defined]  # for Screen.saved
    return driver
