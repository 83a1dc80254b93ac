"""The search page in a real Chromium, in front of a real server."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

DESKTOP = {"width": 1280, "height": 800}
PHONE = {"width": 390, "height": 844}
PATIENCE_MS = 30_000


def chromium() -> str:
    """The browser of this machine; skips where there is none."""
    names = ("chromium", "chromium-browser", "google-chrome")
    found = next((path for name in names if (path := shutil.which(name))), None)
    return found or pytest.skip("needs Chromium: apt-get install chromium")


@contextmanager
def browsing() -> Iterator[Browser]:
    executable = chromium()
    sandbox = os.getuid() != 0  # root may not have one
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, chromium_sandbox=sandbox)
        yield browser
        browser.close()


@contextmanager
def visiting(browser: Browser, url: str, path: str = "", *, expected: str = "", **options) -> Iterator[Page]:
    """A page in a fresh profile. Fails on errors in its console but those with `expected`, and on foreign requests."""
    context = browser.new_context(viewport=options.pop("viewport", DESKTOP), **options)
    context.set_default_timeout(PATIENCE_MS)
    page = context.new_page()
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda line: line.type in ("error", "warning") and wrong.append(line.text))
    page.on("request", lambda asked: asked.url.startswith((url, "blob:", "data:")) or wrong.append(asked.url))
    page.goto(f"{url}/{path}")
    yield page
    context.close()
    assert not [text for text in wrong if not expected or expected not in text]


def hits(page: Page) -> list[str]:
    """The captions of the hits, once there are some and the search is over."""
    page.locator("#grid[aria-busy=false] .hit-link").first.wait_for()
    return page.locator(".hit-caption").all_text_contents()


def shell(command: str):
    """What a command that the page offers prints."""
    if not shutil.which("curl"):
        pytest.skip("needs curl: apt-get install curl")
    return json.loads(subprocess.run(command, shell=True, check=True, capture_output=True, timeout=30).stdout)
