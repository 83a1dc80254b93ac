"""Documents stored, changed, listed and deleted over HTTP: durable and searchable when the answer comes."""

from __future__ import annotations

import base64
import io
import json
import threading

import pytest
from api_service import PHOTOS, doc_ids, error, fill_vectors, serving, settings_for
from helpers import COLOURS, save_picture, unit_vectors
from PIL import Image
from pydantic import TypeAdapter

from api.writing import schemas
from retrieval.encoders.fake import FakeEncoder
from retrieval.locks import writing
from retrieval.metadata.database import Database
from retrieval.settings import Settings
from retrieval.types import CatalogRecord, ModelReference
from retrieval.verification import verify
from retrieval.workspace import Workspace

ITEM = f"{PHOTOS}/item"
ITEMS = f"{PHOTOS}/items"
SIZE = {"width": 48, "height": 48}


@pytest.fixture
def workspace(tmp_path, database_url):
    database = Database(database_url)
    database.upgrade()
    database.close()
    with Workspace(Settings(data_dir=tmp_path / "data", database_url=database_url)) as workspace:
        encoder = FakeEncoder()
        workspace.create("photos", encoder.spec, ModelReference("fake"), encoder=encoder)
        yield workspace


@pytest.fixture
def client(workspace):
    with serving(workspace.settings, max_items=5, max_pixels=10_000) as client:
        yield client


@pytest.fixture
def photos(workspace):
    return workspace.open("photos")


def picture(colour: str, seed: int = 0) -> bytes:
    import tempfile
    from pathlib import Path

    with tempfile.TemporaryDirectory() as folder:
        return save_picture(Path(folder) / "x.png", COLOURS[colour], seed=seed).read_bytes()


def put(client, doc_id: str, data: bytes, **said):
    form = {name: json.dumps(value) for name, value in said.items()}
    return client.put(ITEM, params={"doc_id": doc_id}, files={"image": data}, data=form)


def upload(client, files: dict[str, bytes], metadata: object = None):
    form = {} if metadata is None else {"metadata": json.dumps(metadata)}
    return client.post(ITEMS, files=[("images", file) for file in files.items()], data=form)


def get(client, doc_id: str) -> dict:
    return client.get(ITEM, params={"doc_id": doc_id}).json()


def search(client, **query) -> list[str]:
    return doc_ids(client.post(f"{PHOTOS}/search", json={"k": 50, **query}))


def test_put_creates_and_replaces(client, photos):
    said = {"captions": ["a red shirt"], "attributes": {"price": 5, "old": True}}
    first = put(client, "a/red 1", picture("red"), **said)
    assert (first.status_code, first.json()) == (201, {"doc_id": "a/red 1", **said, **SIZE})
    assert get(client, "a/red 1") == first.json()
    assert search(client, text="red", filter="price = 5") == ["a/red 1"]

    second = put(client, "a/red 1", picture("blue"), attributes={"price": 7, "none": None})
    assert (second.status_code, second.json()) == (
        200, {"doc_id": "a/red 1", "captions": [], "attributes": {"price": 7}, **SIZE},
    )  # fmt: skip
    assert search(client, text="blue", filter="price = 7", k=1) == ["a/red 1"]
    assert client.post(f"{PHOTOS}/captions", files={"image": picture("red")}).json() == {"captions": []}
    assert len(photos) == 1
    verify(photos)


@pytest.mark.parametrize(
    ("doc_id", "data", "said", "status", "code", "part"),
    [
        ("a", b"plain text", {}, 422, "invalid_image", "not an image"),
        ("a", b"", {}, 422, "invalid_image", "empty"),
        ("a", picture("red")[:-40], {}, 422, "invalid_image", ""),
        ("a", None, {}, 422, "invalid_request", "send it as a file in a multipart form"),
        ("", picture("red"), {}, 422, "invalid_item", "the doc_id has 0 bytes"),
        ("é" * 1_500, picture("red"), {}, 422, "invalid_item", "3,000 bytes"),
        ("a", picture("red"), {"captions": "text"}, 422, "invalid_request", "body.captions"),
        ("a", picture("red"), {"attributes": {"size": {"x": 1}}}, 422, "invalid_request", "body.attributes.size"),
        ("a", picture("red"), {"attributes": {"size": [1, "a"]}}, 422, "invalid_request", "a list of texts"),
        ("a", picture("red"), {"attributes": {"size": float("nan")}}, 422, "invalid_item", "not a finite number"),
        ("a", picture("red"), {"attributes": {"size": "a\0"}}, 422, "invalid_item", "NUL"),
        ("a", picture("red"), {"colour": "red"}, 422, "invalid_request", "there is no such parameter"),
    ],
)
def test_what_cannot_be_stored_says_why(client, photos, doc_id, data, said, status, code, part):
    if data is None:
        response = client.put(ITEM, params={"doc_id": doc_id}, data={"captions": "[]"})
    else:
        response = put(client, doc_id, data, **said)
    problem = error(response, status)
    assert problem["code"] == code
    assert part in problem["message"]
    assert len(photos) == 0


def test_json_that_is_none_and_pictures_that_are_too_large(client):
    bad = client.put(ITEM, params={"doc_id": "a"}, files={"image": picture("red")}, data={"captions": "[red"})
    assert 'as ["a red hat"]' in error(bad, 422)["message"]
    buffer = io.BytesIO()
    Image.new("RGB", (200, 100)).save(buffer, "PNG")
    assert error(put(client, "a", buffer.getvalue()), 422)["detail"] == {"reason": "too-large"}
    assert error(client.put("/v1/collections/none/item?doc_id=a", files={"image": picture("red")}), 404)


def test_patch_changes_words_and_not_the_picture(client, photos, monkeypatch):
    put(client, "a", picture("red"), captions=["a red shirt"], attributes={"price": 5, "old": True})
    put(client, "b", picture("blue"))
    with monkeypatch.context() as patches:
        for name in ("encode_images", "encode_texts"):
            patches.setattr(FakeEncoder, name, None)
        changed = client.patch(f"{ITEM}?doc_id=a", json={"attributes": {"price": 7, "old": None, "tags": ["x"]}})
    expected = {"doc_id": "a", "captions": ["a red shirt"], "attributes": {"price": 7, "tags": ["x"]}, **SIZE}
    assert (changed.status_code, changed.json()) == (200, expected)
    assert get(client, "a") == expected
    client.patch(f"{ITEM}?doc_id=a", json={"captions": ["a green hat", "of wool"]})
    assert get(client, "a") == {**expected, "captions": ["a green hat", "of wool"]}
    found = client.post(f"{PHOTOS}/captions", files={"image": picture("green")}, data={"k": 1}).json()
    assert found["captions"][0]["caption"] == "a green hat"
    assert search(client, text="red", k=1) == ["a"]
    headers = {"content-type": "application/merge-patch+json"}
    assert client.patch(f"{ITEM}?doc_id=a", content='{"captions": null}', headers=headers).json()["captions"] == []
    for body in ({"image": "x"}, {"attributes": None}, {"attributes": {"a": [1]}}, {"captions": "x"}):
        assert error(client.patch(f"{ITEM}?doc_id=a", json=body), 422)["code"] == "invalid_request"
    assert error(client.patch(f"{ITEM}?doc_id=none", json={}), 404)["code"] == "not_found"
    verify(photos)


def test_patches_at_a_time_are_all_made(client):
    put(client, "a", picture("red"))
    names = [f"n{number}" for number in range(6)]
    threads = [
        threading.Thread(target=client.patch, args=(f"{ITEM}?doc_id=a",), kwargs={"json": {"attributes": {name: 1}}})
        for name in names
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert get(client, "a")["attributes"] == dict.fromkeys(names, 1)


def test_an_upload_of_several_rejects_each_by_itself(client):
    files = {"red.png": picture("red"), "notes.jpg": b"text", "blue.png": picture("blue"), "cut.png": b""}
    metadata = {"blue.png": {"doc_id": "shirts/blue", "captions": ["a blue shirt"], "attributes": {"price": 3}}}
    response = upload(client, files, metadata)
    stored = schemas.StoredItems.model_validate_json(response.content)
    assert stored.indexed == ["red.png", "shirts/blue"]
    assert [(one.doc_id, one.reason) for one in stored.rejected] == [
        ("notes.jpg", "unsupported-format"), ("cut.png", "empty"),
    ]  # fmt: skip
    assert get(client, "shirts/blue") == {
        "doc_id": "shirts/blue", "captions": ["a blue shirt"], "attributes": {"price": 3}, **SIZE,
    }  # fmt: skip
    assert search(client, text="red", k=1) == ["red.png"]


def test_metadata_may_come_as_a_file(client):
    said = json.dumps({"red.png": {"attributes": {"price": 3}}})
    parts = [("images", ("red.png", picture("red"))), ("metadata", ("said.json", said, "application/json"))]
    assert client.post(ITEMS, files=parts).json()["indexed"] == ["red.png"]
    assert get(client, "red.png")["attributes"] == {"price": 3}


def test_uploads_that_cannot_be(client, photos):
    red = picture("red")
    assert "no file of that name" in error(upload(client, {"a.png": red}, {"b.png": {}}), 422)["message"]
    assert "at most 5" in error(upload(client, {f"{n}.png": red for n in range(6)}), 422)["message"]
    assert (
        "body.metadata.a.png: no field 'price'"
        in error(upload(client, {"a.png": red}, {"a.png": {"price": 1}}), 422)["message"]
    )
    error(client.post(ITEMS, data={"metadata": "{}"}), 422)
    twice = client.post(ITEMS, files=[("images", ("a.png", red)), ("images", ("a.png", picture("blue")))])
    assert [one["reason"] for one in twice.json()["rejected"]] == ["invalid-input"]
    assert [one.doc_id for one in photos.items()] == ["a.png"]


def test_items_as_json(client, workspace):
    fill_vectors(workspace)
    data = base64.b64encode(picture("red")).decode()
    vector = FakeEncoder().encode_texts(["blue"])[0].tolist()
    items = [
        {"doc_id": "a", "image": data, "captions": ["a red hat"]},
        {"doc_id": "b", "vector": [3 * value for value in vector], "attributes": {"price": 1}},
        {"doc_id": "c", "vector": [1, 2]},
        {"doc_id": "d", "vector": [0] * 64},
        {"doc_id": "e", "image": "not base64!"},
    ]
    stored = client.post(f"{ITEMS}/json", json={"items": items}).json()
    assert stored["indexed"] == ["a", "b"]
    assert [(one["doc_id"], one["reason"]) for one in stored["rejected"]] == [
        ("c", "invalid-vector"), ("d", "invalid-vector"), ("e", "invalid-input"),
    ]  # fmt: skip
    assert search(client, text="blue", k=1) == ["b"]
    assert error(client.get(f"{PHOTOS}/image?doc_id=b"), 404)["code"] == "no_picture"
    for bad in ({"doc_id": "a"}, {"doc_id": "a", "image": data, "vector": vector}, {"doc_id": "a", "vector": [None]}):
        assert "body.items.0" in error(client.post(f"{ITEMS}/json", json={"items": [bad]}), 422)["message"]

    elsewhere = "/v1/collections/vectors/items/json"
    new = {"doc_id": "new", "captions": ["one"], "vector": unit_vectors(1, 4)[0].tolist()}
    assert client.post(elsewhere, json={"items": [new]}).json()["indexed"] == ["new"]
    assert client.patch("/v1/collections/vectors/item?doc_id=new", json={"captions": ["two"]}).status_code == 200
    problem = error(client.post(elsewhere, json={"items": [{"doc_id": "a", "image": data}]}), 422)
    assert "send documents with vectors" in problem["message"]


def test_deleting(client, photos):
    for number in range(5):
        put(client, f"d{number}", picture("red", number), attributes={"n": number})
    assert client.delete(f"{ITEM}?doc_id=d0").json() == {"matched": 1, "deleted": 1}
    assert error(client.delete(f"{ITEM}?doc_id=d0"), 404)["code"] == "not_found"
    assert set(search(client, text="red")) == {"d1", "d2", "d3", "d4"}
    assert delete(client, filter="n >= 3", dry_run=True) == {"matched": 2, "deleted": 0}
    assert delete(client, filter="n >= 3") == {"matched": 2, "deleted": 2}
    assert delete(client, doc_ids=["d1", "d1", "none"], dry_run=True) == {"matched": 1, "deleted": 0}
    assert delete(client, doc_ids=["d1", "d1", "none"]) == {"matched": 1, "deleted": 1}
    assert search(client, text="red") == ["d2"]
    for body in ({}, {"doc_ids": ["d2"], "filter": "n = 2"}, {"doc_ids": []}, {"filter": ""}, {"filter": "n <"}):
        error(client.post(f"{ITEMS}/delete", json=body), 422)
    assert len(photos) == 1


def delete(client, **body) -> dict:
    response = client.post(f"{ITEMS}/delete", json=body)
    schemas.DeletedItems.model_validate_json(response.content)
    return response.json()


def test_pages_and_several(client, photos, tmp_path):
    source = str(save_picture(tmp_path / "one.png", COLOURS["red"]))
    ids = sorted(f"{number % 3}/{number} é" for number in range(10))
    photos.add([CatalogRecord(one, source, attributes={"n": int(one[2])}) for one in ids])
    for where in (None, "n > 2"):
        seen, cursor = [], None
        while True:
            params = {"limit": 3, "filter": where, "cursor": cursor}
            page = client.get(ITEMS, params={name: value for name, value in params.items() if value is not None})
            parsed = schemas.Page.model_validate_json(page.content)
            seen += [one.doc_id for one in parsed.items]
            put(client, f"0/new {len(seen)}", picture("red"), attributes={"n": 0})  # before the cursor
            client.patch(ITEM, params={"doc_id": seen[0]}, json={"attributes": {"seen": True}})
            if (cursor := parsed.next_cursor) is None:
                break
        assert [one for one in seen if "new" not in one] == [one for one in ids if where is None or int(one[2]) > 2]
        assert len(set(seen)) == len(seen)
    several = client.post(f"{ITEMS}/get", json={"doc_ids": [ids[3], "none", ids[0]]}).json()
    assert ([one["doc_id"] for one in several["items"]], several["missing"]) == ([ids[3], ids[0]], ["none"])
    for cursor in ("/w", "!!!", "A", "é", "AA"):  # the last one is of a NUL, which PostgreSQL cannot compare with
        assert "no cursor" in error(client.get(ITEMS, params={"cursor": cursor}), 422)["message"]
    error(client.get(ITEMS, params={"limit": 0}), 422)
    assert error(client.get(ITEMS, params={"filter": "n <"}), 422)["code"] == "invalid_filter"


@pytest.mark.parametrize("name", ["JPEG", "PNG", "GIF", "BMP", "TIFF", "WEBP"])
def test_the_picture_comes_back_as_it_was_sent(client, name):
    buffer = io.BytesIO()
    Image.new("RGB", (40, 30), COLOURS["red"]).save(buffer, name)
    put(client, "a", buffer.getvalue())
    shown = client.get(f"{PHOTOS}/image?doc_id=a")
    assert (shown.content, shown.headers["content-type"]) == (buffer.getvalue(), f"image/{name.lower()}")
    assert shown.headers["x-content-type-options"] == "nosniff"
    assert shown.headers["content-disposition"] == "inline"
    etag = shown.headers["etag"]
    again = client.get(f"{PHOTOS}/image?doc_id=a", headers={"If-None-Match": f'"x", {etag}'})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", etag)
    assert client.get(f"{PHOTOS}/thumbnail?doc_id=a").headers["content-type"] == "image/webp"
    put(client, "a", picture("blue"))
    assert client.get(f"{PHOTOS}/image?doc_id=a", headers={"If-None-Match": etag}).content == picture("blue")


def test_only_pictures_are_shown(client, photos, tmp_path):
    source = save_picture(tmp_path / "one.png", COLOURS["red"])
    photos.add([CatalogRecord("a", str(source))])
    assert client.get(f"{PHOTOS}/image?doc_id=a").content == source.read_bytes()
    for data, reason in ((b"secret text", "unsupported-format"), (source.read_bytes()[:-30], "truncated")):
        source.write_bytes(data)
        problem = error(client.get(f"{PHOTOS}/image?doc_id=a"), 404)
        assert (problem["code"], problem["detail"]) == ("no_picture", {"reason": reason})
        assert str(tmp_path) not in problem["message"]
    assert error(client.get(f"{PHOTOS}/image?doc_id=none"), 404)["code"] == "not_found"


def test_uploads_at_a_time_are_all_stored(client, photos):
    def store(number: int) -> None:
        answers[number] = put(client, f"d{number % 4}", picture("red", number), attributes={"n": number}).status_code

    answers: dict[int, int] = {}
    threads = [threading.Thread(target=store, args=(number,)) for number in range(8)]
    with writing(photos.folder):  # so that they wait together
        for thread in threads:
            thread.start()
        threads[0].join(0.5)
    for thread in threads:
        thread.join()
    assert sorted(answers.values()) == [200] * 4 + [201] * 4
    assert set(search(client, text="red")) == {"d0", "d1", "d2", "d3"}
    verify(photos)


def test_a_writer_that_waits_too_long_is_told_to_come_again(client, photos, workspace):
    photos.add_vectors(["there"], FakeEncoder().encode_texts(["red"]))
    with serving(workspace.settings, write_patience_s=1) as impatient, writing(photos.folder):
        response = impatient.delete(f"{ITEM}?doc_id=there")  # which has nothing to encode
        problem = error(response, 503)
        assert (problem["code"], response.headers["retry-after"]) == ("busy", "1")
        assert search(client, text="red") == ["there"]
    assert len(photos) == 1
    assert put(client, "a", picture("red")).status_code == 201


def test_examples_are_valid():
    from api.writing import examples, requests

    valid = {
        requests.NewItems: examples.NEW_ITEMS,
        requests.ItemPatch: examples.PATCH,
        requests.SeveralRequest: examples.SEVERAL_REQUEST,
        list[requests.DeleteRequest]: [examples.DELETE_IDS, examples.DELETE_MATCHING],
        dict[str, requests.Metadata]: examples.METADATA,
        schemas.Page: examples.PAGE,
        schemas.Several: examples.SEVERAL,
        schemas.StoredItems: examples.STORED,
        schemas.DeletedItems: examples.DELETED,
    }
    for kind, example in valid.items():
        TypeAdapter(kind).validate_json(json.dumps(example))


def test_writes_need_a_key_for_writing(tmp_path):
    with serving(settings_for(tmp_path), auth=True) as client:
        for method, path in (
            ("PUT", ITEM),
            ("PATCH", ITEM),
            ("DELETE", ITEM),
            ("POST", ITEMS),
            ("POST", f"{ITEMS}/delete"),
        ):
            assert error(client.request(method, path), 401)["code"] == "key_required"
