"""What axe-core has against the search page: nothing, in any state, on a desktop and on a phone, light and dark."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe
from browser import DESKTOP, PHONE, visiting

SEARCH = "?c=photos&q=shirt+-red&like=blue/1.png&scores=1"
STATES = {  # with what is to be seen there
    "a mixed view": ("?c=photos", ".hit img.loaded"),
    "results": (SEARCH, ".hit-score"),
    "a picture": ("?c=photos&q=shirt&item=blue/1.png", ".neighbours img.loaded"),
    "filters": (f"{SEARCH}&panel=filters&where=colour+in+(%22red%22)", ".value[aria-pressed=true]"),
    "collection": (f"{SEARCH}&panel=collection", ".facts dd"),
    "under the hood": ("?c=shapes&q=shape&panel=engine", ".curve"),
    "nothing": ("?c=photos&q=shirt&filter=price+%3E+99", ".notice"),
    "an error": ("?c=photos&q=shirt&filter=prise+%3E", ".notice"),
}
GO = """path => { history.pushState(null, "", path); dispatchEvent(new PopStateEvent("popstate")); }"""


@pytest.fixture(scope="module")
def page(browser, page_url):
    with visiting(browser, page_url, reduced_motion="reduce", expected="422") as page:
        yield page


@pytest.mark.parametrize("state", STATES)
def test_axe_finds_nothing(page, state):
    path, seen = STATES[state]
    page.evaluate(GO, path)
    page.locator("#grid[aria-busy=false]").wait_for(state="attached")
    page.locator(seen).first.wait_for()
    for viewport, name in (DESKTOP, "desktop"), (PHONE, "phone"):
        page.set_viewport_size(viewport)
        for scheme in "light", "dark":
            page.emulate_media(color_scheme=scheme)
            found = Axe().run(page)
            assert not found.response["violations"], f"{state}, {name}, {scheme}: {found.generate_report()}"
