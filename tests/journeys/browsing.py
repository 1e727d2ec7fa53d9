"""A real Chromium for a journey: found on the machine, said loudly where it is missing."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Page, sync_playwright

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking"]
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
MISSING = (
    "No Chromium on this machine, so the console was not tried in a browser. Install it (Debian: "
    "apt-get install -y chromium; others: your system's package), or say where it is with CHROMIUM=/path/to/chromium. "
    "To go without, set TILLWRIGHT_NO_BROWSER=1."
)


def chromium() -> str:
    """Where the browser is; without one the test fails, unless it was said that there is none."""
    if os.environ.get("TILLWRIGHT_NO_BROWSER") == "1":
        pytest.skip("TILLWRIGHT_NO_BROWSER=1: the console was NOT tried in a real browser")
    found = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
    if not found:
        pytest.fail(MISSING)
    return found


@contextmanager
def browsing(*, width: int = 1280) -> Iterator[tuple[Page, list[str]]]:
    """A page, and what the browser complained of: script errors, and whatever the policy blocked."""
    path = chromium()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        page = browser.new_page(viewport={"width": width, "height": 800}, reduced_motion="reduce")
        complaints: list[str] = []
        # A refused form is answered 4xx on purpose, and the browser notes that as an error of loading.
        page.on(
            "console",
            lambda said: (
                complaints.append(f"{page.url}: {said.text}")
                if said.type == "error" and "the server responded with a status of 4" not in said.text
                else None
            ),
        )
        page.on("pageerror", lambda error: complaints.append(f"{page.url}: {error}"))
        try:
            yield page, complaints
        finally:
            browser.close()
