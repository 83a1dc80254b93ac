"""Whatever is sent, the answer is a 4xx that says what is wrong."""

from __future__ import annotations

import gzip
import json
from base64 import b64decode

import pytest
from api_service import PHOTOS, error, photos_in, serving, settings_for
from hypothesis import given, settings
from hypothesis import strategies as st

from api.writing.examples import PIXEL
from retrieval.workspace import Workspace

LARGEST_BODY = 100_000
SNAPSHOT = "vectors-20261121T080000000000Z"


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    folder = photos_in(tmp_path_factory.mktemp("catalogue"), odd_ids=True, vectors=True)
    with Workspace(settings_for(folder)) as workspace:
        workspace.snapshot("vectors", workspace.data_dir / "snapshots" / f"{SNAPSHOT}.tar")
    with serving(settings_for(folder), max_body_bytes=LARGEST_BODY, max_k=50) as client:
        yield client


def post(client, body: str | bytes, content_type="application/json"):
    return client.post(f"{PHOTOS}/search", content=body, headers={"content-type": content_type})


@pytest.mark.parametrize(
    ("body", "code", "part"),
    [
        ('{"text": ""}', "invalid_input", "query text is empty"),
        ('{"text": " \\n"}', "invalid_input", "query text is empty"),
        ("{}", "invalid_input", "nothing to search for"),
        ('{"text": "a\\u0000b"}', "invalid_request", "body.text: contains a NUL"),
        ('{"text": "a\\ud800b"}', "invalid_request", "body.text: contains half of a surrogate"),
        ('{"doc_id": "\\udfff"}', "invalid_request", "body.doc_id: contains half of a surrogate"),
        ('{"text": "a", "filter": "b = \\"\\ud800\\""}', "invalid_request", "body.filter: contains half"),
        ('{"text": 5}', "invalid_request", "body.text: Input should be a valid string"),
        ('{"text": "a", "k": 0}', "invalid_request", "body.k: Input should be greater than or equal to 1"),
        ('{"text": "a", "k": 51}', "invalid_input", "at most 50"),
        ('{"text": "a", "k": 10001}', "invalid_request", "body.k"),
        ('{"text": "a", "k": "5"}', "invalid_request", "body.k: Input should be a valid integer"),
        ('{"text": "a", "k": true}', "invalid_request", "body.k"),
        ('{"text": "a", "k": 1e400}', "invalid_request", "body.k"),
        ('{"text": "a", "k": %s}' % ("9" * 400), "invalid_request", "body.k"),
        ('{"text": "a", "ef_search": -1}', "invalid_request", "body.ef_search"),
        ('{"text": "a", "target_recall": 1.0}', "invalid_request", "body.target_recall"),
        ('{"text": "a", "filtre": "b = 1"}', "invalid_request", "no field 'filtre': there are k"),
        ('{"vector": []}', "invalid_request", "body.vector"),
        ('{"vector": [1, 2]}', "invalid_vector", "(64,)"),
        (f'{{"vector": {[0] * 64}}}', "invalid_vector", "no direction"),
        (f'{{"vector": {[1e-60] * 64}}}', "invalid_vector", "no direction"),
        ('{"vector": [NaN]}', "invalid_request", "body.vector.0: Input should be a finite number"),
        ('{"vector": [1e999]}', "invalid_request", "body.vector.0"),
        ('{"vector": [1e300]}', "invalid_request", "body.vector.0"),
        ('{"vector": ["a"]}', "invalid_request", "body.vector.0"),
        ('{"terms": [{}]}', "invalid_request", "body.terms.0: a term has exactly one"),
        ('{"terms": [{"text": "a", "doc_id": "b"}]}', "invalid_request", "this one has 2"),
        ('{"terms": [{"text": "a", "weight": NaN}]}', "invalid_request", "body.terms.0.weight"),
        ('{"text": "a", "terms": [{"text": "a", "weight": -1}]}', "invalid_input", "cancel one another out"),
        ('{"image": "not base64!"}', "invalid_input", "not base64"),
        ('{"image": "é"}', "invalid_input", "not base64"),
        ('{"image": ""}', "invalid_image", "empty"),
        ('{"image": "aGVsbG8="}', "invalid_image", "not an image"),
        ("[1]", "invalid_request", "not a JSON object"),
        ("null", "invalid_request", "body"),
        ("", "invalid_request", "send JSON"),
    ],
)
def test_bodies_that_make_no_query(client, body, code, part):
    problem = error(post(client, body), 422)
    assert problem["code"] == code
    assert part in problem["message"]


@pytest.mark.parametrize(
    ("body", "code", "part"),
    [
        ("{", "invalid_json", "at character"),
        (b"\xff\xfe{", "invalid_body", "in UTF-8"),
        (gzip.compress(b'{"text": "a"}', mtime=0), "invalid_body", "not compressed"),
        ("[" * 50_000, "invalid_body", "not nested deeply"),
        ('{"text": "a", "k": %s}' % ("9" * 5_000), "invalid_body", "send JSON"),
    ],
)
def test_bodies_that_are_not_json(client, body, code, part):
    problem = error(post(client, body), 400)
    assert problem["code"] == code
    assert part in problem["message"]


def test_json_error_has_its_position(client):
    assert error(post(client, '{"text": }'), 400)["detail"] == {"position": 9}


def test_a_body_without_a_content_type(client):
    assert "Content-Type: application/json" in error(post(client, '{"text": "a"}', "text/plain"), 422)["message"]


def test_many_unknown_fields_make_one_error(client):
    body = json.dumps(dict.fromkeys(map(str, range(5_000)), 0))
    assert len(error(post(client, body), 422)["detail"]) == 1


def test_an_unparsable_filter_has_its_position(client):
    problem = error(client.get(f"{PHOTOS}/search", params={"q": "a", "filter": "price < and"}), 422)
    assert (problem["code"], problem["detail"]) == ("invalid_filter", {"position": 8})


@pytest.mark.parametrize("deep", ["(" * 5_000 + "a = 1" + ")" * 4_000, "not " * 2_000 + "a = 1"])
def test_a_filter_that_nests_deeply(client, deep):
    problem = error(post(client, json.dumps({"text": "a", "filter": deep})), 422)
    assert problem["code"] == "invalid_filter"
    assert "may nest 64 deep" in problem["message"]


@pytest.mark.parametrize(
    ("condition", "part"),
    [("prise < 3", "did you mean price"), ("colour > 3", "never a number"), ("odd = 'x'", "never a string")],
)
def test_a_filter_that_does_not_fit(client, condition, part):
    problem = error(client.get(f"{PHOTOS}/search", params={"q": "a", "filter": condition}), 422)
    assert problem["code"] == "invalid_filter"
    assert part in problem["message"]


def test_more_hits_than_there_are_and_fewer_candidates(client):
    response = client.get("/v1/collections/vectors/similar", params={"doc_id": "v0", "k": 50, "ef_search": 1})
    assert [hit["rank"] for hit in response.json()["hits"]] == [1, 2, 3, 4]


@pytest.mark.parametrize(
    ("path", "part"),
    [
        ("search", "query.q: missing"),
        ("search?q=", "query text is empty"),
        ("search?q=a&kk=3", "query.kk: there is no such parameter"),
        ("search?q=a&k=x", "query.k"),
        ("search?q=a%00b", "NUL"),
        ("search?q=a%ED%A0%80", "query.q: contains what is not UTF-8"),
        ("similar?doc_id=a&filter=colour%20=%20'%ff'", "query.filter: contains what is not UTF-8"),
        (f"search?q={'a' * 2_001}", "query.q: String should have at most 2000 characters"),
        (f"similar?doc_id=a&filter={'a' * 2_001}", "query.filter"),
        ("similar", "query.doc_id: missing"),
        ("similar?doc_id=a&filter=%00", "NUL"),
        (f"item?doc_id={'a' * 2_001}", "2000"),
        ("item?doc_id=a%00", "NUL"),
        ("thumbnail?doc_id=a&side=77", "there are 128, 256, 512, 1024"),
        ("thumbnail?doc_id=a&side=-1", "query.side"),
    ],
)
def test_addresses_that_ask_for_nothing_sensible(client, path, part):
    assert part in error(client.get(f"{PHOTOS}/{path}"), 422)["message"]


@pytest.mark.parametrize(
    "path",
    ["similar?doc_id=no", "item?doc_id=no", "item?doc_id=", "thumbnail?doc_id=no", "item?doc_id=%ED%A0%80", "nothing"],
)
def test_what_is_not_there(client, path):
    assert error(client.get(f"{PHOTOS}/{path}"), 404)["code"] == "not_found"
    assert error(client.post(f"{PHOTOS}/search", json={"doc_id": "no"}), 404)["code"] == "not_found"


@pytest.mark.parametrize("name", ["photo", "a%00b", "..%2f..", "%F0%9F%8E%88", "-", "a" * 5_000])
@pytest.mark.parametrize("path", ["", "/search?q=a", "/similar?doc_id=a", "/item?doc_id=a", "/thumbnail?doc_id=a"])
def test_no_such_collection(client, name, path):
    assert error(client.get(f"/v1/collections/{name}{path}"), 404)["code"] == "not_found"


def test_an_unknown_collection_names_a_near_one(client):
    assert "there is photos" in error(client.get("/v1/collections/photo"), 404)["message"]


@pytest.mark.parametrize("number", ["0", "-1", str(2**31), "9" * 400, "x", "1.5", "%00"])
@pytest.mark.parametrize("what", ["job", "evaluation"])
def test_numbers_that_name_nothing(client, what, number):
    problem = error(client.get(f"/v1/{what}s/{number}"), 422)
    assert problem["message"].startswith(f"path.{what}: Input should be")


@pytest.mark.parametrize("range_", ["bytes=99999999-", "bytes=x", "bytes=9-1", "lines=1-2", "2"])
def test_parts_of_a_snapshot_that_it_does_not_have(client, range_):
    path = f"/v1/collections/vectors/snapshots/{SNAPSHOT}"
    assert len(client.get(path, headers={"Range": "bytes=10-19"}).content) == 10
    refused = client.get(path, headers={"Range": range_})
    assert "ask for one as `Range: bytes=0-1023`" in error(refused, 416)["message"]
    assert refused.headers["content-range"] == f"bytes */{len(client.get(path).content)}"


def test_an_integer_that_no_column_holds_is_kept_counted_and_compared(client):
    body = '{"attributes": {"huge": %s}}' % ("9" * 400)
    patched = client.patch(f"{PHOTOS}/item?doc_id=a", content=body, headers={"content-type": "application/json"})
    assert patched.json()["attributes"]["huge"] == int("9" * 400)
    found = client.get(f"{PHOTOS}/search", params={"q": "a", "filter": "huge > 5", "group_by": "huge"})
    assert [hit["doc_id"] for hit in found.json()["hits"]] == ["a"]
    assert client.get(f"{PHOTOS}/facets?facets=huge").json()["facets"][0]["documents"] == 1


def test_wrong_method(client):
    expected = {
        f"{PHOTOS}/similar": "GET",
        f"{PHOTOS}/search": "GET, POST",
        f"{PHOTOS}/captions": "POST",
        "/docs": "GET",
    }
    for path, allowed in expected.items():
        response = client.delete(path)
        assert error(response, 405)["code"] == "method_not_allowed"
        assert set(response.headers["allow"].split(", ")) == set(allowed.split(", "))


def test_text_needs_an_encoder(client):
    problem = error(client.get("/v1/collections/vectors/search?q=a"), 422)
    assert "search it by vector or doc_id" in problem["message"]


def test_a_body_over_the_limit(client):
    def piecemeal():
        for _ in range(20):
            yield b" " * 10_000

    multipart = {"content-type": "multipart/form-data; boundary=x"}
    for response in (
        post(client, b" " * (LARGEST_BODY + 1)),
        post(client, piecemeal()),
        client.post(f"{PHOTOS}/captions", content=piecemeal(), headers=multipart),
    ):
        problem = error(response, 413)
        assert problem["code"] == "body_too_large"
        assert "send less at a time" in problem["message"]
    assert error(post(client, b" " * LARGEST_BODY), 400)["code"] == "invalid_json"


PIXELS = {"files": {"image": ("a.png", b64decode(PIXEL))}}
HEED_A_TIMEOUT = {
    ("get", "/v1/collections/{collection}/search"): {"params": {"q": "a"}},
    ("post", "/v1/collections/{collection}/search"): {"json": {"text": "a"}},
    ("post", "/v1/collections/{collection}/search/batch"): {"json": {"searches": [{"text": "a"}]}},
    ("post", "/v1/collections/{collection}/search/image"): PIXELS,
    ("post", "/v1/collections/{collection}/captions"): PIXELS,
    ("get", "/v1/collections/{collection}/similar"): {"params": {"doc_id": "a"}},
    ("get", "/v1/collections/{collection}/facets"): {},
    ("get", "/v1/collections/{collection}/attributes"): {},
    ("get", "/v1/collections/{collection}/items"): {},
    ("get", "/v1/collections/{collection}/thumbnail"): {"params": {"doc_id": "a"}},
    ("get", "/v1/collections/{collection}/image"): {"params": {"doc_id": "a"}},
    ("post", "/knn-service"): {"json": {"text": "a", "modality": "image", "num_images": 1, "indice_name": "photos"}},
}


def test_every_route_that_heeds_a_timeout_documents_it(client):
    documented = {
        (method, path)
        for path, operations in client.get("/openapi.json").json()["paths"].items()
        for method, operation in operations.items()
        if any(parameter["name"] == "X-Timeout-Ms" for parameter in operation.get("parameters", ()))
    }
    assert documented == set(HEED_A_TIMEOUT)


@pytest.mark.parametrize(("route", "request_"), HEED_A_TIMEOUT.items())
def test_a_timeout_that_is_none_is_refused(client, route, request_):
    method, path = route
    path = path.replace("{collection}", "photos")
    assert client.request(method, path, headers={"X-Timeout-Ms": "20000"}, **request_).status_code == 200
    refused = client.request(method, path, headers={"X-Timeout-Ms": "0"}, **request_)
    assert "milliseconds, 1 to 999,999,999" in error(refused, 422)["message"]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(exclude_categories=[])),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
FIELDS = ["text", "image", "doc_id", "vector", "terms", "k", "filter", "ef_search", "exact", "weight"]


@settings(max_examples=150, deadline=None)
@given(body=st.dictionaries(st.sampled_from(FIELDS), json_values, max_size=4))
def test_any_json_is_answered_without_a_server_error(client, body):
    assert post(client, json.dumps(body)).status_code in (200, 400, 404, 422)


@settings(max_examples=100, deadline=None)
@given(text=st.text(max_size=30), expression=st.text(max_size=30))
def test_any_text_and_filter_are_answered_without_a_server_error(client, text, expression):
    assert client.get(f"{PHOTOS}/search", params={"q": text, "filter": expression}).status_code in (200, 422)
    assert client.get(f"{PHOTOS}/item", params={"doc_id": text}).status_code in (200, 404, 422)
