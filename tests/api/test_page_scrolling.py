"""Long lists of hits on the search page: what is far from the screen is room only, and comes back."""

from __future__ import annotations

import pytest
from browser import hits, visiting
from playwright.sync_api import expect

SMALL = {"width": 320, "height": 300}


@pytest.fixture
def page(browser, page_url):
    """Thirty hits on a small screen."""
    with visiting(browser, page_url, "?c=shapes&q=shape", viewport=SMALL) as page:
        hits(page)
        page.keyboard.press("/")
        page.keyboard.press("ArrowDown")
        yield page


def nth(page, place):
    return page.locator(f'.hit[aria-posinset="{place}"][aria-setsize="30"] .hit-link')


def height(page):
    return page.locator("#grid").evaluate("grid => grid.offsetHeight")


def test_hits_far_from_the_screen_are_let_go_and_come_back(page):
    whole = height(page)
    expect(nth(page, 1)).to_be_focused()
    expect(nth(page, 30)).to_have_count(0)
    page.keyboard.press("End")
    expect(nth(page, 30)).to_be_focused()
    expect(nth(page, 1)).to_have_count(0)
    expect(nth(page, 30)).to_be_in_viewport(ratio=1)
    page.keyboard.press("Home")
    expect(nth(page, 1)).to_be_focused()
    expect(nth(page, 30)).to_have_count(0)
    assert height(page) == whole


def test_the_focus_stays_where_it_is_while_one_scrolls_away(page):
    page.keyboard.press("ArrowRight")
    page.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
    expect(nth(page, 30)).to_be_visible()
    expect(nth(page, 1)).to_have_count(0)
    expect(nth(page, 2)).to_be_focused()
    page.keyboard.press("ArrowRight")
    expect(nth(page, 3)).to_be_focused()
    expect(nth(page, 30)).to_have_count(0)
    expect(nth(page, 3)).to_be_in_viewport(ratio=1)


def test_a_new_search_is_seen_from_its_top_and_the_one_before_where_it_was_left(page):
    page.keyboard.press("End")
    expect(nth(page, 30)).to_be_focused()
    left = page.evaluate("scrollY")
    page.keyboard.press("s")
    expect(page.locator("#live")).to_have_text("The best 29 of 30 pictures.")
    assert page.evaluate("scrollY") == 0
    page.route("**/search", lambda route: route.abort())  # what was shown is not asked for again
    page.go_back()
    expect(nth(page, 30)).to_be_visible()
    expect(page.locator("#live")).to_have_text("The best 30 of 30 pictures.")
    assert page.evaluate("scrollY") == left


def test_arrows_step_through_the_detail_view_and_the_last_one_seen_has_the_focus(page):
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    for _ in range(19):
        shown = dialog.get_attribute("aria-label")
        page.keyboard.press("ArrowRight")
        expect(dialog).not_to_have_attribute("aria-label", shown)
    page.keyboard.press("Escape")
    expect(nth(page, 20)).to_be_focused()
    expect(nth(page, 20)).to_be_in_viewport(ratio=1)
