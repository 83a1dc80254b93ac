"""What bulk runs could not index, told page by page and without the places of files."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from api_service import PHOTOS, error, serving
from helpers import COLOURS, save_picture

from indexer.pipeline import index
from indexer.sources.open import open_source
from retrieval.metadata.database import Database
from retrieval.opening import open_or_create
from retrieval.settings import Settings
from retrieval.types import CatalogRecord, ModelReference
from retrieval.workspace import Workspace

REJECTS = f"{PHOTOS}/rejects"


@pytest.fixture
def client(tmp_path, database_url):
    """A collection that a run has filled from a folder with three bad files, and a fourth that was added by itself."""
    database = Database(database_url)
    database.upgrade()
    database.close()
    source = tmp_path / "source"
    save_picture(source / "good.png", COLOURS["red"])
    for name in ("a.png", "b.png", "c.png"):
        (source / name).write_bytes(b"no picture")
    settings = Settings(data_dir=tmp_path / "data", database_url=database_url)
    with Workspace(settings) as workspace:
        collection = open_or_create(workspace, "photos", ModelReference("fake"))
        index(open_source(source), collection)
        collection.add([CatalogRecord("d", str(tmp_path / "lost.png"))])
    with serving(settings) as client:
        yield client


def test_rejects_are_told_page_by_page(client, tmp_path):
    first = client.get(REJECTS, params={"limit": 3})
    told = first.json()
    assert [(one["doc_id"], one["reason"]) for one in told["rejects"]] == [
        (name, "unsupported-format") for name in ("a.png", "b.png", "c.png")
    ]
    (began,) = {one["at"] for one in told["rejects"]}
    assert abs((datetime.now(UTC) - datetime.fromisoformat(began)).total_seconds()) < 3_600
    last = client.get(REJECTS, params={"limit": 3, "cursor": told["next_cursor"]})
    assert last.json() == {"rejects": [{"doc_id": "d", "reason": "missing", "at": None}], "next_cursor": None}
    assert client.get(REJECTS, params={"limit": 4}).json()["next_cursor"] is None
    assert str(tmp_path) not in first.text + last.text


def test_what_cannot_be_asked_for_is_refused(client):
    assert error(client.get(REJECTS, params={"limit": 1_001}), 422)["code"] == "invalid_request"
    assert error(client.get(REJECTS, params={"cursor": "\x80"}), 422)["code"] == "invalid_cursor"
    assert error(client.get("/v1/collections/none/rejects"), 404)["code"] == "not_found"
