"""SIGKILL at random moments of a bulk run: search goes on, and the end is that of an undisturbed run."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from helpers import COLOURS, run_cli, save_picture

from retrieval.settings import Settings
from retrieval.verification import verify
from retrieval.workspace import Workspace

COMMIT_EVERY = 100


def make_photos(folder: Path, count: int) -> Path:
    names = list(COLOURS)
    for number in range(count):
        colour = names[number % len(names)]
        save_picture(folder / colour / f"{number:05}.png", COLOURS[colour], seed=number, size=24)
    return folder


def command(photos: Path) -> list[str]:
    options = ["--model", "fake", "--commit-every", str(COMMIT_EVERY), "--batch-size", "8"]
    return ["index", str(photos), "--collection", "photos", *options]


def kill_one_run(photos: Path, cwd: Path, after_s: float) -> bool:
    """Start an indexing process and kill it after some seconds; whether it was still at work."""
    process = subprocess.Popen(
        [sys.executable, "-c", "from retrieval.cli import main; main()", *command(photos)],
        cwd=cwd,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    try:
        _, errors = process.communicate(timeout=after_s)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        return True
    assert process.returncode == 0, errors.decode()
    return False


def state_of(data_dir: Path, *, count: int) -> tuple[list[str], int]:
    """What a reader finds: the names (digests) of the index files, and the number of documents."""
    with Workspace(Settings(data_dir=data_dir, database_url=None)) as workspace:
        if not workspace.collections():
            return [], 0
        collection = workspace.open("photos")
        verify(collection)
        documents = len(collection)
        hits = collection.search("red", k=5).hits
        assert len(hits) == min(5, documents)
        assert all(hit.doc_id.startswith("red/") for hit in hits) or documents < count
        return sorted(path.name for path in collection.folder.glob("*") if path.suffix != ".unfinished"), documents


@pytest.mark.parametrize(
    ("count", "kills"), [(400, 4), pytest.param(2000, 50, marks=pytest.mark.slow)], ids=["few kills", "fifty kills"]
)
def test_kills_lose_nothing_and_repeat_nothing(tmp_path, count, kills):
    photos = make_photos(tmp_path / "photos", count)
    (tmp_path / "undisturbed").mkdir()
    (tmp_path / "killed").mkdir()
    started = time.monotonic()
    run_cli(*command(photos), cwd=tmp_path / "undisturbed")
    whole = time.monotonic() - started
    expected = state_of(tmp_path / "undisturbed" / "retrieval-data", count=count)
    assert expected[1] == count

    rng = random.Random(7)
    killed, documents = 0, 0
    data_dir = tmp_path / "killed" / "retrieval-data"
    while killed < kills:
        killed += kill_one_run(photos, tmp_path / "killed", rng.uniform(0.1, 1.0) * whole)
        if data_dir.exists():
            before, documents = documents, state_of(data_dir, count=count)[1]
            assert documents >= before, "what was committed stays"
        if documents == count:  # one finished in spite of us: begin again
            run_cli("delete", "--collection", "photos", "--yes", cwd=tmp_path / "killed")
            documents = 0
    run_cli(*command(photos), cwd=tmp_path / "killed")
    run_cli("compact", "--collection", "photos", cwd=tmp_path / "killed")
    assert state_of(data_dir, count=count) == expected
