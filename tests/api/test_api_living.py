"""A service that runs while collections come and go, models fail, and requests overlap."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from api_service import PHOTOS, doc_ids, error, fill, serving, settings_for, wait_until
from fastapi.testclient import TestClient

import api.process.preload
import retrieval.encoders.registry
from api.app import create_app
from api.settings import ApiSettings
from retrieval.encoders.fake import FakeEncoder
from retrieval.errors import ModelError
from retrieval.opening import open_or_create
from retrieval.types import CatalogRecord, ModelReference
from retrieval.workspace import Workspace


@pytest.fixture
def workspace(tmp_path):
    with Workspace(settings_for(tmp_path)) as workspace:
        yield workspace


@pytest.fixture
def client(tmp_path, workspace):
    with serving(settings_for(tmp_path)) as client:
        yield client


def test_collections_come_change_and_go(client, workspace, tmp_path):
    search = f"{PHOTOS}/search?q=red&k=1"
    assert client.get("/v1/collections").json() == {"collections": []}
    assert "there is none yet" in error(client.get(search), 404)["message"]

    fill(workspace, tmp_path)
    assert doc_ids(client.get(search))[0].startswith("red/")

    workspace.open("photos").delete(["red/0.png", "red/1.png"])
    assert doc_ids(client.get(search)) == ["red/2.png"]

    workspace.delete("photos")
    for path in ("search?q=red", "similar?doc_id=red/2.png", "item?doc_id=red/2.png", "thumbnail?doc_id=red/2.png"):
        assert error(client.get(f"{PHOTOS}/{path}"), 404)["code"] == "not_found"
    assert client.get(PHOTOS).status_code == 404

    picture = str(tmp_path / "pictures" / "blue" / "0.png")
    open_or_create(workspace, "photos", ModelReference("fake")).add([CatalogRecord("another", picture)])
    assert doc_ids(client.get(search)) == ["another"]


def test_an_integer_beyond_64_bits_comes_back(client, workspace, tmp_path):
    fill(workspace, tmp_path)
    record = CatalogRecord("big", str(tmp_path / "pictures" / "odd.png"), attributes={"serial": 2**80})
    workspace.open("photos", encoder=FakeEncoder()).add([record])
    assert client.get(f"{PHOTOS}/item?doc_id=big").json()["attributes"] == {"serial": 2**80}


def counting(monkeypatch, *, there: threading.Event | None = None) -> list[float]:
    """Make loading a model count, and fail until it is `there`; the encoder keeps the threads that call it."""
    loads: list[float] = []

    class CalledEncoder(FakeEncoder):
        def encode_texts(self, texts):
            calls.append(threading.get_ident())
            return super().encode_texts(texts)

    calls: list[int] = []

    def load(*_, **__):
        loads.append(time.monotonic())
        if there and not there.is_set():
            raise ModelError("no weights at /srv/models/secret.pt")
        return CalledEncoder()

    monkeypatch.setattr(retrieval.encoders.registry, "load_encoder", load)
    load.calls = calls
    return loads


def test_one_encoder_for_all_collections_that_share_it(workspace, tmp_path, monkeypatch):
    fill(workspace, tmp_path, "photos")
    fill(workspace, tmp_path, "more")
    loads = counting(monkeypatch)
    with serving(settings_for(tmp_path)) as client:
        for name in ("photos", "more", "photos"):
            assert client.get(f"/v1/collections/{name}/search?q=red").status_code == 200
    assert len(loads) == 1


def test_not_ready_until_the_model_loads(workspace, tmp_path, monkeypatch, caplog):
    fill(workspace, tmp_path)
    there = threading.Event()
    counting(monkeypatch, there=there)
    monkeypatch.setattr(api.process.preload, "RETRY_S", 1.0)
    app = create_app(settings_for(tmp_path), ApiSettings())
    with TestClient(app, base_url="http://localhost", raise_server_exceptions=False) as client:
        wait_until(lambda: client.get("/readyz").json()["error"]["detail"]["collections"] == {"photos": "failed"})
        problem = error(client.get("/readyz"), 503)
        assert problem["code"] == "not_ready"
        assert client.get("/healthz").json()["status"] == "ok"
        assert doc_ids(client.get(f"{PHOTOS}/similar?doc_id=red/0.png"))  # needs no model
        problem = error(client.get(f"{PHOTOS}/search?q=red"), 503)
        assert problem["code"] == "model_unavailable"
        assert "/srv/models/secret.pt" not in problem["message"]
        assert "/srv/models/secret.pt" in caplog.text
        there.set()
        wait_until(lambda: client.get("/readyz").status_code == 200)
        assert client.get("/readyz").json() == {"status": "ready", "collections": {"photos": "ready"}}
        assert client.get(f"{PHOTOS}/search?q=red").status_code == 200


def test_only_the_named_collections_are_waited_for(workspace, tmp_path, monkeypatch):
    fill(workspace, tmp_path, "photos")
    fill(workspace, tmp_path, "more")
    with serving(settings_for(tmp_path), collections=("more",)) as client:
        assert client.get("/readyz").json()["collections"] == {"more": "ready"}
        assert client.get(f"{PHOTOS}/search?q=red").status_code == 200


def test_the_event_loop_answers_while_the_encoder_works(workspace, tmp_path, monkeypatch):
    fill(workspace, tmp_path)
    at_work, let_go, quick = threading.Event(), threading.Event(), FakeEncoder.encode_texts

    def encode_texts(self, texts):
        at_work.set()
        let_go.wait(60)
        return quick(self, texts)

    with serving(settings_for(tmp_path)) as client, ThreadPoolExecutor(1) as threads:
        monkeypatch.setattr(FakeEncoder, "encode_texts", encode_texts)
        search = threads.submit(client.get, f"{PHOTOS}/search?q=red")
        assert at_work.wait(60)
        assert client.get("/healthz").status_code == 200
        assert client.get(f"{PHOTOS}/item?doc_id=red/0.png").status_code == 200
        assert not search.done()
        let_go.set()
        assert search.result().status_code == 200


def test_texts_are_encoded_on_as_many_threads_as_there_are_lanes(workspace, tmp_path, monkeypatch):
    fill(workspace, tmp_path)
    counting(monkeypatch)
    with serving(settings_for(tmp_path), text_lanes=2) as client, ThreadPoolExecutor(6) as threads:
        asked = [f"{PHOTOS}/search?q=red {number}" for number in range(30)]
        assert {answer.status_code for answer in threads.map(client.get, asked)} == {200}
    assert 1 <= len(set(retrieval.encoders.registry.load_encoder.calls)) <= 2


def test_searches_overlap_with_writes(client, workspace, tmp_path):
    fill(workspace, tmp_path)
    picture = str(tmp_path / "pictures" / "red" / "0.png")
    writer = workspace.open("photos", encoder=FakeEncoder())
    stop = threading.Event()

    def write():
        number = 0
        while not stop.is_set():
            writer.add([CatalogRecord(f"new/{number % 5}", picture, ("a red one",), {"price": number})])
            writer.delete([f"new/{(number + 2) % 5}"])
            if number % 10 == 9:
                writer.compact()
            number += 1

    with ThreadPoolExecutor(4) as threads:
        writing = threads.submit(write)
        asked = ["search?q=red&filter=price>=0", "similar?doc_id=red/0.png", "item?doc_id=red/1.png"] * 30
        statuses = {response.status_code for response in threads.map(client.get, [f"{PHOTOS}/{one}" for one in asked])}
        stop.set()
        writing.result()
    assert statuses == {200}
