# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Headless Chromium from Debian's packages, for the pages of this collection."""

from __future__ import annotations

import base64
import contextlib
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from selenium import webdriver
from selenium.webdriver.common.by import By

# It must not look for anything on the internet. As root, there is no sandbox.
_ARGUMENTS = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--allow-file-access-from-files",
]
PHONE = (390, 844)


class Browser:
    """One window of the browser. `requests` is what pages tried to load besides themselves."""

    def __init__(self, driver: webdriver.Chrome) -> None:
        self.driver = driver

    def open(self, page: Path) -> float:
        """Open a page, and return the seconds until it was ready and had answered a script."""
        begin = time.monotonic()
        self.driver.get(page.as_uri())
        self.run("return document.body.offsetHeight")
        return time.monotonic() - begin

    def run(self, script: str, *arguments: Any) -> Any:
        """Run a script in the page, and return what it returns."""
        return self.driver.execute_script(script, *arguments)

    def filter(self, text: str) -> float:
        """Type words into the filter, and return the seconds until the page shows the result."""
        begin = time.monotonic()
        field = self.driver.find_element(By.ID, "words")
        field.clear()
        field.send_keys(text)
        self.run("return document.body.offsetHeight")
        return time.monotonic() - begin

    def choose(self, identifier: str, value: str) -> None:
        """Choose an option of a list by its value."""
        self.run(
            "const list = document.getElementById(arguments[0]); list.value = arguments[1];"
            "list.dispatchEvent(new Event('input', {bubbles: true}));",
            identifier,
            value,
        )

    def shown(self) -> list[str]:
        """Return the names of the hosts in the table, from the top."""
        script = (
            "return Array.from(document.querySelectorAll('#table > tbody'), body => body)"
            ".filter(body => body.offsetHeight > 0).map(body => body.rows[0].cells[0].textContent)"
        )
        return list(self.run(script))

    def messages(self) -> list[str]:
        """Return what the browser complained about: errors of scripts, and what the page's policy refused."""
        entries: list[dict[str, Any]] = self.driver.execute("getLog", {"type": "browser"})["value"]
        return [entry["message"] for entry in entries]

    def emulate(self, **features: str) -> None:
        """Set media features, such as `prefers_color_scheme="dark"`."""
        rows = [{"name": name.replace("_", "-"), "value": value} for name, value in features.items()]
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": rows})

    def disable_scripts(self) -> None:
        """Load further pages without their scripts."""
        self.driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})

    def pdf(self) -> bytes:
        """Print the page, and return the PDF."""
        printed = self.driver.execute_cdp_cmd("Page.printToPDF", {"printBackground": True})
        return base64.b64decode(printed["data"])

    def picture(self, width: int, height: int) -> bytes:
        """Return a picture (PNG) of the top of the page."""
        metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
        return base64.b64decode(self.driver.execute_cdp_cmd("Page.captureScreenshot", {"format": "png"})["data"])


@contextlib.contextmanager
def browser() -> Iterator[Browser]:
    """Start Chromium with an empty profile."""
    options = webdriver.ChromeOptions()
    options.binary_location = "/usr/bin/chromium"
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    with tempfile.TemporaryDirectory(prefix="localai-browser-") as profile:
        for argument in (*_ARGUMENTS, f"--user-data-dir={profile}", "--window-size=1400,1000"):
            options.add_argument(argument)
        driver = webdriver.Chrome(options=options, service=webdriver.ChromeService("/usr/bin/chromedriver"))
        try:
            yield Browser(driver)
        finally:
            driver.quit()
