"""Collections made, changed, led to, deleted, snapshotted and restored over HTTP."""

from __future__ import annotations

import tarfile
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager

import pytest
from api_service import PHOTOS, add, doc_ids, error, fill_photos, serving, settings_for, wait_until
from helpers import COLOURS, save_picture, unit_vectors
from server import get, running

import retrieval.encoders.registry
from api.opened import OpenCollections
from retrieval.certificate import Certificate, Curve, Point, Recall
from retrieval.errors import ConflictError, ModelError
from retrieval.metadata import generations
from retrieval.metadata.database import Database
from retrieval.types import CatalogRecord, ModelReference, external_spec
from retrieval.workspace import Workspace


@contextmanager
def migrated(settings):
    """A workspace in an empty database."""
    with closing(Database(settings.resolved_database_url)) as database:
        database.upgrade()
    with Workspace(settings) as workspace:
        yield workspace


@pytest.fixture
def workspace(tmp_path, database_url):
    with migrated(settings_for(tmp_path, database_url)) as workspace:
        yield workspace


@pytest.fixture
def client(tmp_path, workspace):
    fill_photos(workspace, tmp_path)
    with serving(workspace.settings) as client:
        yield client


def one_picture(workspace, folder, name: str, colour: str) -> None:
    """A collection of documents that are named after it."""
    picture = str(save_picture(folder / "pictures" / f"{colour}.png", COLOURS[colour]))
    add(workspace, name, [CatalogRecord(f"{name}/{number}", picture) for number in range(5)])


def test_aliases_lead_to_collections(client, workspace, tmp_path):
    one_picture(workspace, tmp_path, "blue", "blue")
    made = client.put("/v1/aliases/current", json={"collection": "photos"})
    assert (made.status_code, made.json()) == (200, {"name": "current", "collection": "photos"})
    by_alias = "/v1/collections/current"
    assert doc_ids(client.get(f"{by_alias}/search?q=red&k=1"))[0].startswith("red/")
    assert client.get(by_alias).json() == client.get(PHOTOS).json()
    assert client.get(PHOTOS).json()["aliases"] == ["current"]

    assert client.put("/v1/aliases/current", json={"collection": "blue"}).status_code == 200
    assert doc_ids(client.get(f"{by_alias}/search?q=red&k=1")) == ["blue/0"]
    assert client.put("/v1/aliases/second", json={"collection": "current"}).json()["collection"] == "blue"
    names = [alias["name"] for alias in client.get("/v1/aliases").json()["aliases"]]
    assert names == client.get("/v1/collections/blue").json()["aliases"] == ["current", "second"]

    assert "current, second" in error(client.delete("/v1/collections/blue"), 409)["message"]
    assert client.delete("/v1/aliases/second").json() == {"deleted": "second"}
    assert error(client.delete("/v1/aliases/second"), 404)["message"] == "no alias 'second'"
    assert client.delete(f"{by_alias}?force=true").json() == {"deleted": "blue"}
    assert error(client.get(f"{by_alias}/search?q=red"), 404)["code"] == "not_found"
    assert client.get("/v1/aliases").json() == {"aliases": []}


@pytest.mark.parametrize("path", ["similar?doc_id=current", "attributes", "facets", "items"])
def test_what_an_alias_leads_to_is_looked_up_again_where_it_is_deleted_meanwhile(client, workspace, monkeypatch, path):
    for name in ("one", "two"):
        workspace.create(name, external_spec("test", 4), ModelReference("external"))
        workspace.open(name).add_vectors(["current"], unit_vectors(1, 4), attributes=[{"of": name}])
    client.put("/v1/aliases/current", json={"collection": "one"})
    get, deleted = OpenCollections.get, []

    def switch_then(self, name):
        found = get(self, name)
        if name == "current" and not deleted:
            deleted.append("one")
            workspace.put_alias("current", "two")
            workspace.delete("one")
        return found

    monkeypatch.setattr(OpenCollections, "get", switch_then)
    answer = client.get(f"/v1/collections/current/{path}")
    assert deleted == ["one"]
    assert answer.status_code == 200, answer.text
    assert '"one"' not in answer.text


def test_names_are_given_once(client):
    client.put("/v1/aliases/current", json={"collection": "photos"})
    made = {"name": "current", "like": "photos"}
    assert "already an alias" in error(client.post("/v1/collections", json=made), 409)["message"]
    assert (
        "already a collection" in error(client.post("/v1/collections", json={**made, "name": "photos"}), 409)["message"]
    )
    assert "is a collection" in error(client.put("/v1/aliases/photos", json={"collection": "photos"}), 409)["message"]
    assert error(client.put("/v1/aliases/new", json={"collection": "nothing"}), 404)["code"] == "not_found"
    assert error(client.put("/v1/aliases/.new", json={"collection": "photos"}), 422)["code"] == "invalid_input"


def test_one_of_those_who_want_a_name_at_once_gets_it(workspace):
    workspace.create("there", external_spec("test", 4), ModelReference("external"))

    def take(number: int) -> bool:
        try:
            if number % 2:
                workspace.put_alias("wanted", "there")
            else:
                workspace.create("wanted", external_spec("test", 4), ModelReference("external"))
        except ConflictError:
            return False
        return True

    for _ in range(5):
        with ThreadPoolExecutor(6) as pool:
            taken = list(pool.map(take, range(6)))
        by_alias = [alias.name for alias in workspace.aliases()] == ["wanted"]
        if by_alias:
            assert taken == [False, True] * 3, "an alias may be put again"
            workspace.delete_alias("wanted")
        else:
            assert sum(taken) == sum(taken[::2]) == 1
            workspace.delete("wanted")


def test_collections_are_made_for_models_and_like_others(client, tmp_path, monkeypatch):
    options = {"m": 16, "storage": "full", "target_recall": None, "ef_search": 99, "caption_vectors": False}
    made = client.post("/v1/collections", json={"name": "new", "model": "fake", **options})
    assert made.status_code == 201
    assert made.headers["location"] == "/v1/collections/new"
    assert (made.json()["target_recall"], made.json()["ef_search"], made.json()["documents"]) == (None, 99, 0)
    like = client.post("/v1/collections", json={"name": "like", "like": "new", "target_recall": 0.9}).json()
    assert (like["target_recall"], like["ef_search"], like["storage"]) == (0.9, 99, "full")
    assert client.get("/v1/collections/like/search?q=red").json()["hits"] == []
    for model in ("../secret", "/etc/passwd", "model.json", str(tmp_path)):
        refused = client.post("/v1/collections", json={"name": "other", "model": model})
        assert "is a path" in error(refused, 422)["message"]
    monkeypatch.setattr(retrieval.encoders.registry, "load_encoder", no_encoder)
    refused = client.post("/v1/collections", json={"name": "other", "model": "no-such-model"})
    assert error(refused, 422)["code"] == "invalid_model"
    for wrong in (
        {"name": "other"},
        {"name": "other", "model": "fake", "like": "new"},
        {"name": "a b", "model": "fake"},
    ):
        assert client.post("/v1/collections", json=wrong).status_code == 422
    assert error(client.post("/v1/collections", json={"name": "other", "like": "nothing"}), 404)["code"] == "not_found"
    assert [one["name"] for one in client.get("/v1/collections").json()["collections"]] == ["like", "new", "photos"]


def no_encoder(*_, **__):
    raise ModelError("unknown model")


def test_the_goal_of_a_collection_can_be_changed_as_far_as_its_graph_reaches(client, workspace):
    search = f"{PHOTOS}/search?q=red&k=1"
    doc_ids(client.get(search))
    assert client.patch(PHOTOS, json={"target_recall": 0.9, "ef_search": 7}).json()["ef_search"] == 7
    assert client.patch(PHOTOS, json={"target_recall": None}).json()["target_recall"] is None
    assert client.get(PHOTOS).json()["ef_search"] == 7
    recall = Recall(0.8, 0.79, 0.81)
    measured = Certificate(18, 1e-7, (Curve("text", 1.0, 100, (Point(16, recall, None, 16.0, 0.001),)),))
    info = workspace.open("photos").info
    with workspace.database.write() as connection:
        there = [segment.segment_id for segment in generations.current(connection, info.id).segments]
        generations.publish(connection, info.id, there, certificates={"image": measured})
    assert "retrieval tune" in error(client.patch(PHOTOS, json={"target_recall": 0.9}), 409)["message"]
    assert client.patch(PHOTOS, json={"target_recall": 0.7}).json()["target_recall"] == 0.7
    assert error(client.patch(PHOTOS, json={"m": 9}), 422)["code"] == "invalid_request"


def finished(client, started) -> dict:
    assert started.status_code == 202, started.text
    client.get(f"{started.headers['location']}/events")
    return client.get(started.headers["location"]).json()


def test_a_snapshot_outlives_its_collection_and_brings_it_back(client, workspace):
    expected = client.get(f"{PHOTOS}/search?q=red").json()["hits"]
    assert client.get(f"{PHOTOS}/snapshots").json() == {"snapshots": []}
    client.put("/v1/aliases/current", json={"collection": "photos"})
    taken = finished(client, client.post("/v1/collections/current/snapshots"))
    assert (taken["state"], taken["collection"], taken["result"]["documents"]) == ("done", "photos", 18)
    assert client.get("/v1/jobs?collection=current").json() == {"jobs": [taken]}
    (listed,) = client.get(f"{PHOTOS}/snapshots").json()["snapshots"]
    assert listed["id"] == taken["result"]["snapshot"]
    assert client.delete(f"{PHOTOS}?force=true").status_code == 200
    assert not list((workspace.data_dir / "collections").iterdir())

    assert client.get(f"{PHOTOS}/snapshots").json()["snapshots"] == [listed]
    fetched = client.get(f"{PHOTOS}/snapshots/{listed['id']}")
    path = workspace.snapshots.path(listed["id"])
    assert fetched.content == path.read_bytes()
    assert len(fetched.content) == listed["size_bytes"]

    restore = f"/v1/collections/again/restore?snapshot={listed['id']}"
    assert finished(client, client.post(restore))["result"] == {"documents": 18, "captions": 18}
    assert client.get("/v1/collections/again/search?q=red").json()["hits"] == expected
    assert "already a collection" in error(client.post(restore), 409)["message"]
    assert error(client.get(f"/v1/collections/again/snapshots/{listed['id']}"), 404)["code"] == "not_found"
    for wrong in ("nothing", "..%2Fcatalogue", "photos-20200101T000000000000Z"):
        assert error(client.post(f"{PHOTOS}/restore?snapshot={wrong}"), 404)["code"] == "not_found"

    with tarfile.open(path) as tar:
        last = tar.getmembers()[-1]
    damaged = bytearray(path.read_bytes())
    damaged[last.offset_data] ^= 1
    path.write_bytes(damaged)
    failed = finished(client, client.post(f"{PHOTOS}/restore?snapshot={listed['id']}"))
    assert failed["state"] == "failed"
    assert f"{listed['id']}.tar is damaged: {last.name} is not" in failed["error"]
    assert client.get(PHOTOS).status_code == 404
    assert client.delete(f"{PHOTOS}/snapshots/{listed['id']}").json() == {"deleted": listed["id"]}
    assert error(client.get(f"{PHOTOS}/snapshots"), 404)["code"] == "not_found"


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def shared(request, tmp_path_factory):
    """A workspace on each kind of database."""
    url = request.getfixturevalue("new_postgres_database")() if request.param == "postgresql" else None
    with migrated(settings_for(tmp_path_factory.mktemp("shared"), url)) as workspace:
        yield workspace


@pytest.fixture(scope="module")
def two_servers(shared):
    """Two services over it, as two workers of one."""
    settings = shared.settings
    environment = {"RETRIEVAL_DATABASE_URL": settings.resolved_database_url}
    with ExitStack() as held:
        yield [held.enter_context(running(settings.data_dir.parent, **environment))[1] for _ in range(2)]


def test_searches_by_an_alias_never_fail_while_it_is_switched(two_servers, shared, tmp_path):
    one_picture(shared, tmp_path, "one", "red")
    shared.put_alias("current", "one")
    stop, ended = threading.Event(), [0] * 4

    def search(number: int) -> list[tuple[int, object]]:
        server, wrong = two_servers[number % 2], []
        while not stop.is_set():
            status, body = get(f"{server}/v1/collections/current/search?q=red&k=5")
            names = {hit["doc_id"].partition("/")[0] for hit in body.get("hits", ())}
            if status != 200 or len(names) != 1 or len(body["hits"]) != 5:
                wrong.append((status, body))
            ended[number] += 1
        return wrong

    with ThreadPoolExecutor(4) as pool:
        searches = [pool.submit(search, number) for number in range(4)]
        try:
            for new, old in [("two", "one"), ("one", "two")] * 4:
                if new not in [info.name for info in shared.collections()]:
                    one_picture(shared, tmp_path, new, "red")
                before = list(ended)  # a search that meets one deletion has ended before the next
                wait_until(lambda before=before: all(now > then for now, then in zip(ended, before, strict=True)))
                shared.put_alias("current", new)
                shared.delete(old)
                for server in two_servers:
                    _, body = get(f"{server}/v1/collections/current/search?q=red&k=1")
                    assert body["hits"][0]["doc_id"] == f"{new}/0"
        finally:
            stop.set()
        assert [search.result() for search in searches] == [[]] * 4


def test_searches_of_a_collection_that_is_deleted_are_answered_or_not_found(two_servers, shared, tmp_path):
    stop = threading.Event()

    def search(server: str) -> list[tuple[int, object]]:
        seen = set()
        while not stop.is_set():
            status, body = get(f"{server}/v1/collections/photos/search?q=red&k=3&filter=n%20=%201")
            seen.add((status, body["error"]["code"] if status != 200 else len(body["hits"])))
        return seen

    with ThreadPoolExecutor(4) as pool:
        searches = [pool.submit(search, server) for server in two_servers * 2]
        try:
            for _ in range(6):
                picture = str(save_picture(tmp_path / "pictures" / "red.png", COLOURS["red"]))
                add(shared, "photos", [CatalogRecord(f"{n}", picture, attributes={"n": 1}) for n in range(5)])
                for server in two_servers:
                    assert get(f"{server}/v1/collections/photos/search?q=red&k=3")[0] == 200
                shared.delete("photos")
        finally:
            stop.set()
        assert set().union(*(search.result() for search in searches)) <= {(200, 3), (200, 0), (404, "not_found")}
