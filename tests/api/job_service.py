"""A service whose jobs index pictures, and can be held half-way."""

from __future__ import annotations

import json
import os
import shutil
from contextlib import contextmanager
from pathlib import Path

from api_service import settings_for, wait_until
from helpers import COLOURS, save_picture
from server import QUICK, follow, get, post, running

from retrieval.workspace import Workspace

PICTURES = 48
HOLDING = """
import os, time
from api.jobs.reporter import Reporter
tell, is_held = Reporter.__call__, True
def tell_and_wait(self, stage, done, *counts, **more):
    global is_held
    tell(self, stage, done, *counts, **more)
    self.flush()
    while done >= 8 and is_held:
        is_held = os.path.exists(os.environ["HELD"]) and ("DEAF" in os.environ or not self._stop.is_set())
        time.sleep(0.01)
Reporter.__call__ = tell_and_wait
"""
"""A job stays where it is, with some of its pictures stored, while the file HELD is there and nobody stops it."""
SMALL_STEPS = {"source": "many", "model": "fake", "batch_size": 2, "commit_every": 4}


def many_and_few(folder: Path) -> Path:
    """A root with a folder of many pictures and one of few, and a module that holds jobs."""
    names = list(COLOURS)
    for number in range(PICTURES):
        colour = names[number % len(names)]
        save_picture(folder / "root" / "many" / colour / f"{number:02}.png", COLOURS[colour], seed=number, size=24)
    shutil.copytree(folder / "root" / "many" / "red", folder / "root" / "few")
    (folder / "holding").mkdir()
    (folder / "holding" / "sitecustomize.py").write_text(HOLDING)
    return folder


@contextmanager
def serving_jobs(sources: Path, folder: Path, **settings: object):
    """A server whose jobs read these sources, and are held while there is a file `held` in its folder."""
    environment = {
        "RETRIEVAL_API_SOURCE_ROOTS": json.dumps([str(sources / "root")]),
        "HELD": str(folder / "held"),
        "PYTHONPATH": os.pathsep.join([str(sources / "holding"), os.environ.get("PYTHONPATH", "")]),
    }
    with running(folder, before=QUICK, **environment, **{name: str(value) for name, value in settings.items()}) as one:
        yield one


def started(url: str, what: str, body: object, collection: str = "photos") -> str:
    """The address of a new job."""
    status, job = post(f"{url}/v1/collections/{collection}/jobs/{what}", body)
    assert (status, job["state"]) == (202, "queued"), job
    return f"{url}/v1/jobs/{job['id']}"


def ended(job: str) -> dict:
    """The job after its last event."""
    name, last = list(follow(job))[-1]
    assert name == "end"
    status, whole = get(job)
    assert status == 200
    assert last.items() <= whole.items()
    return whole


def until_some_are_stored(job: str) -> None:
    wait_until(lambda: (get(job)[1]["progress"] or {}).get("done", 0) >= 8)


def documents(folder: Path) -> list[str]:
    """What a reader finds once everything is closed; fails where anything is twice."""
    with Workspace(settings_for(folder)) as workspace:
        collection = workspace.open("many")
        hits = collection.search("red", k=PICTURES * 2).hits
        found = sorted(hit.doc_id for hit in hits)
        assert len(collection) == len(set(found)) == len(found)
        return found
