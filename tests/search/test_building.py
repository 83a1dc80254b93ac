"""A generation is published when it delivers what the collection promises; if not, and if the disk fails, none is."""

from __future__ import annotations

import errno
from dataclasses import replace

import numpy as np
import pytest
from helpers import unit_vectors

from retrieval import building
from retrieval.certificate import Certificate, Curve, Point, Recall
from retrieval.errors import CorruptionError, RecallError, StorageError
from retrieval.index import compaction, segment
from retrieval.index.faiss_wheel import faiss
from retrieval.metadata import query_samples
from retrieval.search import columns
from retrieval.settings import Settings
from retrieval.types import HnswParams, IndexParams, ModelReference, external_spec
from retrieval.verification import verify
from retrieval.workspace import Workspace

DIM, ROWS = 8, 120
VECTORS = unit_vectors(100, DIM, seed=1)[np.arange(ROWS) % 100]
INDEX = IndexParams(HnswParams(8, 40), "sq8@6", target_recall=0.9)
ROLES = ["keys", "vectors", "nodes", "basis", "codes", "graph", "attributes"]


@pytest.fixture
def workspace(tmp_path, monkeypatch):
    monkeypatch.setattr(compaction, "EXACT_ROWS", 50)
    monkeypatch.setattr(columns, "LEAST_ROWS", 50)
    with Workspace(Settings(data_dir=tmp_path / "data", database_url=None)) as workspace:
        yield workspace


@pytest.fixture
def collection(workspace):
    return fill(workspace, INDEX)


def fill(workspace, index: IndexParams):
    made = workspace.create("c", external_spec("test", DIM), ModelReference("external"), index=index)
    for start in (0, ROWS // 2):
        rows = range(start, start + ROWS // 2)
        made.add_vectors([str(row) for row in rows], VECTORS[rows.start : rows.stop], attributes=[{"n": 1}] * len(rows))
    return made


def answer(collection):
    """What is searchable: the segments, and some hits."""
    view = collection.views.latest()
    hits = collection.search(vector=VECTORS[3], k=20, filter="n = 1", exact=True).hits
    return view.generation, [(hit.doc_id, hit.score) for hit in hits]


def certificate(low: float) -> Certificate:
    return Certificate(ROWS, 1.0, (Curve("image", 1.0, 300, (Point(10, Recall(low, low, low), None, 10.0, 1.0),)),))


@pytest.fixture
def built(monkeypatch):
    """Parameters of the graphs that are built, and the recalls that they are to be measured with, one after another."""
    params: list[HnswParams] = []
    recalls: list[float] = []

    def write(*arguments, plan, **options):
        params.append(plan.hnsw)
        return segment.write_segment(*arguments, plan=plan, **options)

    monkeypatch.setattr(building, "write_segment", write)
    monkeypatch.setattr(building, "certify", lambda *_: certificate(recalls[len(params) - 1]))
    return params, recalls


def test_what_never_reaches_the_target_is_not_published(collection, built):
    params, recalls = built
    recalls += [0.89, 0.899, 0.5]
    before = answer(collection)
    with pytest.raises(RecallError, match=r"recall@10 of 0\.9.*m=16: queries by image get 0\.\d{3}; .*stays so; give"):
        collection.compact()
    assert params == [HnswParams(8, 40), HnswParams(12, 80), HnswParams(16, 160)]
    assert answer(collection) == before
    kept = {file.name for one in before[0].segments for file in one.files}
    assert {path.name for path in collection.folder.iterdir()} == kept, "nothing is left of the three builds"
    collection.add_vectors(["new"], VECTORS[:1], attributes=[{"n": 2}])
    assert collection.search(vector=VECTORS[0], filter="n = 2").hits[0].doc_id == "new"
    verify(collection)


def test_the_first_build_that_reaches_it_is_published_with_what_was_measured(collection, built):
    params, recalls = built
    recalls += [0.89, 0.9]
    collection.compact()
    generation = collection.views.latest().generation
    assert generation.segments[0].hnsw == params[-1] == HnswParams(12, 80)
    assert generation.certificates == {"image": certificate(0.9)}
    names = {file.name for file in generation.segments[0].files}
    assert {path.name for path in collection.folder.iterdir()} == names, "nothing is left of the other build"


def test_without_a_target_the_first_build_will_do(workspace, built):
    params, recalls = built
    recalls += [0.1]
    collection = fill(workspace, replace(INDEX, target_recall=None))
    collection.compact()
    assert params == [HnswParams(8, 40)]
    assert collection.views.latest().generation.certificates == {"image": certificate(0.1)}


def test_copies_of_one_picture_are_a_graph_of_one_node(workspace):
    """There is nothing for the sample of queries to connect."""
    made = workspace.create("c", external_spec("test", DIM), ModelReference("external"), index=INDEX)
    made.add_vectors([str(row) for row in range(60)], np.repeat(VECTORS[:1], 60, axis=0))
    with workspace.database.write() as connection:
        query_samples.replace_all(connection, made.info.id, VECTORS)
    assert made.compact() == 1
    assert made.views.latest().has_graph("image")
    for way in ({}, {"ef_search": 1}, {"exact": True}):
        assert len({hit.doc_id for hit in made.search(vector=VECTORS[1], k=100, **way).hits}) == 60


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "No space left on device"), RuntimeError("write error")])
def test_a_full_disk_during_a_compaction_loses_nothing(collection, monkeypatch, role, error):
    """Whichever file it is; FAISS reports it by a RuntimeError."""
    before, there = answer(collection), set(collection.folder.iterdir())
    with monkeypatch.context() as patches:
        for module in (segment, columns):

            def write_file(folder, name, write, *, original=module.write_file):
                def half(path):
                    write(path)
                    path.write_bytes(path.read_bytes()[:10])
                    raise error

                return original(folder, name, half if name == role else write)

            patches.setattr(module, "write_file", write_file)
        with pytest.raises(StorageError, match="no room to write"):
            collection.compact()
    assert answer(collection) == before
    assert not list(collection.folder.glob("*.unfinished"))
    assert there <= set(collection.folder.iterdir())
    verify(collection)
    collection.compact()
    (published,) = collection.views.latest().generation.segments
    assert {file.role for file in published.files} == set(ROLES)
    assert {path.name for path in collection.folder.iterdir()} == {file.name for file in published.files}
    assert answer(collection)[1] == before[1]


def test_a_failure_of_faiss_in_the_middle_of_a_build_loses_nothing(collection, monkeypatch):
    before = answer(collection)
    with monkeypatch.context() as patches:
        patches.setattr(faiss, "write_index", lambda *_: (_ for _ in ()).throw(RuntimeError("could not write")))
        with pytest.raises(StorageError, match="no room to write"):
            collection.compact()
    assert answer(collection) == before
    assert collection.compact() == 1


@pytest.mark.parametrize("role", ROLES)
def test_any_flipped_byte_of_any_file_is_found_and_the_file_named(collection, role):
    collection.compact()
    collection.search(vector=VECTORS[0], filter="n = 1")
    (published,) = collection.views.latest().generation.segments
    (name,) = (file.name for file in published.files if file.role == role)
    path = collection.folder / name
    original = path.read_bytes()
    places = np.unique(np.linspace(0, len(original) - 1, 25, dtype=int))
    for place in places:
        path.write_bytes(original[:place] + bytes([original[place] ^ 0x10]) + original[place + 1 :])
        with pytest.raises(CorruptionError, match=name):
            verify(collection)
    path.write_bytes(original)
    verify(collection)
