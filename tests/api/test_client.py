"""Both clients against a real server."""

from __future__ import annotations

import io
import json
import re
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest
from api_service import fill_photos, settings_for
from client_drivers import connected
from helpers import COLOURS, save_picture
from PIL import Image
from server import QUICK, running

from retrieval.client import (
    BadRequestError,
    ConflictError,
    NewItem,
    NoAnswerError,
    NotFoundError,
    StillRunningError,
    Term,
)
from retrieval.client.results import Deletion
from retrieval.types import CatalogRecord
from retrieval.workspace import Workspace

RED = [f"red/{number}.png" for number in range(3)]
LOST = ["lost/1", "lost/2", "lost/3"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("catalogue")
    with Workspace(settings_for(folder)) as workspace:
        fill_photos(workspace, folder)
        lost = [CatalogRecord(doc_id, str(folder / "lost.png")) for doc_id in LOST]
        assert len(workspace.open("photos").add(lost).rejected) == len(LOST)
    shutil.copytree(folder / "pictures" / "red", folder / "sources" / "new")
    return folder


@pytest.fixture(scope="module")
def url(folder):
    with running(folder, before=QUICK, RETRIEVAL_API_SOURCE_ROOTS=json.dumps([str(folder / "sources")])) as (_, url):
        yield url


@pytest.fixture(params=["blocking", "asynchronous"])
def kind(request):
    return request.param


@pytest.fixture
def client(kind, url):
    with connected(kind, url) as client:
        yield client


def ids(result) -> list[str]:
    return [hit.doc_id for hit in result.hits]


def test_searches_by_everything(client, folder):
    red = folder / "pictures" / "red" / "0.png"
    by_text = client.search("photos", "a red shirt", k=3)
    assert set(ids(by_text)) == set(RED)
    assert by_text.hits[0].captions == ("a red shirt",)
    assert by_text.hits[0].attributes["colour"] == "red"
    assert by_text.plan.strategy == "exact"
    assert client.search("photos", "a red shirt", k=3, explain=True).explain.candidates == 3
    for image in (red, str(red), red.read_bytes(), Image.open(red), Image.open(red).convert("CMYK")):
        assert set(ids(client.search("photos", image=image, k=3))) == set(RED)
    assert ids(client.search("photos", "red", image=red, k=5, filter='colour != "red"', exact=True))
    assert ids(client.search("photos", doc_id="red/0.png", k=1)) == ["red/0.png"]
    blue = client.search("photos", terms=[Term(doc_id="red/1.png"), Term("blue"), Term("red", weight=-0.9)], k=1)
    assert blue.hits[0].attributes["colour"] == "blue"
    assert set(ids(client.similar("photos", "red/0.png", k=2))) == set(RED[1:])
    described = client.captions("photos", red, k=2)
    assert [hit.caption for hit in described] == ["a red shirt"] * 2
    (other,) = client.captions("photos", red, k=1, filter='colour = "blue"')
    assert other.caption == "a blue shirt"
    counted = client.search("photos", "red", facets=["colour", "price"], facet_values=2).facets
    assert [facet.attribute for facet in counted] == ["colour", "price"]
    assert (counted[0].distinct, len(counted[0].values), counted[1].numbers.max) == (6, 2, 20)
    (colour,) = client.facets("photos", ["colour"], filter="price > 0")
    assert colour.documents == 12
    assert [facet.attribute for facet in client.attributes("photos")] == ["colour", "price"]


def test_vectors_are_searched_as_they_come(client, folder):
    with Workspace(settings_for(folder)) as workspace, workspace.open("photos") as photos:
        vector = photos.vectors(["red/1.png"])[0]
    for same in (vector, vector.tolist(), iter(vector)):
        assert ids(client.search("photos", vector=same, k=1)) == ["red/1.png"]


def test_several_searches_in_one_request(client, folder):
    red = folder / "pictures" / "red" / "0.png"
    found, by_picture, failed = client.search_many(
        "photos",
        [{"text": "red", "k": 2, "mode": "hybrid"}, {"image": red, "terms": [Term("red")]}, {"doc_id": "gone"}],
    )
    assert len(found.hits) == 2
    assert by_picture.hits[0].doc_id in RED
    assert failed.error.code == "not_found"


def test_lists_go_on_over_pages(client, folder):
    every = ids(client.search("photos", "a red shirt", k=18))
    assert [hit.doc_id for hit in client.hits("photos", "a red shirt", k=5)] == every
    by_picture = client.hits("photos", image=folder / "pictures" / "blue" / "0.png", k=7)
    assert {hit.doc_id for hit in by_picture} == set(every)
    assert [item.doc_id for item in client.items("photos", limit=7)] == sorted(every)
    assert len(list(client.items("photos", filter='colour = "red"'))) == 3


def test_documents_and_their_pictures(client):
    item = client.item("photos", "red/1.png")
    assert (item.captions, item.attributes) == (("a red shirt",), {"colour": "red", "price": 10})
    several = client.items_by_id("photos", ["red/1.png", "gone", "blue/0.png"])
    assert ([one.doc_id for one in several.items], several.missing) == (["red/1.png", "blue/0.png"], ("gone",))
    assert {(one.width, one.height) for one in several.items} == {(48, 48)}
    assert Image.open(io.BytesIO(client.thumbnail("photos", "red/1.png", side=128))).format == "WEBP"
    assert Image.open(io.BytesIO(client.image("photos", "red/1.png"))).format == "PNG"


def test_collections_are_made_filled_and_deleted(client, kind, folder):
    name = f"made-{kind}"
    picture = save_picture(folder / f"{kind}.png", COLOURS["green"])
    made = client.create_collection(name, like="photos", target_recall=0.9)
    assert (made.name, made.documents, made.target_recall) == (name, 0, 0.9)
    with pytest.raises(ConflictError):
        client.create_collection(name, like="photos")
    assert client.change_collection(name, target_recall=None, ef_search=80).ef_search == 80

    assert client.put_item(name, "a/b", picture, captions=["a bag"], attributes={"price": 1.5, "new": True}).captions
    patched = client.patch_item(name, "a/b", attributes={"new": None, "tags": ["x"]})
    assert (patched.captions, patched.attributes) == (("a bag",), {"price": 1.5, "tags": ["x"]})
    assert client.patch_item(name, "a/b", captions=[]).captions == ()
    stored = client.upload_items(name, [NewItem("c", picture, attributes={"price": 2}), NewItem("d/e", b"no picture")])
    assert stored.indexed == ("c",)
    assert [(one.doc_id, one.reason) for one in stored.rejected] == [("d/e", "unsupported-format")]
    vector = [1.0] + [0.0] * (made.dim - 1)
    stored = client.add_items(name, [NewItem("f", vector=vector), NewItem("g", picture)])
    assert stored.indexed == ("f", "g")
    assert client.delete_items(name, filter="price < 9", dry_run=True) == Deletion(matched=2, deleted=0)
    assert client.delete_items(name, filter="price < 9").deleted == 2
    assert client.delete_item(name, "f").deleted == 1
    assert client.collection(name).documents == 1

    assert client.put_alias(f"{name}-now", name).collection == name
    assert [alias.name for alias in client.aliases()] == [f"{name}-now"]
    assert client.delete_alias(f"{name}-now") == f"{name}-now"
    assert client.delete_collection(name) == name
    assert name not in [one.name for one in client.collections()]


def test_snapshots_are_taken_fetched_and_restored(client, kind, tmp_path):
    job = client.wait(client.take_snapshot("photos").id, timeout_s=60)
    assert job.state == "done", job.error
    (snapshot,) = client.snapshots("photos")
    path = client.fetch_snapshot("photos", snapshot.id, tmp_path / "photos.tar")
    assert path.stat().st_size == snapshot.size_bytes
    assert tarfile.is_tarfile(path)
    copy = f"copy-{kind}"
    assert client.wait(client.restore(copy, snapshot.id).id, timeout_s=60).state == "done"
    assert client.collection(copy).documents == 18
    client.delete_collection(copy)
    assert client.delete_snapshot("photos", snapshot.id) == snapshot.id
    with pytest.raises(NotFoundError):
        client.fetch_snapshot("photos", snapshot.id, path.with_name("none.tar"))
    assert [one.name for one in tmp_path.iterdir()] == ["photos.tar"]


def test_what_could_not_be_indexed_comes_part_by_part(client):
    rejects = list(client.rejects("photos", limit=2))
    assert [(one.doc_id, one.reason, one.at) for one in rejects] == [(doc_id, "missing", None) for doc_id in LOST]


def test_jobs_are_started_and_followed(client, kind):
    name = f"indexed-{kind}"
    started = client.start_index(name, "new", model="fake")
    assert started.kind == "index"
    with pytest.raises(StillRunningError, match="it goes on"):
        client.wait(started.id, timeout_s=0)
    updates = list(client.events(started.id))
    assert [update.has_ended for update in updates] == [False] * (len(updates) - 1) + [True]
    ended = client.wait(started.id)
    assert (ended.state, ended.result["indexed"], ended.config) == ("done", 3, {"source": "new", "model": "fake"})
    with pytest.raises(ConflictError):
        client.cancel_job(ended.id)
    with pytest.raises(ConflictError):
        client.retry_job(ended.id)
    assert client.jobs(collection=name, limit=5) == (ended,)

    labels = client.wait(client.start_evaluation("photos", "labels", attribute="colour", k=[1]).id, timeout_s=60)
    assert labels.evaluation
    newest = client.evaluations(collection="photos", limit=1)[0]
    assert client.evaluation(newest.id).metrics
    assert "<html" in client.report(newest.id)
    client.delete_collection(name)


def test_the_state_of_the_server(client):
    assert client.health().status == "ok"
    assert client.ready().collections["photos"] == "ready"
    assert "retrieval_request_seconds" in client.metrics()


def test_errors_say_what_is_wrong(client, kind):
    with pytest.raises(NotFoundError, match="no collection 'photo'") as missing:
        client.search("photo", "red")
    assert (missing.value.code, missing.value.status) == ("not_found", 404)
    assert missing.value.request_id
    with pytest.raises(BadRequestError) as wrong:
        client.search("photos", "red", filter="price < and")
    assert (wrong.value.code, wrong.value.detail) == ("invalid_filter", {"position": 8})
    with pytest.raises(NotFoundError):
        list(client.events(10**6))
    with connected(kind, "http://127.0.0.1:9") as nobody, pytest.raises(NoAnswerError) as silent:
        nobody.create_collection("x", model="fake")
    assert (silent.value.code, silent.value.request_id) == ("no_answer", None)


def test_the_client_needs_nothing_of_the_engine():
    code = "import retrieval.client, sys; print(*{name.partition('.')[0] for name in sys.modules})"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert {"httpx2", "retrieval"} <= set(loaded)
    assert not {"torch", "faiss", "fastapi", "starlette", "sqlalchemy", "open_clip", "api"} & set(loaded)


def test_the_examples_of_the_documentation(url, folder, monkeypatch, capsys):
    page = (Path(__file__).parents[2] / "docs" / "client.md").read_text(encoding="utf-8")
    shutil.copy(folder / "pictures" / "red" / "0.png", folder / "photo.png")
    monkeypatch.chdir(folder)
    scope = {}
    for example in re.findall(r"```python\n(.*?)```", page, re.DOTALL):
        exec(compile(example.replace("http://127.0.0.1:8000", url), "docs/client.md", "exec"), scope)
    scope["client"].close()
    printed = capsys.readouterr().out
    assert "('new/2',) [('new/3', 'unsupported-format')]" in printed
    assert "not_found no collection 'photo'" in printed
