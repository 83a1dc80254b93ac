"""A server that is killed right after an answer: what it said is stored is there, and searchable, when it is back."""

from __future__ import annotations

import json
import signal
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest
from api_service import wait_until
from helpers import COLOURS, save_picture
from server import get, running

from retrieval.encoders.fake import FakeEncoder
from retrieval.metadata.database import Database
from retrieval.settings import Settings
from retrieval.types import ModelReference
from retrieval.verification import verify
from retrieval.workspace import Workspace


@pytest.fixture
def settings(tmp_path, database_url):
    database = Database(database_url)
    database.upgrade()
    database.close()
    settings = Settings(data_dir=tmp_path / "data", database_url=database_url)
    with Workspace(settings) as workspace:
        encoder = FakeEncoder()
        workspace.create("photos", encoder.spec, ModelReference("fake"), encoder=encoder)
    return settings


def send(method: str, url: str, data: bytes, content_type: str) -> int:
    request = urllib.request.Request(url, data, {"content-type": content_type}, method=method)
    with urllib.request.urlopen(request, timeout=30) as response:
        return response.status


def put(url: str, doc_id: str, picture: bytes, captions: list[str]) -> int:
    boundary = uuid4().hex
    parts = (
        (b'name="captions"', json.dumps(captions).encode()),
        (b'name="image"; filename="x.png"', picture),
    )
    body = b"".join(
        b"--%s\r\nContent-Disposition: form-data; %s\r\n\r\n%s\r\n" % (boundary.encode(), head, content)
        for head, content in parts
    )
    body += b"--%s--\r\n" % boundary.encode()
    return send("PUT", f"{url}/item?doc_id={doc_id}", body, f"multipart/form-data; boundary={boundary}")


def test_what_was_acknowledged_outlives_a_kill(settings, tmp_path):
    pictures = {name: save_picture(tmp_path / f"{name}.png", colour).read_bytes() for name, colour in COLOURS.items()}
    acknowledged = []
    with running(tmp_path, RETRIEVAL_DATABASE_URL=settings.database_url) as (server, address):
        wait_until(lambda: get(f"{address}/readyz")[0] == 200)
        url = f"{address}/v1/collections/photos"
        assert put(url, "first", pictures["red"], ["a red shirt"]) == 201
        patch = json.dumps({"attributes": {"price": 5}}).encode()
        assert send("PATCH", f"{url}/item?doc_id=first", patch, "application/json") == 200

        def store(number: int) -> None:
            colour = list(COLOURS)[number % len(COLOURS)]
            put(url, f"{colour}-{number}", pictures[colour], [])
            acknowledged.append(f"{colour}-{number}")
            if len(acknowledged) == 8:
                server.send_signal(signal.SIGKILL)

        with ThreadPoolExecutor(4) as clients:
            for one in [clients.submit(store, number) for number in range(40)]:
                one.exception()  # those that it did not live to answer
        server.wait()
    assert len(acknowledged) >= 8
    with running(tmp_path, RETRIEVAL_DATABASE_URL=settings.database_url) as (_, address):
        url = f"{address}/v1/collections/photos"
        assert get(f"{url}/item?doc_id=first")[1]["attributes"] == {"price": 5}
        _, found = get(f"{url}/search?q=red&k=50")
        there = [hit["doc_id"] for hit in found["hits"]]
        assert {"first", *acknowledged} <= set(there)
        assert len(set(there)) == len(there)
        for doc_id in there:
            with urllib.request.urlopen(f"{url}/image?doc_id={doc_id}", timeout=30) as shown:
                assert shown.read() == pictures["red" if doc_id == "first" else doc_id.partition("-")[0]]
    with Workspace(settings) as workspace:
        verify(workspace.open("photos"))
