"""Documents with any id, their thumbnails, and the collections they are in."""

from __future__ import annotations

import io

import pytest
from api_service import ODD_DOC_IDS, PHOTOS, doc_ids, error, fill, photos_in, serving, settings_for
from PIL import Image

from api.wire import schemas
from retrieval.settings import Settings
from retrieval.workspace import Workspace


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return photos_in(tmp_path_factory.mktemp("catalogue"), odd_ids=True, vectors=True)


@pytest.fixture(scope="module")
def client(folder):
    with serving(settings_for(folder), thumbnail_sides=(16, 32)) as client:
        yield client


def thumbnail(client, doc_id, **headers):
    return client.get(f"{PHOTOS}/thumbnail", params={"doc_id": doc_id, "side": 32}, headers=headers)


def cached(folder) -> set:
    return set((folder / "data" / "thumbnails").rglob("*.webp"))


def test_an_item_as_stored_and_not_where(client, folder):
    response = client.get(f"{PHOTOS}/item", params={"doc_id": "red/1.png"})
    schemas.Item.model_validate_json(response.content)
    assert response.json() == {
        "doc_id": "red/1.png",
        "captions": ["a red shirt"],
        "attributes": {"colour": "red", "price": 10},
        "width": 48,
        "height": 48,
    }


@pytest.mark.parametrize("doc_id", ODD_DOC_IDS)
def test_any_doc_id_is_one_document(client, doc_id):
    assert client.get(f"{PHOTOS}/item", params={"doc_id": doc_id}).json()["doc_id"] == doc_id
    assert thumbnail(client, doc_id).status_code == 200
    similar = doc_ids(client.get(f"{PHOTOS}/similar", params={"doc_id": doc_id, "k": 50}))
    assert doc_id not in similar
    assert len(similar) == 18 + len(ODD_DOC_IDS) - 1
    found = doc_ids(client.post(f"{PHOTOS}/search", json={"doc_id": doc_id, "k": 50}))
    assert doc_id in found


def test_thumbnail_is_a_small_webp(client):
    response = thumbnail(client, "red/0.png")
    assert response.headers["content-type"] == "image/webp"
    assert response.headers["cache-control"] == "private, max-age=300"
    picture = Image.open(io.BytesIO(response.content))
    assert (picture.format, picture.size) == ("WEBP", (32, 32))
    smallest = client.get(f"{PHOTOS}/thumbnail", params={"doc_id": "red/0.png", "side": 16})
    assert smallest.headers["etag"] != response.headers["etag"]
    assert client.get(f"{PHOTOS}/thumbnail", params={"doc_id": "red/0.png"}).content == response.content  # nearest 256


def test_thumbnail_known_to_the_client(client):
    etag = thumbnail(client, "red/0.png").headers["etag"]
    for known in (etag, f"W/{etag}", f'"another", {etag}'):
        response = thumbnail(client, "red/0.png", **{"If-None-Match": known})
        assert (response.status_code, response.content, response.headers["etag"]) == (304, b"", etag)
    assert thumbnail(client, "red/0.png", **{"If-None-Match": '"another"'}).status_code == 200
    assert thumbnail(client, "red/1.png").headers["etag"] != etag


def test_thumbnail_is_kept_by_content(client, folder):
    first = thumbnail(client, "black/0.png")
    source = folder / "pictures" / "black" / "0.png"
    source.rename(source.with_suffix(".away"))
    try:
        assert thumbnail(client, "black/0.png").content == first.content
    finally:
        source.with_suffix(".away").rename(source)


def test_a_damaged_file_in_the_cache_is_made_again(client, folder):
    before = cached(folder)
    first = thumbnail(client, "white/2.png")
    (path,) = cached(folder) - before
    path.write_bytes(first.content[:-1])
    assert thumbnail(client, "white/2.png").content == first.content
    assert path.read_bytes() == first.content


def test_a_picture_that_is_gone_or_none(client, folder):
    (folder / "pictures" / "yellow" / "2.png").unlink()
    problem = error(thumbnail(client, "yellow/2.png"), 404)
    assert (problem["code"], problem["detail"]) == ("no_picture", {"reason": "missing"})
    assert str(folder) not in problem["message"]
    assert error(client.get("/v1/collections/vectors/thumbnail?doc_id=v1"), 404)["code"] == "no_picture"


def test_collections_in_the_documented_shape(client):
    listed = client.get("/v1/collections")
    found = schemas.CollectionsResponse.model_validate_json(listed.content).collections
    assert [(one.name, one.model, one.dim, one.documents, one.captions) for one in found] == [
        ("photos", "fake", 64, 18 + len(ODD_DOC_IDS), 18),
        ("vectors", "elsewhere/external", 4, 5, 0),
    ]
    assert client.get(PHOTOS).json() == listed.json()["collections"][0]


def test_the_same_on_postgresql(postgres_url, tmp_path):
    from retrieval.metadata.database import Database

    database = Database(postgres_url)
    database.upgrade()
    database.close()
    settings = Settings(data_dir=tmp_path / "data", database_url=postgres_url)
    with Workspace(settings) as workspace:
        fill(workspace, tmp_path)
    with serving(settings) as client:
        assert set(doc_ids(client.get(f"{PHOTOS}/search", params={"q": "red", "k": 3}))) == {
            "red/0.png", "red/1.png", "red/2.png",
        }  # fmt: skip
        for doc_id in ODD_DOC_IDS:
            assert client.get(f"{PHOTOS}/item", params={"doc_id": doc_id}).json()["doc_id"] == doc_id
        for params in ({"doc_id": "a\0b"}, {"doc_id": "a", "filter": "price = '\0'"}):
            error(client.get(f"{PHOTOS}/similar", params=params), 422)
