"""A small catalogue of coloured pictures, and the service over it, for the tests of this folder."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fastapi.testclient import TestClient
from helpers import COLOURS, save_picture, unit_vectors

from api.app import create_app
from api.settings import ApiSettings
from retrieval.opening import open_or_create
from retrieval.settings import Settings
from retrieval.types import CatalogRecord, ModelReference, external_spec
from retrieval.workspace import Workspace

PHOTOS = "/v1/collections/photos"
ODD_DOC_IDS = [
    "a/similar", "a/thumbnail", "a", "../up", "./here", "a//b", "/root", "a/", "sträße/日本 1.png", "100% & more?x=1#y",
    "a+b c", "%2F", "'; DROP TABLE items; --", "🎈",
]  # fmt: skip


def settings_for(folder: Path, database_url: str | None = None) -> Settings:
    return Settings(data_dir=folder / "data", database_url=database_url)


def fill_photos(workspace: Workspace, folder: Path, name: str = "photos") -> None:
    """Three pictures of each colour, as `red/0.png`, with a caption and attributes."""
    add(
        workspace,
        name,
        [
            CatalogRecord(
                f"{colour}/{number}.png",
                str(save_picture(folder / "pictures" / colour / f"{number}.png", rgb, seed=number)),
                (f"a {colour} shirt",),
                {"colour": colour, "price": 10 * number},
            )
            for colour, rgb in COLOURS.items()
            for number in range(3)
        ],
    )


def fill(workspace: Workspace, folder: Path, name: str = "photos") -> None:
    """The same, and one more picture under many odd ids."""
    fill_photos(workspace, folder, name)
    odd = str(save_picture(folder / "pictures" / "odd.png", (128, 128, 128)))
    add(workspace, name, [CatalogRecord(doc_id, odd, attributes={"odd": True}) for doc_id in ODD_DOC_IDS])


def photos_in(folder: Path, *, odd_ids: bool = False, vectors: bool = False) -> Path:
    """A new data folder with `photos`; returns the folder. What more there may be, see `fill` and `fill_vectors`."""
    with Workspace(settings_for(folder)) as workspace:
        (fill if odd_ids else fill_photos)(workspace, folder)
        if vectors:
            fill_vectors(workspace)
    return folder


def add(workspace: Workspace, name: str, records: list[CatalogRecord]) -> None:
    assert not open_or_create(workspace, name, ModelReference("fake")).add(records).rejected


def fill_vectors(workspace: Workspace) -> None:
    """A collection of vectors that were made elsewhere, without pictures."""
    collection = workspace.create("vectors", external_spec("elsewhere", 4), ModelReference("external"))
    collection.add_vectors([f"v{number}" for number in range(5)], unit_vectors(5, 4))


@contextmanager
def serving(settings: Settings, **api_settings) -> Iterator[TestClient]:
    """The service, in this process, once it is ready."""
    app = create_app(settings, ApiSettings(**api_settings))
    with TestClient(app, base_url="http://127.0.0.1:8000", raise_server_exceptions=False) as client:
        wait_until(lambda: client.get("/readyz").status_code == 200)
        yield client


def wait_until(condition, seconds: float = 60) -> None:
    deadline, pause = time.monotonic() + seconds, 0.005
    while not condition():
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(pause)
        pause = min(2 * pause, 0.1)  # to ask is work as well, on the cores that what is waited for needs


def doc_ids(response) -> list[str]:
    assert response.status_code == 200, response.text
    return [hit["doc_id"] for hit in response.json()["hits"]]


def error(response, status: int) -> dict:
    """The error of a response, which must have this status and the one shape."""
    assert response.status_code == status, f"{response.status_code} {response.text}"
    assert response.headers["content-type"] == "application/json"
    body = response.json()
    assert list(body) == ["error"]
    assert set(body["error"]) - {"detail"} == {"code", "message", "request_id"}
    assert body["error"]["request_id"] == response.headers["x-request-id"]
    assert "\n" not in body["error"]["message"]
    return body["error"]
