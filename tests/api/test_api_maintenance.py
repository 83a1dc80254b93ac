"""A real server compacts a collection that grows, unasked, while it is searched, and while it is killed over it."""

from __future__ import annotations

import itertools
import os
import re
import signal
import threading
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from api_service import serving, settings_for, wait_until
from helpers import unit_vectors
from server import QUICK, get, post, running

from api.jobs.upkeep import UpkeepWatch
from retrieval.types import HnswParams, IndexParams, ModelReference, external_spec
from retrieval.verification import verify
from retrieval.workspace import Workspace

DIM = 8
BATCH = 20
TAIL = 150
PATIENT_S = 120
"""The job has the lowest priority of all."""
POOL = unit_vectors(3_000, DIM, seed=5)
HOLDING = """
import os, time
from retrieval.index import hnsw
from retrieval.compactor import Compactor
hnsw.BUILD_BLOCK = 50
fold_beside, is_first = Compactor._fold_beside, True
def hold(self, merge):
    global is_first
    while not is_first and os.path.exists(os.environ["HELD"]):
        time.sleep(0.01)
    is_first = False
    fold_beside(self, merge)
Compactor._fold_beside = hold
"""
"""A graph is linked as far as its first report, and no further while the file HELD is there."""


class Growing:
    """A collection to which batches are added, and what each search may answer while they are."""

    def __init__(self, collection) -> None:
        self.states: list[int] = [0]
        self.wrong: list[str] = []
        self.searches = 0
        self._collection = collection
        self._committed = 0

    def add(self) -> None:
        """Add twenty documents in one commit."""
        start = self.states[-1]
        self.states.append(start + BATCH)
        ids = [f"d{number}" for number in range(start, start + BATCH)]
        self._collection.add_vectors(ids, POOL[start : start + BATCH])
        self._committed = len(self.states) - 1
        self._collection.compactor.fold()

    def search_until(self, stop: threading.Event, url: str) -> None:
        for seed in itertools.count():
            if stop.wait(0.01):
                return
            query, before = POOL[-1 - seed % 500], self._committed
            way = {"exact": True} if seed % 2 else {"ef_search": 5_000}
            status, body = post(f"{url}/v1/collections/c/search", {"vector": query.tolist(), "k": 10, **way})
            found = status == 200 and [(hit["doc_id"], hit["score"]) for hit in body["hits"]]
            if not found or not any(_agree(found, rows, query) for rows in self.states[before:]):
                self.wrong.append(f"{status} {body} of {self.states[before:]}")
            self.searches += 1


def _agree(found: list[tuple[str, float]], rows: int, query: np.ndarray) -> bool:
    """Whether this is the exact answer over the first `rows` documents."""
    scores = POOL[:rows] @ query
    best = np.argsort(-scores)[:10]
    return [doc_id for doc_id, _ in found] == [f"d{row}" for row in best] and np.allclose(
        [score for _, score in found], scores[best], atol=1e-6
    )


@pytest.fixture
def held(tmp_path) -> Path:
    """A file; while it is there, no graph is finished."""
    path = tmp_path / "held"
    path.touch()
    return path


@contextmanager
def serving_held(folder: Path, held: Path):
    """A server whose maintenance is held."""
    (folder / "holding").mkdir(exist_ok=True)
    (folder / "holding" / "sitecustomize.py").write_text(HOLDING)
    environment = {
        "PYTHONPATH": os.pathsep.join([str(folder / "holding"), os.environ.get("PYTHONPATH", "")]),
        "HELD": str(held),
        "RETRIEVAL_API_MAINTENANCE_TAIL": str(TAIL),
        "RETRIEVAL_API_JOB_LEASE_S": "1",
    }
    with running(folder, before=QUICK, **environment) as one:
        yield one


@pytest.fixture
def workspace(tmp_path):
    with Workspace(settings_for(tmp_path)) as workspace:
        index = IndexParams(HnswParams(16, 100), "full", target_recall=0.9)
        workspace.create("c", external_spec("test", DIM), ModelReference("external"), index=index)
        yield workspace


def maintenance(url: str) -> list[dict]:
    """Jobs of this kind, the oldest first."""
    return [job for job in get(f"{url}/v1/jobs")[1]["jobs"][::-1] if job["kind"] == "maintenance"]


def is_linking(url: str) -> bool:
    found = maintenance(url)
    return bool(found) and (found[-1]["progress"] or {}).get("stage") == "linking image vectors"


def child_of(server) -> int:
    """The process of the job that this server runs."""
    tasks = Path(f"/proc/{server.pid}/task").iterdir()
    children = [int(child) for task in tasks for child in (task / "children").read_text().split()]
    (job,) = [child for child in children if b"api.jobs.child" in Path(f"/proc/{child}/cmdline").read_bytes()]
    return job


def metric(url: str, name: str) -> float | None:
    with urllib.request.urlopen(f"{url}/metrics", timeout=30) as response:
        found = re.search(rf"^{re.escape(name)} (\S+)$", response.read().decode(), re.MULTILINE)
    return float(found[1]) if found else None


def test_grows_and_is_compacted_while_it_is_searched(workspace, tmp_path, held):
    collection = workspace.open("c")
    growing, stop = Growing(collection), threading.Event()
    growing.add()
    with serving_held(tmp_path, held) as (server, url):
        searching = threading.Thread(target=growing.search_until, args=(stop, url))
        searching.start()
        for _ in range(TAIL // BATCH + 1):
            growing.add()
        wait_until(lambda: is_linking(url), PATIENT_S)
        assert os.getpriority(os.PRIO_PROCESS, child_of(server)) == 19
        for _ in range(20):  # writers do not wait for the graph
            growing.add()
        wait_until(lambda: growing.searches > 20)
        assert maintenance(url)[0]["state"] == "running"
        held.unlink()
        wait_until(lambda: maintenance(url)[0]["state"] == "done", PATIENT_S)
        assert maintenance(url)[0]["result"]["merges"] >= 1
        assert metric(url, 'retrieval_jobs{kind="maintenance",state="done"}') >= 1
        certified = 'retrieval_certified_recall_at_10{{bound="{}",collection="c",modality="image",share="1"}}'
        low, mean, high = (metric(url, certified.format(bound)) for bound in ("low", "mean", "high"))
        assert 0.9 <= low <= mean <= high <= 1
        generation = metric(url, 'retrieval_index_generation{collection="c"}')
        stop.set()
        searching.join()
    assert growing.wrong == []
    view = collection.views.latest()
    assert generation <= view.generation.number
    assert view.has_graph("image")
    assert len(view.segments) < 16, "what was added meanwhile was folded"
    verify(collection)
    assert len(collection) == growing.states[-1]


def test_a_kill_of_the_job_or_of_the_service_loses_nothing(workspace, tmp_path, held):
    collection = workspace.open("c")
    growing, stop = Growing(collection), threading.Event()
    for _ in range(TAIL // BATCH + 1):
        growing.add()
    with serving_held(tmp_path, held) as (server, url):
        wait_until(lambda: is_linking(url), PATIENT_S)
        os.kill(child_of(server), signal.SIGKILL)
        wait_until(lambda: maintenance(url)[0]["state"] == "failed")
        assert "signal 9" in maintenance(url)[0]["error"]
        growing.add()
        verify(collection)
        assert post(f"{url}/v1/jobs/{maintenance(url)[0]['id']}/retry")[0] == 200
        wait_until(lambda: maintenance(url)[0]["state"] == "running" and is_linking(url), PATIENT_S)
        os.kill(server.pid, signal.SIGKILL)
    held.unlink()
    growing.add()
    verify(collection)
    with serving_held(tmp_path, held) as (server, url):
        searching = threading.Thread(target=growing.search_until, args=(stop, url))
        searching.start()
        wait_until(lambda: maintenance(url)[0]["state"] == "done", PATIENT_S)
        stop.set()
        searching.join()
    assert growing.wrong == []
    assert len(collection) == growing.states[-1]
    verify(collection)
    names = {file.name for one in collection.views.latest().generation.segments for file in one.files}
    assert {path.name for path in collection.folder.iterdir()} == names, "what was killed left nothing behind"


@pytest.mark.parametrize("is_on", [True, False])
def test_it_can_be_switched_off(workspace, monkeypatch, is_on):
    watches = []

    async def run(watch: UpkeepWatch) -> None:
        watches.append(watch)

    monkeypatch.setattr(UpkeepWatch, "run", run)
    with serving(workspace.settings, maintenance=is_on):
        pass
    assert len(watches) == is_on
