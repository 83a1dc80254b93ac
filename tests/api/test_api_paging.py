"""Parts of answers over HTTP: pages of hits, the fields of each, and why it was so."""

from __future__ import annotations

import pytest
from api_service import PHOTOS, doc_ids, error, fill_photos, serving, settings_for
from sqlalchemy import Engine, event

from api.wire.schemas import SearchResponse
from retrieval.metadata.database import Database
from retrieval.search.fields import Fields
from retrieval.search.options import SearchOptions
from retrieval.search.query import Document, Weighted
from retrieval.workspace import Workspace


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("catalogue")


@pytest.fixture(scope="module")
def library(folder):
    with Workspace(settings_for(folder)) as workspace:
        fill_photos(workspace, folder)
        yield workspace.open("photos")


@pytest.fixture(scope="module")
def client(folder, library):
    with serving(settings_for(folder), max_depth=20) as client:
        yield client


def pages(ask) -> list[list[str]]:
    """The doc_ids of each page until the end."""
    found, cursor = [], {}
    while True:
        response = ask(cursor)
        found.append(doc_ids(response))
        following = response.json()["next_cursor"]
        if following is None:
            return found
        cursor = {"cursor": following}


@pytest.mark.parametrize("way", ["body", "address", "form", "similar"])
def test_pages_are_the_parts_of_one_search(client, library, folder, way):
    asked = {"k": 5, "filter": "price > 0"}
    red = (folder / "pictures" / "red" / "0.png").read_bytes()
    ask, whole = {
        "body": (
            lambda cursor: client.post(f"{PHOTOS}/search", json={"text": "a red shirt", **asked, **cursor}),
            library.search("a red shirt", k=20, filter="price > 0"),
        ),
        "address": (
            lambda cursor: client.get(f"{PHOTOS}/search", params={"q": "a red shirt", **asked, **cursor}),
            library.search("a red shirt", k=20, filter="price > 0"),
        ),
        "form": (
            lambda cursor: client.post(f"{PHOTOS}/search/image", files={"image": red}, data={**asked, **cursor}),
            library.search(image=red, k=20, filter="price > 0"),
        ),
        "similar": (
            lambda cursor: client.get(f"{PHOTOS}/similar", params={"doc_id": "red/0.png", **asked, **cursor}),
            library.similar("red/0.png", k=20, filter="price > 0"),
        ),
    }[way]
    found = pages(ask)
    assert [len(page) for page in found] == [5, 5, 2]
    assert [doc_id for page in found for doc_id in page] == [hit.doc_id for hit in whole.hits]


def test_ranks_go_on_and_the_match_is_told_once(client):
    first = client.post(f"{PHOTOS}/search", json={"text": "red", "k": 4}).json()
    second = client.post(f"{PHOTOS}/search", json={"text": "red", "k": 2, "cursor": first["next_cursor"]}).json()
    assert [hit["rank"] for hit in second["hits"]] == [5, 6]
    assert second["match"] is None


def test_cursors_that_do_not_fit(client):
    cursor = client.post(f"{PHOTOS}/search", json={"text": "red", "k": 15}).json()["next_cursor"]
    other = client.post(f"{PHOTOS}/search", json={"text": "blue", "k": 2, "cursor": cursor})
    assert error(other, 422)["code"] == "invalid_cursor"
    assert "send it with the query" in other.json()["error"]["message"]
    assert error(client.get(f"{PHOTOS}/search", params={"q": "red", "cursor": "x"}), 422)["code"] == "invalid_cursor"
    deeper = client.post(f"{PHOTOS}/search", json={"text": "red", "k": 6, "cursor": cursor})
    assert "15 hits were given, and 6 more would be over 20" in error(deeper, 422)["message"]
    diverse = client.post(f"{PHOTOS}/search", json={"text": "red", "k": 2, "diversity": 0.5, "cursor": cursor})
    assert "no next page" in error(diverse, 422)["message"]


def test_only_the_fields_that_are_asked_for_are_told(client):
    def hit(fields, **more):
        response = client.post(f"{PHOTOS}/search", json={"text": "red", "k": 1, "fields": fields, **more})
        assert response.status_code == 200, response.text
        return {name: value for name, value in response.json()["hits"][0].items() if name not in ("score", "ranks")}

    red = {"doc_id": "red/2.png", "rank": 1, "width": 48, "height": 48}
    assert hit([]) == red
    assert hit(["captions", "doc_id"]) == {**red, "captions": ["a red shirt"]}
    assert hit(["attributes.price", "attributes.none"]) == {**red, "attributes": {"price": 20}}
    assert hit(["attributes", "attributes.price"]) == {**red, "attributes": {"colour": "red", "price": 20}}
    assert hit([], group_by="colour") == red
    by_address = client.get(f"{PHOTOS}/search", params={"q": "red", "fields": "doc_id"}).json()["hits"][0]
    assert {"captions", "attributes"}.isdisjoint(by_address)
    wrong = client.post(f"{PHOTOS}/search", json={"text": "red", "fields": ["price"]})
    assert "no field 'price': there are doc_id" in error(wrong, 422)["message"]


def test_what_is_not_asked_for_is_not_read(client, library):
    statements: list[str] = []

    def note(*arguments) -> None:
        statements.append(arguments[2].lower())

    event.listen(Engine, "before_cursor_execute", note)
    library.find([Weighted(Document("red/0.png"))], SearchOptions(k=3, fields=Fields.named([])))
    assert not any("captions.text" in one or "items.attributes" in one for one in statements)
    library.find([Weighted(Document("red/0.png"))], SearchOptions(k=3))
    assert any("captions.text" in one for one in statements)
    assert any("items.attributes" in one for one in statements)
    event.remove(Engine, "before_cursor_execute", note)


def test_a_search_explains_itself_if_asked(client):
    asked = {"text": "red", "k": 3, "filter": "price > 0"}
    response = client.post(f"{PHOTOS}/search", json={**asked, "explain": True})
    explained = SearchResponse.model_validate_json(response.content).explain
    assert (explained.modality, explained.target_recall, explained.alternatives) == ("text", 0.98, [])
    assert explained.candidates == 3
    assert "explain" not in client.post(f"{PHOTOS}/search", json=asked).json()


def test_the_same_on_postgresql(postgres_url, tmp_path):
    database = Database(postgres_url)
    database.upgrade()
    database.close()
    settings = settings_for(tmp_path, postgres_url)
    with Workspace(settings) as workspace:
        fill_photos(workspace, tmp_path)
        with serving(settings) as client:
            asked = {"text": "a red shirt", "filter": "price > 0", "facets": ["colour"], "fields": []}
            first = client.post(f"{PHOTOS}/search", json={**asked, "k": 5}).json()
            assert [one["count"] for one in first["facets"][0]["values"]] == [2] * 6
            workspace.open("photos").delete([first["hits"][0]["doc_id"], "blue/2.png"])
            following = {**asked, "k": 10, "cursor": first["next_cursor"]}
            batch = client.post(f"{PHOTOS}/search/batch", json={"searches": [following, {**following, "text": "blue"}]})
            second, refused = batch.json()["results"]
            found = [hit["doc_id"] for hit in first["hits"] + second["hits"]]
            assert len(set(found)) == len(found) >= 11
            assert second["next_cursor"] is None
            assert refused["error"]["code"] == "invalid_cursor"
