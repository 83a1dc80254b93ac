"""How soon the search page shows something, whether anything moves, and what it takes after 2,000 hits.

    python -m benchmarks.page [--rows 100000] [--visits 5] [--exact]

The catalogue is `benchmarks.serving_catalogue`'s, with one drawn picture for all documents, whose thumbnails are made
anew each time. A real server, and Chromium with an empty cache for each visit, on the same machine. With --exact there
is no graph: one of a million vectors takes half an hour to build.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import shutil
import statistics
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw
from playwright.async_api import Browser, CDPSession, Page, ViewportSize, async_playwright

from benchmarks.serving import server
from benchmarks.serving_catalogue import COLLECTION, INDEX, caption, made_vectors, random_model
from retrieval.opening import open_or_create
from retrieval.settings import Settings
from retrieval.types import CatalogRecord, FloatArray, ModelReference, PictureSize
from retrieval.workspace import Workspace
from retrieval.writer import EmbeddedItem, WriteBatch

BATCH = 10_000
SCROLLED = 2_000
PATIENCE_S = 300
SIZE = PictureSize(480, 360)
VIEWPORT: ViewportSize = {"width": 1280, "height": 800}
WATCH = """
    window.shift = 0;
    const sum = list => list.getEntries().forEach(entry => { shift += entry.hadRecentInput ? 0 : entry.value; });
    new PerformanceObserver(sum).observe({type: "layout-shift", buffered: true});
    document.addEventListener("load", event => {
        if (event.target.closest?.(".hit")) window.pictured ??= performance.now();
    }, true);
    new MutationObserver(() => {
        if (document.querySelector(".hit-link")) window.answered ??= performance.now();
    }).observe(document, {childList: true, subtree: true});
"""
LAST = "() => Number([...document.querySelectorAll('.hit')].at(-1).ariaPosInSet)"
TIMES = """() => ({
    first_contentful_paint: performance.getEntriesByName("first-contentful-paint")[0].startTime,
    results: answered, first_picture: pictured, layout_shift: shift})"""


def fill(folder: Path, reference: ModelReference, vectors: FloatArray, *, graph: bool) -> None:
    """A collection of these vectors, linked into a graph or not; all documents have the same picture."""
    picture = folder.parent / "picture.jpg"
    draw(picture)
    with Workspace(Settings(data_dir=folder, database_url=None)) as workspace:
        collection = open_or_create(workspace, COLLECTION, reference, index=INDEX, caption_vectors=False)
        none = np.empty((0, vectors.shape[1]), np.float32)
        for start in range(0, len(vectors), BATCH):
            rows = range(start, min(start + BATCH, len(vectors)))
            records = [document(number, str(picture)) for number in rows]
            made = zip(records, np.array(vectors[start : rows.stop]), strict=True)
            collection.writer.commit(
                WriteBatch(items=[EmbeddedItem(record, vector, none, SIZE) for record, vector in made])
            )
        collection.compact(exact_rows=None if graph else len(vectors))


def document(number: int, picture: str) -> CatalogRecord:
    """A few attributes of each kind that the filters show."""
    attributes = {"shelf": number % 100, "colour": ("red", "green", "blue")[number % 3], "price": number % 977 / 2}
    return CatalogRecord(f"{number:07}", picture, (caption(number),), attributes)


def draw(path: Path) -> None:
    """A landscape of three shapes."""
    image = Image.new("RGB", (SIZE.width, SIZE.height), (120, 170, 220))
    canvas = ImageDraw.Draw(image)
    canvas.rectangle((0, 220, 480, 360), fill=(70, 130, 80))
    canvas.ellipse((340, 40, 420, 120), fill=(250, 220, 120))
    canvas.polygon([(60, 220), (180, 70), (300, 220)], fill=(90, 90, 110))
    image.save(path, quality=90)


async def visit(browser: Browser, url: str, path: str) -> tuple[Page, dict[str, float]]:
    """A first visit: milliseconds from its beginning, and how far things moved (CLS)."""
    context = await browser.new_context(viewport=VIEWPORT)
    page = await context.new_page()
    await page.add_init_script(WATCH)
    await page.goto(url + path)
    await page.locator(".hit img.loaded").first.wait_for()
    await page.wait_for_load_state("networkidle")
    return page, await page.evaluate(TIMES)


async def scroll(page: Page) -> dict[str, float]:
    """Down through 2,000 hits, screen by screen."""
    async with asyncio.timeout(PATIENCE_S):
        while (hits := await page.evaluate(LAST)) < SCROLLED:
            await page.mouse.wheel(0, VIEWPORT["height"])
            await page.wait_for_timeout(50)
    elements = await page.locator(".hit-link").count()
    return {"hits": hits, "elements": elements, "layout_shift": await page.evaluate("shift")}


async def memory(session: CDPSession, page: Page, *, scarce: bool = False) -> dict[str, float]:
    """MiB of the page's process, decoded pictures included, and of its JavaScript; its nodes.

    `scarce` is what is left when memory runs out and the browser lets go of the decoded pictures that it keeps.
    """
    processes = (await session.send("SystemInfo.getProcessInfo"))["processInfo"]
    of_page = await page.context.new_cdp_session(page)
    await of_page.send("HeapProfiler.collectGarbage")
    if scarce:
        await of_page.send("Memory.simulatePressureNotification", {"level": "critical"})
        await page.wait_for_timeout(1_000)
    counters: dict[str, Any] = await of_page.send("Memory.getDOMCounters")
    heap: dict[str, Any] = await of_page.send("Runtime.getHeapUsage")
    renderers = [resident(one["id"]) for one in processes if one["type"] == "renderer"]
    return {"process": round(max(renderers), 1), "heap": round(heap["usedSize"] / 2**20, 1), "nodes": counters["nodes"]}


def resident(pid: int) -> float:
    """MiB that a process has in memory, shared pages by its share."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024


async def measure(folder: Path, visits: int) -> dict[str, object]:
    """The mixed view and a search, each visited a few times; then one search scrolled."""
    async with server(folder) as client, async_playwright() as playwright:
        url = str(client.base_url).rstrip("/")
        browser = await playwright.chromium.launch(executable_path=shutil.which("chromium"), chromium_sandbox=False)
        told: dict[str, object] = {}
        for name, path in {
            "mixed view": "/",
            "search": "/?q=a+red+chair",
            "filters": "/?q=a+lamp&panel=filters",
        }.items():
            times = []
            for _ in range(visits):
                page, seen = await visit(browser, url, path)
                times.append(seen)
                await page.context.close()
            told[name] = {key: round(statistics.median(one[key] for one in times), 3) for key in times[0]}
            told[f"{name}, first"] = {key: round(value, 3) for key, value in times[0].items()}
        page, _ = await visit(browser, url, "/?q=a+small+shoe")
        session = await browser.new_browser_cdp_session()
        told["memory before"] = await memory(session, page)
        told["scrolled"] = await scroll(page)
        told["memory after"] = await memory(session, page)
        told["memory after, scarce"] = await memory(session, page, scarce=True)
        await browser.close()
        return told


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--visits", type=int, default=5)
    parser.add_argument("--exact", action="store_true", help="search without a graph")
    arguments = parser.parse_args()
    os.environ["RETRIEVAL_API_MAINTENANCE"] = "false"  # it would link what is to be searched exactly
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        vectors = made_vectors(folder / "vectors.npy", arguments.rows)
        fill(folder / "data", random_model(folder / "vitb32.safetensors"), vectors, graph=not arguments.exact)
        told = asyncio.run(measure(folder / "data", arguments.visits))
    machine = f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores"
    print(json.dumps({"machine": machine, "rows": arguments.rows, "milliseconds": told}))


if __name__ == "__main__":
    main()
