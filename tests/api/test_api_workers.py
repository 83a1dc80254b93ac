"""Several processes behind one address: what is committed is seen by all at once, and one that dies is replaced."""

from __future__ import annotations

import json
import os
import re
import signal
import threading
import urllib.request
from pathlib import Path

import pytest
from api_service import PHOTOS, fill_photos, settings_for, wait_until
from helpers import unit_vectors
from server import get, post, running, start

from retrieval.types import HnswParams, IndexParams, ModelReference, external_spec
from retrieval.workspace import Workspace

BROKEN = """
import os, sys
if any("spawn_main" in argument for argument in sys.orig_argv):
    os._exit(3)
"""
POOL = unit_vectors(600, 8, seed=9)


@pytest.fixture
def workspace(tmp_path):
    with Workspace(settings_for(tmp_path)) as workspace:
        fill_photos(workspace, tmp_path)
        yield workspace


def workers_of(server) -> list[int]:
    """The processes that answer; there is one more, which clears up after them."""
    children = Path(f"/proc/{server.pid}/task/{server.pid}/children").read_text().split()
    return [int(child) for child in children if b"spawn_main" in Path(f"/proc/{child}/cmdline").read_bytes()]


def is_alive(process: int) -> bool:
    try:
        return bool(Path(f"/proc/{process}/cmdline").read_bytes())
    except FileNotFoundError:
        return False


def answers(url: str) -> bool:
    """Whether a search is answered. A connection to a process that is killed is lost with it."""
    try:
        return get(f"{url}{PHOTOS}/search?q=red&k=1")[0] == 200
    except OSError:
        return False


def metric(url: str, pattern: str) -> float:
    with urllib.request.urlopen(f"{url}/metrics", timeout=30) as response:
        found = re.findall(rf"^{pattern} (\S+)$", response.read().decode(), re.MULTILINE)
    return sum(map(float, found))


def test_new_generations_are_seen_by_all_without_a_failed_request(workspace, tmp_path):
    index = IndexParams(HnswParams(8, 40), "full", target_recall=None)
    collection = workspace.create("c", external_spec("test", 8), ModelReference("external"), index=index)
    collection.add_vectors(["d0"], POOL[:1])
    wrong, stop, committed, answered = [], threading.Event(), [1], [0]
    counting = threading.Lock()

    def search() -> None:
        while not stop.is_set():
            least = committed[0]
            status, body = post(f"{url}/v1/collections/c/search", {"vector": POOL[least - 1].tolist(), "k": 1})
            if status != 200 or body["hits"][0]["doc_id"] != f"d{least - 1}":
                wrong.append((status, body, least))
            with counting:
                answered[0] += 1

    with running(tmp_path, "--workers", "2", RETRIEVAL_API_MAINTENANCE="false") as (server, url):
        wait_until(lambda: get(f"{url}/readyz")[0] == 200)
        assert len(workers_of(server)) == 2
        searching = [threading.Thread(target=search) for _ in range(3)]
        for thread in searching:
            thread.start()
        for number in range(1, 60):
            collection.add_vectors([f"d{number}"], POOL[number : number + 1])
            committed[0] = number + 1
            if number % 20 == 0:
                collection.compact(exact_rows=10)
            elif number % 5 == 0:
                collection.compactor.fold()
        stop.set()
        for thread in searching:
            thread.join()
        assert wrong == []
        searched = metric(url, r'retrieval_stage_seconds_count\{stage="search"\}')
        assert searched == answered[0] > 50, "whichever process answers counts for all"
        assert (
            metric(url, r'retrieval_index_generation\{collection="c"\}') == collection.views.latest().generation.number
        )
        server.send_signal(signal.SIGTERM)
        _, err = server.communicate(timeout=60)
    assert server.returncode == 0, err
    assert "Traceback" not in err


def test_one_that_dies_is_replaced_and_all_leave_with_the_first(workspace, tmp_path):
    environment = {"RETRIEVAL_API_SOURCE_ROOTS": json.dumps([str(tmp_path / "pictures")])}
    with running(tmp_path, "--workers", "2", **environment) as (server, url):
        wait_until(lambda: get(f"{url}/readyz")[0] == 200)
        for killed in workers_of(server):
            os.kill(killed, signal.SIGKILL)
            wait_until(lambda killed=killed: killed not in (now := workers_of(server)) and len(now) == 2, 60)
            wait_until(lambda: answers(url), 60)
        status, job = post(f"{url}{PHOTOS}/jobs/index", {"source": "red"})
        assert status == 202
        wait_until(lambda: get(f"{url}/v1/jobs/{job['id']}")[1]["state"] == "done", 60)
        left = workers_of(server)
        server.kill()
        wait_until(lambda: not any(is_alive(worker) for worker in left), 60)


def test_one_that_cannot_start_ends_it_all(workspace, tmp_path):
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "sitecustomize.py").write_text(BROKEN)
    path = os.pathsep.join([str(tmp_path / "broken"), os.environ.get("PYTHONPATH", "")])
    server = start(tmp_path, "--workers", "2", "--port", "0", "--data-dir", str(tmp_path / "data"), PYTHONPATH=path)
    out, _ = server.communicate(timeout=60)
    assert (server.returncode, out) == (1, "")
