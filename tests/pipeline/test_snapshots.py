"""Snapshots: what comes back of a collection, from either database to either, and what happens on the way."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path

import pytest
from helpers import COLOURS, save_picture, unit_vectors
from small_snapshot import small

from retrieval.errors import ConflictError, CorruptionError, GoneError
from retrieval.index import compaction
from retrieval.metadata import ledger, query_samples
from retrieval.metadata.database import Database
from retrieval.metadata.lexical.index import text_index
from retrieval.metadata.lexical.query import parse_query
from retrieval.metadata.tables import aliases, evaluations, metadata, texts
from retrieval.originals import original_uri
from retrieval.settings import Settings
from retrieval.snapshots.rows import TABLES, dump
from retrieval.types import CatalogRecord, HnswParams, IndexParams, ModelReference, external_spec
from retrieval.verification import verify
from retrieval.workspace import Workspace
from retrieval.writer import EmbeddedItem, WriteBatch

ROWS, DIM = 120, 8
VECTORS = unit_vectors(ROWS, DIM, seed=3)
KILLED = """
import os, signal, sys
from pathlib import Path
from retrieval.settings import Settings
from retrieval.workspace import Workspace

data_dir, url, snapshot = Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3])
step = 0
while True:
    child = os.fork()
    if not child:
        left = step
        def die_at_the_step(*_):
            global left
            if not left:
                os.kill(os.getpid(), signal.SIGKILL)
            left -= 1
        Workspace(Settings(data_dir=data_dir, database_url=url)).restore(snapshot, "c", on_progress=die_at_the_step)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    if not status:
        break
    with Workspace(Settings(data_dir=data_dir, database_url=url)) as workspace:
        assert os.WTERMSIG(status) == signal.SIGKILL
        assert workspace.collections() == [], step
        assert not list((data_dir / "collections").glob("*/*")), step
    step += 1
print(step)
"""


@pytest.fixture
def workspace(tmp_path):
    with Workspace(Settings(data_dir=tmp_path / "data", database_url=None)) as workspace:
        yield workspace


@pytest.fixture
def empty(tmp_path, database_url):
    """Another workspace, on each kind of database."""
    with closing(Database(database_url)) as database:
        database.upgrade()
    with Workspace(Settings(data_dir=tmp_path / "other", database_url=database_url)) as workspace:
        yield workspace


def lived_in(workspace: Workspace, monkeypatch):
    """A collection with graphs, dead versions, runs, rejects, sample queries and kept pictures."""
    monkeypatch.setattr(compaction, "EXACT_ROWS", 50)
    index = IndexParams(HnswParams(8, 40), "full", None, 48)
    collection = workspace.create("c", external_spec("test", DIM), ModelReference("external"), index=index)
    said = [(f"number {row}", "häß\u00a0lich" if row % 2 else "fine") for row in range(ROWS)]
    collection.add_vectors([str(row) for row in range(ROWS)], VECTORS, captions=said, attributes=[{"n": 1.5}] * ROWS)
    collection.compact(exact_rows=50)
    with workspace.database.write() as connection:
        ledger.start_run(connection, collection.info.id, source="elsewhere")
        run = ledger.start_run(connection, collection.info.id, source="here")
        entries = [ledger.LedgerEntry("1", "indexed", "s"), ledger.LedgerEntry("bad", "rejected", reason="truncated")]
        ledger.put(connection, collection.info.id, entries)
        ledger.mark_seen(connection, collection.info.id, ["1"], run_id=run)
        query_samples.replace_all(connection, collection.info.id, VECTORS[:3])
    collection.delete(["7", "8"])
    collection.add_vectors(["8", "new"], VECTORS[[8, 7]], captions=[["again"], []])
    return collection


def lines_of(workspace: Workspace, name: str) -> dict[str, list]:
    """All rows of a collection, without the numbers that each database gives itself."""
    info = workspace.open(name).info
    numbers = {"id", "collection_id", "seen_run", "segment_ids"}
    with workspace.database.read() as connection:
        return {
            table.name: [
                {
                    name: value
                    for name, value in zip(table.c.keys(), json.loads(line), strict=True)
                    if name not in numbers
                }
                for line in dump(connection, info.id, table)
            ]
            for table in TABLES
        }


def test_what_is_restored_is_what_was_there_and_goes_on(workspace, empty, tmp_path, monkeypatch):
    collection = lived_in(workspace, monkeypatch)
    expected = [collection.search(vector=one, k=5).hits for one in VECTORS]
    manifest = workspace.snapshot("c", tmp_path / "1.tar")
    assert (manifest.collection, manifest.documents) == ("c", ROWS)
    restored = empty.restore(tmp_path / "1.tar", "again")
    empty.snapshot("again", tmp_path / "2.tar")
    workspace.delete("c")
    for name, back in (("again", restored), ("c", workspace.restore(tmp_path / "2.tar", "c"))):
        verify(back)
        assert [back.search(vector=one, k=5).hits for one in VECTORS] == expected, name
        assert back.info.index == collection.info.index
    assert lines_of(workspace, "c") == lines_of(empty, "again")
    with empty.database.read() as connection:
        assert ledger.last_run(connection, restored.info.id).source == "here"
        last = connection.exec_driver_sql("SELECT max(id) FROM runs").scalar()
        assert ledger.unseen(connection, restored.info.id, run_id=last, limit=5) == ["bad"]
    restored.add_vectors(["newer"], VECTORS[:1])
    restored.delete(["new"])
    restored.compact(exact_rows=50)
    verify(restored)
    assert len(restored) == ROWS
    with pytest.raises(ConflictError, match="already a collection named 'again'"):
        empty.restore(tmp_path / "2.tar")


def test_every_table_of_a_collection_is_in_a_snapshot_or_left_out_on_purpose():
    owned = {table.name for table in metadata.tables.values() if "collection_id" in table.c}
    assert owned == {table.name for table in (*TABLES, aliases, evaluations, texts)}


def test_kept_pictures_and_words_come_back(workspace, empty, tmp_path):
    picture = save_picture(tmp_path / "red.png", COLOURS["red"]).read_bytes()
    record = CatalogRecord("red", original_uri(picture), ("a scarlet shirt",))
    collection = workspace.create("c", external_spec("test", DIM), ModelReference("external"))
    collection.originals.keep([picture, b"of nothing that is there"])
    collection.writer.commit(WriteBatch(items=[EmbeddedItem(record, VECTORS[0], VECTORS[1:2])]))
    workspace.snapshot("c", tmp_path / "c.tar")
    restored = empty.restore(tmp_path / "c.tar")
    assert Path(restored.get("red").image_uri).read_bytes() == picture
    assert len(list(restored.originals.folder.iterdir())) == 1
    with empty.database.read() as connection:
        ranked = text_index(connection, restored.info.id).ranked(parse_query("shirts"))
        assert [keys.tolist() for keys, _ in ranked] == [[restored.get("red").key]]


def test_compactions_meanwhile_take_nothing_away(workspace, tmp_path, monkeypatch):
    collection = lived_in(workspace, monkeypatch)

    def compact(stage, *_):
        if stage == "writing" and len(collection) == ROWS:
            collection.delete([str(row) for row in range(90)])
            collection.compact()

    before = {path.name for path in collection.folder.iterdir()}
    assert workspace.snapshot("c", tmp_path / "c.tar", on_progress=compact).documents == ROWS
    assert before < {path.name for path in collection.folder.iterdir()}, "nothing was replaced meanwhile"
    restored = workspace.restore(tmp_path / "c.tar", "restored")
    verify(restored)
    assert (len(restored), len(collection)) == (ROWS, ROWS - 89)
    collection.compact()
    assert not before & {path.name for path in collection.folder.iterdir()}, "what was replaced is still there"


def test_snapshots_among_writers_are_committed_states(workspace, tmp_path):
    collection = workspace.create("c", external_spec("test", DIM), ModelReference("external"))
    stop = threading.Event()

    def write():
        number = 0
        while not stop.is_set():
            names = [f"{number % 7}-{side}" for side in ("left", "right")]
            collection.add_vectors(names, VECTORS[:2], attributes=[{"round": number}] * 2)
            if number % 5 == 4:
                collection.delete([f"{(number - 2) % 7}-{side}" for side in ("left", "right")])
                collection.compact(exact_rows=4)
            number += 1

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for number in range(6):
            workspace.snapshot("c", tmp_path / f"{number}.tar")
    finally:
        stop.set()
        writer.join()
    for number in range(6):
        restored = workspace.restore(tmp_path / f"{number}.tar", f"c{number}")
        verify(restored)
        for left in (one for one in (item.doc_id for item in restored.catalogue.page()) if one.endswith("left")):
            assert restored.get(left).attributes == restored.get(left.replace("left", "right")).attributes


def test_a_collection_that_is_deleted_meanwhile_is_not_snapshotted(workspace, tmp_path):
    small(workspace, tmp_path / "c.tar")

    def delete(stage, *_):
        if stage == "writing" and workspace.collections():
            workspace.delete("c")

    with pytest.raises(GoneError):
        workspace.snapshot("c", tmp_path / "again.tar", on_progress=delete)
    assert [path.name for path in tmp_path.glob("*.tar*")] == ["c.tar"]


def test_a_damaged_collection_is_not_snapshotted(workspace, tmp_path):
    small(workspace, tmp_path / "c.tar")
    file = next(workspace.open("c").folder.glob("*.vectors"))
    file.write_bytes(file.read_bytes()[:-1] + b"!")
    with pytest.raises(CorruptionError, match=f"{file.name} is damaged"):
        workspace.snapshot("c", tmp_path / "again.tar")
    file.write_bytes(file.read_bytes()[:-1])
    with pytest.raises(CorruptionError, match=f"{file.name} has"):
        workspace.snapshot("c", tmp_path / "again.tar")
    with pytest.raises(ConflictError, match=r"already a file c\.tar"):
        workspace.snapshot("c", tmp_path / "c.tar")
    assert [path.name for path in tmp_path.glob("*.tar*")] == ["c.tar"]


def test_a_kill_at_any_step_of_a_restore_leaves_nothing(workspace, empty, tmp_path, database_url):
    small(workspace, tmp_path / "c.tar")
    empty.close()
    killed = subprocess.run(
        [sys.executable, "-c", KILLED, str(empty.data_dir), database_url, str(tmp_path / "c.tar")],
        env={name: value for name, value in os.environ.items() if not name.startswith("RETRIEVAL_")},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert killed.returncode == 0, killed.stderr
    assert int(killed.stdout) > 20
    verify(empty.open("c"))


def test_what_a_killed_snapshot_has_left_is_swept_by_the_next(workspace, tmp_path):
    taken = workspace.snapshots.new_path("c")
    small(workspace, taken)
    left, written = (taken.with_name(f"{taken.name}.{name}.unfinished") for name in ("left", "written"))
    for path in (left, written):
        path.write_bytes(b"half of one")
    os.utime(left, (0, 0))
    workspace.snapshots.new_path("c")
    assert set(taken.parent.iterdir()) == {taken, written}
    assert [one.id for one in workspace.snapshots.of("c")] == [taken.stem]
