"""Where the search page puts pictures: in rows that fill the width, of which none moves."""

from __future__ import annotations

import math
import random
from itertools import groupby, pairwise

import pytest
from browser import hits, visiting
from PIL import Image

FRAME = {"width": 320, "target": 100, "gap": 20}
CALL = """async ([name, ...given]) =>
    (await import(document.querySelector("script[type=module]").src.replace("main.js", "layout.js")))[name](...given)"""


@pytest.fixture(scope="module")
def layout(browser, page_url):
    """Calls a function of the page's module `layout.js`."""
    with visiting(browser, page_url) as page:
        yield lambda *call: page.evaluate(CALL, list(call))


def box(left, top, width, height):
    return {"left": left, "top": top, "width": width, "height": height}


def test_rows_fill_the_width(layout):
    three = [box(0, 0, 93, 93), box(113, 0, 94, 93), box(227, 0, 93, 93)]  # (320 - 2 * 20) / 3 = 93.3
    assert layout("justified", [1, 1, 1], FRAME) == three
    # A fourth one: 3 + 1 is better than 2 + 2 (each 150 high) and than 4 (65); alone it is not made 320 high.
    assert layout("justified", [1, 1, 1, 1], FRAME) == [*three, box(0, 113, 100, 100)]
    assert layout("justified", [1, 1, 1, 1], FRAME, {"open": True}) == three
    assert layout("justified", [1, 1], FRAME, {"open": True}) == []
    assert layout("justified", [2, 1], FRAME, {"top": 50}) == [box(0, 50, 200, 100), box(220, 50, 100, 100)]


def test_what_is_not_known_is_a_square_and_what_is_extreme_is_cropped(layout):
    sizes = [(None, None), (400, 300), (100, 1000), (1000, 100)]
    assert [layout("ratioOf", {"width": w, "height": h}) for w, h in sizes] == [1, 4 / 3, 9 / 16, 3]


def test_no_breaking_is_better(layout):
    rng = random.Random(0)
    for _ in range(40):
        ratios = [rng.choice((9 / 16, 0.75, 1, 4 / 3, 1.5, 3)) for _ in range(rng.randint(1, 9))]
        boxes = layout("justified", ratios, FRAME)
        rows = [len(list(row)) for _, row in groupby(boxes, key=lambda one: one["top"])]
        assert sum(rows) == len(ratios)
        assert badness(rows, ratios) == pytest.approx(min(badness(other, ratios) for other in breakings(len(ratios))))


def badness(rows, ratios):
    """What `layout.js` makes as small as it can."""
    total, start = 0.0, 0
    for count in rows:
        row = ratios[start : start + count]
        height = (FRAME["width"] - FRAME["gap"] * (count - 1)) / sum(row)
        bad = math.log(max(height, 1e-9) / FRAME["target"]) ** 2
        start += count
        may_be_ragged = start == len(ratios) and height > FRAME["target"]
        total += min(bad, math.log(1.3) ** 2) if may_be_ragged else bad
        total += math.inf if height < FRAME["target"] / 2 and count > 1 else 0
    return total


def breakings(count):
    """Every way to break so many pictures into rows."""
    for chosen in range(2 ** (count - 1)):
        ends = [at + 1 for at in range(count - 1) if chosen >> at & 1]
        yield [end - start for start, end in pairwise([0, *ends, count])]


def test_arrows_go_to_the_nearest(layout):
    boxes = layout("justified", [2, 1, 1, 1, 1, 1], FRAME)  # 2 1 | 1 1 1 | 1
    assert [one["top"] for one in boxes] == [0, 0, 120, 120, 120, 233]
    lead = {
        ("ArrowDown", 0): 2, ("ArrowDown", 1): 4, ("ArrowDown", 4): 5, ("ArrowDown", 5): 5,
        ("ArrowUp", 0): -1, ("ArrowUp", 2): 0, ("ArrowUp", 4): 1, ("ArrowUp", 5): 2,
        ("ArrowRight", 1): 2, ("ArrowLeft", 0): 0, ("End", 0): 5, ("Home", 4): 0, ("x", 0): None,
    }  # fmt: skip
    assert {call: layout("placeFrom", *call, boxes) for call in lead} == lead


@pytest.mark.parametrize(
    ("width", "panel"), [(320, ""), (900, "filters"), (1280, "collection"), (1280, "engine"), (2560, "")]
)
def test_nothing_moves_and_nothing_sticks_out(browser, page_url, width, panel):
    shift = """() => new Promise(done => new PerformanceObserver(list => done(
        list.getEntries().reduce((sum, entry) => sum + entry.value, 0)
    )).observe({type: "layout-shift", buffered: true}) ?? setTimeout(() => done(0), 300))"""
    path = f"?c=shapes&q=shape+-red&panel={panel}"
    with visiting(browser, page_url, path, viewport={"width": width, "height": 800}) as page:
        hits(page)
        page.locator(".hit img.loaded").first.wait_for()
        if panel:
            page.locator(".panel-content").wait_for()
        assert page.evaluate(shift) < 0.001
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        for name in ("Search by a picture", "Filters", "Under the hood"):
            page.get_by_role("button", name=name).click(trial=True)  # fails where something covers it


def test_hits_fill_rows_in_their_own_proportions(browser, page_url, page_folder):
    with visiting(browser, page_url, "?c=shapes") as page:
        hits(page)
        for panel in ("", "Filters"):  # which leaves less room
            if panel:
                page.get_by_role("button", name=panel).click()
            width = page.locator("#grid").evaluate("grid => grid.clientWidth")
            rows = placed_in(page)
            assert len(rows) > 2
            assert all(row[0]["left"] == 0 and right(row[-1]) == width for row in rows[:-1])
            assert right(rows[-1][-1]) <= width
            for row in rows:
                assert len({one["height"] for one in row}) == 1
                assert all(abs(one["width"] - one["height"] * ratio(page_folder, one["name"])) < 2 for one in row)


def placed_in(page):
    """The hits of the grid, row by row."""
    boxes = page.locator(".hit").evaluate_all(
        """hits => hits.map(hit => ({
            name: hit.textContent.match(/shape ([0-9]{2})/)[1],
            left: hit.offsetLeft, top: hit.offsetTop, width: hit.offsetWidth, height: hit.offsetHeight}))"""
    )
    return [list(row) for _, row in groupby(boxes, key=lambda one: one["top"])]


def ratio(folder, name):
    with Image.open(folder / "shapes" / f"{name}.png") as picture:
        return picture.width / picture.height


def right(placed):
    return placed["left"] + placed["width"]
