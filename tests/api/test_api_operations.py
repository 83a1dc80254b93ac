"""What operators rely on: metrics, request ids, a bound on what waits, and leaving in time."""

from __future__ import annotations

import asyncio
import json
import logging
import signal
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from types import SimpleNamespace

import pytest
from api_service import PHOTOS, doc_ids, error, photos_in, serving, settings_for, wait_until
from server import get, running
from starlette.requests import Request

from api.observing.logs import JsonFormatter, request_id
from api.observing.metrics import Metrics
from api.searching.admission import Admission
from api.searching.connected import ClientGoneError, while_connected
from retrieval.collection import Collection
from retrieval.encoders.fake import FakeEncoder
from retrieval.errors import StorageError

STUCK = """
import time
from pathlib import Path
from retrieval.collection import Collection
from retrieval.encoders.fake import FakeEncoder
quick = FakeEncoder.encode_texts
def encode_texts(self, texts):
    if "stuck" in texts:
        Path("encoding").touch()
        time.sleep(120)
    return quick(self, texts)
FakeEncoder.encode_texts = encode_texts
"""


@pytest.fixture
def folder(tmp_path):
    return photos_in(tmp_path)


@pytest.fixture
def client(folder):
    with serving(settings_for(folder), encoder_queue=1, text_lanes=1, max_json_bytes=2_000) as client:
        yield client


def metrics(client) -> dict[str, float]:
    """Every sample by its name and labels."""
    lines = [line for line in client.get("/metrics").text.splitlines() if not line.startswith("#")]
    return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines)}


def test_metrics_count_what_happened(client):
    for _ in range(2):
        assert doc_ids(client.get(f"{PHOTOS}/search?q=red"))
    client.get(f"{PHOTOS}/search?q=red&k=0")
    client.get("/nothing")
    found = metrics(client)
    route = 'route="/v1/collections/{collection}/search"'
    assert found[f'retrieval_request_seconds_count{{{route},status="200"}}'] == 2
    assert found[f'retrieval_request_seconds_count{{{route},status="422"}}'] == 1
    assert found['retrieval_request_seconds_count{route="none",status="404"}'] == 1
    for stage in ("queue", "encode", "search", "metadata"):
        assert found[f'retrieval_stage_seconds_count{{stage="{stage}"}}'] == 2
    assert found["retrieval_encoder_batch_size_count"] == 1
    assert found['retrieval_query_cache_total{outcome="hit"}'] == 1
    assert found['retrieval_index_generation{collection="photos"}'] == 1


def test_a_full_queue_is_answered_at_once(client, monkeypatch):
    let_go = threading.Event()
    quick = FakeEncoder.encode_texts
    monkeypatch.setattr(FakeEncoder, "encode_texts", lambda self, texts: (let_go.wait(20), quick(self, texts))[1])
    with ThreadPoolExecutor(2) as threads:
        running = threads.submit(client.get, f"{PHOTOS}/search?q=red")
        wait_until(lambda: metrics(client)["retrieval_encoder_batch_size_count"] == 1)
        waiting = threads.submit(client.get, f"{PHOTOS}/search?q=blue")
        wait_until(lambda: metrics(client)["retrieval_encoder_queue_depth"] == 1)
        refused = client.get(f"{PHOTOS}/search?q=green")
        let_go.set()
        assert doc_ids(running.result())[0].startswith("red/")
        assert doc_ids(waiting.result())[0].startswith("blue/")
    assert error(refused, 503)["code"] == "overloaded"
    assert refused.headers["retry-after"] == "1"
    assert metrics(client)['retrieval_encoder_rejections_total{code="overloaded"}'] == 1


def test_json_is_bounded_more_tightly_than_uploads(client):
    assert error(client.post(f"{PHOTOS}/search", json={"text": "red " * 600}), 413)["code"] == "body_too_large"
    uploaded = client.post(f"{PHOTOS}/search/image", files={"image": b"x" * 3_000})
    assert error(uploaded, 422)["code"] == "invalid_image"


@pytest.mark.parametrize(("sent", "is_kept"), [("a-b.C_9", True), ("x" * 65, False), ("a b", False), ("é", False)])
def test_request_ids(client, sent, is_kept):
    answer = client.get("/healthz", headers={"x-request-id": sent.encode()})
    assert (answer.headers["x-request-id"] == sent) is is_kept
    assert answer.headers["x-request-id"]


def test_log_lines_name_their_request(client, monkeypatch, caplog):
    named = []
    caplog.handler.addFilter(lambda record: named.append((record.getMessage(), request_id.get())) or True)

    def get(*_):
        logging.getLogger("api").warning("in a thread")
        raise StorageError("gone")

    monkeypatch.setattr(Collection, "get", get)
    problem = error(client.get(f"{PHOTOS}/item?doc_id=a", headers={"x-request-id": "r1"}), 503)
    assert problem["request_id"] == "r1"
    assert [of for _, of in named] == ["r1", "r1"]
    assert "gone" in named[1][0]


def test_json_log_line():
    record = logging.makeLogRecord({"name": "api", "levelname": "INFO", "msg": "two\nlines of %s", "args": ("é",)})
    record.request_id = "r1"
    line = JsonFormatter().format(record)
    assert "\n" not in line
    found = json.loads(line)
    assert (found["message"], found["request_id"], found["level"]) == ("two\nlines of é", "r1", "info")


def test_work_is_cancelled_when_the_client_goes():
    async def run():
        messages = iter([{"type": "http.request", "body": b""}, {"type": "http.disconnect"}])
        cancelled = asyncio.Event()

        async def receive():
            return next(messages)

        async def work():
            try:
                await asyncio.Event().wait()
            finally:
                cancelled.set()

        admission = Admission(most=1, timeout_s=20, metrics=Metrics())
        app = SimpleNamespace(state=SimpleNamespace(service=SimpleNamespace(admission=admission)))
        with pytest.raises(ClientGoneError):
            await while_connected(Request({"type": "http", "app": app, "headers": []}, receive), work())
        await asyncio.wait_for(cancelled.wait(), 5)

    asyncio.run(run())


def test_leaves_in_time_even_if_something_does_not_finish(folder):
    def ask() -> None:
        with suppress(OSError, ValueError):  # whatever it gets is no answer
            get(f"{url}{PHOTOS}/search?q=stuck")

    with running(folder, before=STUCK, RETRIEVAL_API_SHUTDOWN_GRACE_S="1") as (server, url):
        wait_until(lambda: get(f"{url}/readyz")[0] == 200)
        threading.Thread(target=ask).start()
        wait_until((folder / "encoding").exists)
        server.send_signal(signal.SIGTERM)
        _, err = server.communicate(timeout=30)
    assert server.returncode == 1
    assert "leaving without it" in err
