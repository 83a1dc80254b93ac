"""Every answer with documents tells the width and height of their pictures."""

from __future__ import annotations

import io

import pytest
from api_service import PHOTOS, fill_vectors, serving, settings_for
from PIL import Image

from retrieval.encoders.fake import FakeEncoder
from retrieval.types import ModelReference
from retrieval.workspace import Workspace

SIZE = (200, 300)


def turned_picture() -> bytes:
    """A JPEG of 300 x 200 pixels that is displayed upright, as 200 x 300."""
    exif = Image.Exif()
    exif[0x0112] = 6
    buffer = io.BytesIO()
    Image.new("RGB", SIZE[::-1], "red").save(buffer, "JPEG", exif=exif)
    return buffer.getvalue()


@pytest.fixture
def client(tmp_path):
    with Workspace(settings_for(tmp_path)) as workspace:
        encoder = FakeEncoder()
        workspace.create("photos", encoder.spec, ModelReference("fake"), encoder=encoder)
        fill_vectors(workspace)
    with serving(settings_for(tmp_path)) as client:
        yield client


def size_of(told: dict) -> tuple[int | None, int | None]:
    return told["width"], told["height"]


def test_sizes_are_told_wherever_documents_are(client):
    files = {"image": turned_picture()}
    put = [client.put(f"{PHOTOS}/item?doc_id={doc_id}", files=files) for doc_id in ("a", "b")]
    items = [
        *(response.json() for response in put),
        client.patch(f"{PHOTOS}/item?doc_id=a", json={"attributes": {"price": 5}}).json(),
        client.get(f"{PHOTOS}/item?doc_id=a").json(),
        *client.get(f"{PHOTOS}/items").json()["items"],
        *client.post(f"{PHOTOS}/items/get", json={"doc_ids": ["a"]}).json()["items"],
    ]
    query = {"text": "red", "fields": []}
    batch = client.post(f"{PHOTOS}/search/batch", json={"searches": [query]})
    hits = [
        *client.get(f"{PHOTOS}/search?q=red").json()["hits"],
        *client.post(f"{PHOTOS}/search", json=query).json()["hits"],
        *client.post(f"{PHOTOS}/search/image", files=files).json()["hits"],
        *batch.json()["results"][0]["hits"],
        *client.get(f"{PHOTOS}/similar?doc_id=a").json()["hits"],
    ]
    assert (len(items), len(hits)) == (7, 9)
    assert {size_of(told) for told in (*items, *hits)} == {SIZE}


def test_vectors_have_none(client):
    url = "/v1/collections/vectors"
    (first, *_) = client.get(f"{url}/items").json()["items"]
    assert size_of(first) == (None, None)
    assert size_of(client.get(f"{url}/similar?doc_id=v0").json()["hits"][0]) == (None, None)
