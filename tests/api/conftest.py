"""What the tests of the search page share: a catalogue, a server over it, a browser."""

from __future__ import annotations

import json

import pytest
from api_service import add, fill_photos, settings_for
from browser import browsing
from helpers import save_picture
from PIL import Image
from server import running

from retrieval.opening import open_existing
from retrieval.types import CatalogRecord
from retrieval.workspace import Workspace


@pytest.fixture(scope="session")
def page_folder(tmp_path_factory):
    """Eighteen shirts in `photos` and pictures of many shapes in `shapes`, linked into a graph, which
    nobody changes; a cup in `cups`. The folder `new` has a picture to index and twenty-two files that are none.
    """
    folder = tmp_path_factory.mktemp("page")
    with Workspace(settings_for(folder)) as workspace:
        fill_photos(workspace, folder)
        cup = CatalogRecord("cup", str(save_picture(folder / "cup.png", (240, 210, 40))), ("a yellow cup",))
        add(workspace, "cups", [cup])
        add(workspace, "shapes", [shape(folder, number) for number in range(30)])
        open_existing(workspace, "shapes", None).compact(exact_rows=10)
    save_picture(folder / "new" / "a new cup.png", (20, 20, 20))
    for number in range(22):
        (folder / "new" / f"broken {number:02}.png").write_bytes(b"no picture")
    return folder


def shape(folder, number):
    """A picture that is 51 to 89 pixels wide and high."""
    path = folder / "shapes" / f"{number:02}.png"
    path.parent.mkdir(exist_ok=True)
    Image.new("RGB", (51 + 7 * number % 39, 51 + 11 * number % 39), (8 * number, 120, 160)).save(path)
    return CatalogRecord(path.name, str(path), (f"shape {number:02}",))


@pytest.fixture(scope="session")
def page_url(page_folder):
    with running(page_folder, RETRIEVAL_API_SOURCE_ROOTS=json.dumps([str(page_folder)])) as (_, url):
        yield url


@pytest.fixture(scope="module")
def browser():
    """A browser for the tests of one file: while it is there, so is an event loop, and `asyncio.run` fails."""
    with browsing() as browser:
        yield browser
