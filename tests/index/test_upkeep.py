"""When a compaction is worth it, and what happens to a collection that changes while one is at work."""

from __future__ import annotations

import threading

import pytest
from helpers import unit_vectors

from retrieval.index import hnsw, upkeep
from retrieval.index.upkeep import Upkeep
from retrieval.settings import Settings
from retrieval.types import HnswParams, IndexParams, ModelReference, external_spec
from retrieval.verification import verify
from retrieval.workspace import Workspace

POOL = unit_vectors(1_000, 8, seed=2)
UPKEEP = Upkeep(tail_rows=100, dead_share=0.5)


@pytest.fixture
def collection(tmp_path):
    with Workspace(Settings(data_dir=tmp_path, database_url=None)) as workspace:
        index = IndexParams(HnswParams(8, 40), "full", target_recall=None)
        yield workspace.create("c", external_spec("test", 8), ModelReference("external"), index=index)


def add(collection, start: int, stop: int) -> None:
    collection.add_vectors([f"d{number}" for number in range(start, stop)], POOL[start:stop])


def is_due(collection) -> bool:
    return UPKEEP.is_due(collection.views.latest())


def test_a_long_tail_is_linked(collection):
    assert not is_due(collection)
    add(collection, 0, 60)
    add(collection, 60, 100)
    assert not is_due(collection)
    assert collection.compactor.maintain(UPKEEP) == 0
    add(collection, 100, 101)
    assert is_due(collection)
    assert collection.compactor.maintain(UPKEEP) == 1
    assert not is_due(collection)
    (segment,) = collection.views.latest().segments
    assert segment.has_graph
    assert segment.info.rows == 101


def test_many_dead_ones_are_dropped(collection, monkeypatch):
    monkeypatch.setattr(upkeep, "LEAST_DEAD", 80)
    add(collection, 0, 150)
    collection.compactor.maintain(UPKEEP)
    collection.delete([f"d{number}" for number in range(75)])
    assert not is_due(collection), "enough, but not more than half"
    collection.delete(["d75"])
    assert not is_due(collection), "more than half, but few"
    collection.delete([f"d{number}" for number in range(76, 80)])
    assert is_due(collection)
    assert collection.compactor.maintain(UPKEEP) == 1
    assert not is_due(collection)
    assert collection.views.latest().rows("image") == collection.views.latest().segments[0].info.rows == 70
    collection.delete([f"d{number}" for number in range(150)])
    assert not is_due(collection)
    monkeypatch.setattr(upkeep, "LEAST_DEAD", 70)
    assert collection.compactor.maintain(UPKEEP) == 1
    assert collection.views.latest().segments == ()


def test_many_small_segments_become_one(collection, monkeypatch):
    monkeypatch.setattr(upkeep, "MOST_TAIL_SEGMENTS", 3)
    for number in range(4):
        assert not is_due(collection)
        add(collection, number, number + 1)
    assert is_due(collection)
    collection.compactor.maintain(UPKEEP)
    assert [segment.info.rows for segment in collection.views.latest().segments] == [4]


def test_commits_wait_for_no_graph_and_are_folded_while_it_is_built(collection, monkeypatch):
    """Between two blocks of the graph: what is added is folded, what is deleted stays so, and nothing is lost."""
    monkeypatch.setattr(hnsw, "BUILD_BLOCK", 50)
    add(collection, 0, 300)
    segments, begun, go_on = [], threading.Event(), threading.Event()

    def on_build(_kind, done, _total) -> None:
        segments.append(len(collection.views.latest().segments))
        begun.set()
        assert go_on.wait(60)

    compacting = threading.Thread(target=lambda: collection.compactor.maintain(UPKEEP, on_build=on_build))
    compacting.start()
    assert begun.wait(60)
    for number in range(300, 340):
        add(collection, number, number + 1)
        assert collection.compactor.fold() == 0, "the compaction is at it"
    collection.delete(["d0", "d1", "d300"])
    add(collection, 2, 3)  # again: a new version of it
    assert len(collection.views.latest().segments) == 42
    go_on.set()
    compacting.join()
    assert segments[0] == 1
    assert max(segments[1:]) <= 8 + 8, "folded between two blocks"
    assert len(collection) == 337
    verify(collection)
    view = collection.views.latest()
    assert view.has_graph("image")
    found = {hit.doc_id for hit in collection.search(vector=POOL[0], k=500, exact=True).hits}
    assert found == {f"d{number}" for number in range(340)} - {"d0", "d1", "d300"}
    names = {file.name for segment in view.generation.segments for file in segment.files}
    assert {path.name for path in collection.folder.iterdir()} == names
