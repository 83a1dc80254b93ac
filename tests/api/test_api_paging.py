"""Pages of searches over HTTP, while documents come and go."""

from __future__ import annotations

import pytest
from api_service import PHOTOS, doc_ids, error, fill_photos, serving, settings_for

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
