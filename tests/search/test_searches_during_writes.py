"""Searches of threads and processes while others write, and after they were killed: always a committed state."""

from __future__ import annotations

import itertools
import os
import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from rounds import make_graphs_small, new_collection, new_workspace, what_is_wrong, write_rounds

from retrieval.verification import verify

READER = """
import sys
from pathlib import Path
from rounds import make_graphs_small, new_workspace, what_is_wrong
make_graphs_small(setattr)
with new_workspace(Path(sys.argv[1])) as workspace:
    collection, searches = workspace.open("c"), 0
    while not Path(sys.argv[2]).exists() or searches < 10:
        if wrong := what_is_wrong(collection, searches):
            sys.exit(wrong)
        searches += 1
"""


WRITER = """
import sys
from pathlib import Path
from rounds import make_graphs_small, new_workspace, write_rounds
make_graphs_small(setattr)
with new_workspace(Path(sys.argv[1])) as workspace:
    write_rounds(workspace.open("c"), 1)
    print("written", flush=True)
    while True:
        write_rounds(workspace.open("c"), 12)
"""


def other_process(program: str, *arguments) -> subprocess.Popen:
    """A program that imports `rounds`, in a process of its own."""
    path = [str(Path(__file__).parent), str(Path(__file__).parents[1])]
    return subprocess.Popen(
        [sys.executable, "-c", program, *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_searches_of_threads_and_processes_see_some_committed_state_whatever_is_written(tmp_path, monkeypatch):
    """Generations switch under the searches, files are deleted, and nobody takes a lock to read."""
    make_graphs_small(monkeypatch.setattr)
    stop, wrong = threading.Event(), []
    with new_workspace(tmp_path / "data") as workspace:
        collection = new_collection(workspace)
        write_rounds(collection, 1)

        def search(first: int) -> None:
            for seed in itertools.count(first):
                if stop.is_set():
                    return
                wrong.append(what_is_wrong(collection, seed))

        threads = [threading.Thread(target=search, args=(first,)) for first in range(2)]
        process = other_process(READER, tmp_path / "data", tmp_path / "stop")
        for thread in threads:
            thread.start()
        write_rounds(collection, 12)
        stop.set()
        (tmp_path / "stop").touch()
        for thread in threads:
            thread.join()
        _, errors = process.communicate(timeout=120)
    assert [one for one in wrong if one] == []
    assert len(wrong) > 10
    assert process.returncode == 0, errors


@pytest.mark.parametrize("kills", [3, pytest.param(30, marks=pytest.mark.slow)])
def test_a_writer_that_is_killed_leaves_a_committed_state(tmp_path, monkeypatch, kills):
    """SIGKILL at random moments of commits, foldings and compactions."""
    make_graphs_small(monkeypatch.setattr)
    rng = random.Random(kills)
    with new_workspace(tmp_path) as workspace:
        new_collection(workspace)
    for _ in range(kills):
        process = other_process(WRITER, tmp_path)
        assert process.stdout.readline() == "written\n", process.stderr.read()
        time.sleep(rng.uniform(0, 1.5))
        process.kill()
        process.communicate()
        assert process.returncode == -signal.SIGKILL
        with new_workspace(tmp_path) as workspace:
            collection = workspace.open("c")
            verify(collection)
            assert [what_is_wrong(collection, seed) for seed in range(8)] == [None] * 8
    with new_workspace(tmp_path) as workspace:
        collection = workspace.open("c")
        write_rounds(collection, 1)
        files_of = [segment.files for segment in collection.views.latest().generation.segments]
        names = {file.name for one in files_of for file in one}
        assert {path.name for path in collection.folder.iterdir()} == names, "what the killed ones left is gone"
