"""Facets and attributes over HTTP."""

from __future__ import annotations

import pytest
from api_service import PHOTOS, doc_ids, error, photos_in, serving, settings_for

from api.wire import facets as facet_schemas
from api.wire import schemas

COLOURS = ["black", "blue", "green", "red", "white", "yellow"]


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    folder = photos_in(tmp_path_factory.mktemp("catalogue"), vectors=True)
    with serving(settings_for(folder), max_facets=3) as client:
        yield client


def facets_of(response) -> dict:
    assert response.status_code == 200, response.text
    body = facet_schemas.FacetsResponse.model_validate_json(response.content)
    return {facet.attribute: facet for facet in body.facets}


def values(facet) -> dict:
    return {one.value: one.count for one in facet.values}


def test_facets_of_a_collection_and_of_a_filter(client):
    everything = facets_of(client.get(f"{PHOTOS}/facets"))
    assert values(everything["colour"]) == dict.fromkeys(COLOURS, 3)
    assert (everything["price"].numbers.min, everything["price"].numbers.max) == (0, 20)
    asked = {"facets": ["colour", "price"], "filter": "colour in ('red', 'blue') and price > 0", "values": 2}
    some = facets_of(client.get(f"{PHOTOS}/facets", params=asked))
    assert values(some["colour"]) == {"black": 2, "blue": 2}
    assert (some["colour"].distinct, some["price"].documents) == (6, 6)


def test_facets_of_a_search_whichever_way_it_is_asked(client):
    asked = {"k": 1, "filter": "price > 0", "facets": ["colour"]}
    by_body = client.post(f"{PHOTOS}/search", json={"text": "red", **asked})
    by_address = client.get(f"{PHOTOS}/search", params={"q": "red", **asked})
    similar = client.get(f"{PHOTOS}/similar", params={"doc_id": "red/0.png", **asked})
    for response in (by_body, by_address, similar):
        assert len(doc_ids(response)) == 1
        body = schemas.SearchResponse.model_validate_json(response.content)
        assert values(body.facets[0]) == dict.fromkeys(COLOURS, 2)
    assert "facets" not in client.get(f"{PHOTOS}/search", params={"q": "red"}).json()


def test_attributes_of_a_collection(client):
    response = client.get(f"{PHOTOS}/attributes")
    body = facet_schemas.AttributesResponse.model_validate_json(response.content)
    assert [(one.attribute, one.type, one.documents) for one in body.attributes] == [
        ("colour", "string", 18), ("price", "number", 18),
    ]  # fmt: skip
    assert values(body.attributes[0]) == dict.fromkeys(COLOURS[:5], 3)
    assert client.get("/v1/collections/vectors/attributes").json() == {"attributes": []}


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"facets": ["color"]}, "no item has an attribute color; did you mean colour"),
        ({"facets": ["a", "b", "c", "d"]}, "4 facets: this server counts at most 3"),
        ({"facets": [""]}, "facets.0"),
        ({"facets": ["colour"], "filter": "price = 'x'"}, "never a string"),
    ],
)
def test_what_cannot_be_counted(client, asked, message):
    assert message in error(client.get(f"{PHOTOS}/facets", params=asked), 422)["message"]
    assert message in error(client.post(f"{PHOTOS}/search", json={"text": "red", **asked}), 422)["message"]
    assert error(client.get("/v1/collections/none/facets"), 404)["code"] == "not_found"


def test_a_number_of_values_out_of_range(client):
    assert "values" in error(client.get(f"{PHOTOS}/facets", params={"values": 0}), 422)["message"]
    refused = client.post(f"{PHOTOS}/search", json={"text": "red", "facets": ["colour"], "facet_values": 1001})
    assert "facet_values" in error(refused, 422)["message"]
