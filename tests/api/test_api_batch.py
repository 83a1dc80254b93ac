"""Many searches in one request: each as if it were alone."""

from __future__ import annotations

import base64

import pytest
from api_service import PHOTOS, error, photos_in, serving, settings_for

from api.wire import schemas


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("catalogue")


@pytest.fixture(scope="module")
def client(folder):
    with serving(settings_for(photos_in(folder, vectors=True)), max_batch=12, max_k=50) as client:
        yield client


def ask(client, searches, collection=PHOTOS):
    return client.post(f"{collection}/search/batch", json={"searches": searches})


def without_times(answer: dict) -> dict:
    hits = [{**hit, "score": pytest.approx(hit["score"], abs=1e-6)} for hit in answer["hits"]]
    return {**answer, "hits": hits, "timings": set(answer["timings"])}


def test_each_is_answered_as_if_it_were_alone(client, folder):
    red = base64.b64encode((folder / "pictures" / "red" / "0.png").read_bytes()).decode()
    searches = [
        {"text": "a red shirt", "k": 3},
        {"text": "a blue shirt", "k": 3},
        {"text": "a blue shirt", "k": 3, "filter": "price > 0", "facets": ["colour"]},
        {"image": red, "k": 3},
        {"doc_id": "red/0.png", "k": 2, "fields": []},
        {"terms": [{"doc_id": "red/1.png"}, {"text": "blue", "weight": -0.5}], "k": 3},
        {"text": "shirt", "mode": "lexical", "k": 2},
        {"text": "a red shirt", "group_by": "colour", "k": 2},
    ]
    response = ask(client, searches)
    assert response.status_code == 200, response.text
    schemas.BatchSearchResponse.model_validate_json(response.content)
    for search, answer in zip(searches, response.json()["results"], strict=True):
        alone = client.post(f"{PHOTOS}/search", json=search).json()
        assert {**alone, "timings": set(alone["timings"])} == without_times(answer)


def test_one_that_fails_fails_alone(client):
    searches = [
        {"text": "red", "k": 1}, {"doc_id": "none"}, {"text": "red", "filter": "price = 'x'"}, {"text": " "}, {},
        {"text": "red", "k": 51}, {"text": "red", "cursor": "x"}, {"image": "!"}, {"text": "blue", "k": 1},
        {"text": "red", "facets": ["none"]},
    ]  # fmt: skip
    first, *failed, last, facets = ask(client, searches).json()["results"]
    assert [answer["hits"][0]["doc_id"][:3] for answer in (first, last)] == ["red", "blu"]
    codes = [answer["error"]["code"] for answer in [*failed, facets]]
    assert codes == [
        "not_found", "invalid_filter", "invalid_input", "invalid_input", "invalid_input", "invalid_cursor",
        "invalid_input", "invalid_input",
    ]  # fmt: skip
    alone = error(client.post(f"{PHOTOS}/search", json=searches[2]), 422)
    assert failed[1]["error"] == {name: alone[name] for name in ("code", "message", "detail")}


def test_a_collection_without_a_model(client):
    vectors = "/v1/collections/vectors"
    found, refused = ask(client, [{"doc_id": "v1", "k": 1}, {"text": "red"}], vectors).json()["results"]
    assert [hit["doc_id"] for hit in found["hits"]] == ["v1"]
    assert "search it by vector or doc_id" in refused["error"]["message"]


def test_the_request_itself(client):
    assert "13 searches: this server makes at most 12" in error(ask(client, [{"text": "red"}] * 13), 422)["message"]
    assert error(ask(client, []), 422)["code"] == "invalid_request"
    assert "body.searches.0" in error(ask(client, [{"txt": "red"}]), 422)["message"]
    assert error(ask(client, [{"text": "red"}], "/v1/collections/none"), 404)["code"] == "not_found"
