"""A collection against a dictionary: whatever is added, replaced, deleted, compacted or reopened, search agrees."""

from __future__ import annotations

import itertools
import shutil
import tempfile
from pathlib import Path
from unittest.mock import patch

import numpy as np
import pytest
from helpers import unit_vectors
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from killing import killed_at

from retrieval import building
from retrieval.compactor import Compactor
from retrieval.errors import ConflictError, InputError, NotFoundError, RecordError, StorageError, VectorError
from retrieval.index import compaction, files
from retrieval.metadata import collections, generations, ledger, versions
from retrieval.search import certify, planner
from retrieval.settings import Settings
from retrieval.types import HnswParams, IndexParams, ModelReference, external_spec
from retrieval.verification import verify
from retrieval.workspace import Workspace

DIM = 8
POOL = unit_vectors(400, DIM, seed=3)
FEW = 40
"""Vectors that documents share in the state machine, so that many are copies."""
STORAGES = ["auto", "full", "fp16", "sq8", "rq4", "fp16@5"]
doc_ids = st.sampled_from([f"doc/{number}" for number in range(30)])
id_lists = st.lists(doc_ids, min_size=1, max_size=12, unique=True)
filters = st.none() | st.integers(0, 3)

MOMENTS = [
    (files, "sync"), (files, "sha256_of"), (files, "remove_others"), (collections, "begin_write"), (versions, "bury"),
    (versions, "insert_versions"), (versions, "purge"), (generations, "add_segment"), (generations, "publish"),
    (ledger, "put"), (building, "certify"),
]  # fmt: skip
"""Calls at which a write or a compaction may be killed, each before it does its work."""


def new_workspace(folder) -> Workspace:
    return Workspace(Settings(data_dir=folder, database_url=None))


def new_collection(workspace, **options):
    return workspace.create("c", external_spec("test", DIM), ModelReference("external"), **options)


class LivingCollection(RuleBasedStateMachine):
    """Graphs from a dozen vectors on, taken wherever they can be, measured without a clock."""

    @initialize(storage=st.sampled_from(STORAGES))
    def start(self, storage):
        self.folder = Path(tempfile.mkdtemp())
        self.patches = [
            patch.object(compaction, "EXACT_ROWS", 12),
            patch.object(compaction, "TIER", 3),
            patch.object(planner, "EXACT_ALLOWED", 0),
            patch.object(certify, "EF_SEARCH", (10, 32, 100)),
            patch.object(certify, "_seconds_a_row", lambda *_: 1.0),
            patch.object(certify._Asked, "_seconds", lambda *_: 0.001),
        ]
        for one in self.patches:
            one.start()
        self.workspace = new_workspace(self.folder)
        self.collection = new_collection(self.workspace, index=IndexParams(HnswParams(8, 40), storage))
        self.model: dict[str, tuple[np.ndarray, int]] = {}
        self.next = 0
        self.add(["anchor"], 1)

    def versions(self, ids, price):
        rows = [(self.next + i) * 7 % FEW for i in range(len(ids))]
        return {doc_id: (POOL[row], price) for doc_id, row in zip(ids, rows, strict=True)}

    @rule(ids=id_lists, price=st.integers(0, 3))
    def add(self, ids, price):
        new = self.versions(ids, price)
        vectors = np.array([vector for vector, _ in new.values()])
        self.collection.add_vectors(ids, vectors, attributes=[{"price": price}] * len(ids))
        self.next += len(ids)
        self.model |= new

    @rule(ids=id_lists)
    def delete(self, ids):
        there = [doc_id for doc_id in ids if doc_id in self.model]
        assert self.collection.delete(ids) == len(there)
        for doc_id in there:
            del self.model[doc_id]

    @rule()
    def compact(self):
        self.collection.compact()

    @rule()
    def fold(self):
        self.collection.compactor.fold()

    @rule()
    def reopen(self):
        self.workspace.close()
        self.workspace = new_workspace(self.folder)
        self.collection = self.workspace.open("c")

    @rule(moment=st.integers(0, 20), change=st.sampled_from(["add", "delete", "fold", "compact"]), ids=id_lists)
    def crash(self, moment, change, ids):
        """What a change says after it has returned holds; killed before, it has done nothing or all."""
        with killed_at(moment, MOMENTS):
            match change:
                case "add":
                    with patch.object(Compactor, "fold"):  # killed over that, the change is there
                        self.add(ids, 2)
                case "delete":
                    self.delete(ids)
                case _:
                    getattr(self, change)()
        self.reopen()

    @rule(row=st.integers(0, len(POOL) - 1), k=st.integers(1, 30), price=filters)
    def search(self, row, k, price):
        """Exact, and through graphs with as many candidates as there are rows: the oracle's answer."""
        for way in ({"exact": True}, {"ef_search": 200}):
            hits, scores = self.found(POOL[row], k, price, **way)
            np.testing.assert_allclose([hit.score for hit in hits], scores, atol=1e-6)

    @rule(row=st.integers(0, len(POOL) - 1), k=st.integers(1, 30), price=filters, ef_search=st.none() | st.just(1))
    def search_approximately(self, row, k, price, ef_search):
        self.found(POOL[row], k, price, ef_search=ef_search)

    def found(self, query, k, price, **way):
        """The hits, none of them dead, disallowed, twice or with a wrong score, and the scores they should have."""
        wanted = {d: float(v @ query) for d, (v, p) in self.model.items() if price is None or p == price}
        expression = None if price is None else f"price = {price}"
        hits = self.collection.search(vector=query, k=k, filter=expression, **way).hits
        assert len({hit.doc_id for hit in hits}) == len(hits) == min(k, len(wanted))
        assert [hit.rank for hit in hits] == list(range(1, len(hits) + 1))
        assert [hit.score for hit in hits] == pytest.approx([wanted[hit.doc_id] for hit in hits], abs=1e-6)
        assert [hit.attributes["price"] for hit in hits] == [self.model[hit.doc_id][1] for hit in hits]
        return hits, sorted(wanted.values(), reverse=True)[:k]

    @invariant()
    def consistent(self):
        if hasattr(self, "collection"):
            assert len(self.collection) == len(self.model)
            verify(self.collection)

    def teardown(self):
        if hasattr(self, "folder"):
            self.workspace.close()
            for one in self.patches:
                one.stop()
            shutil.rmtree(self.folder)


TestLivingCollection = LivingCollection.TestCase
TestLivingCollection.settings = hypothesis_settings(
    max_examples=8, stateful_step_count=20, deadline=None, derandomize=True
)


@pytest.fixture
def workspace(tmp_path):
    with new_workspace(tmp_path / "data") as workspace:
        yield workspace


def test_compaction_links_a_graph_and_deletes_what_it_replaced(workspace, monkeypatch):
    monkeypatch.setattr(compaction, "EXACT_ROWS", 100)
    collection = new_collection(workspace)
    for start in range(0, 300, 50):
        collection.add_vectors([f"d{n}" for n in range(start, start + 50)], POOL[start : start + 50])
    before = collection.search(vector=POOL[7], k=12)
    assert before.plan.strategy == "exact"
    collection.delete(["d8", "d9"])
    assert collection.compact() == 1
    after = collection.search(vector=POOL[7], k=10, ef_search=100)
    assert after.plan.strategy == "hnsw"
    assert after.plan.searched == 298
    kept = [hit.doc_id for hit in before.hits if hit.doc_id not in ("d8", "d9")]
    assert [hit.doc_id for hit in after.hits] == kept[:10]
    files = sorted(path.suffix for path in collection.folder.iterdir())
    assert files == [".basis", ".codes", ".graph", ".keys", ".vectors"]
    assert collection.compact() == 0


def test_commits_of_single_vectors_are_folded(workspace):
    collection = new_collection(workspace)
    for row in range(70):
        collection.add_vectors([str(row)], POOL[row : row + 1])
    assert len(collection.views.latest().segments) < 2 * compaction.TIER
    assert [hit.doc_id for hit in collection.search(vector=POOL[69], k=1).hits] == ["69"]


def test_a_write_and_a_compaction_killed_at_each_step_do_nothing_or_all(tmp_path, monkeypatch):
    """One step further every time, until it gets through."""
    monkeypatch.setattr(compaction, "EXACT_ROWS", 20)
    changes = {
        "add": lambda: collection.add_vectors([f"d{n}" for n in range(25, 50)], POOL[:25]),
        "delete": lambda: collection.delete(["d1", "d2"]),
        "compact": lambda: collection.compact(),
    }
    with new_workspace(tmp_path) as workspace:
        collection = new_collection(workspace, index=IndexParams(HnswParams(8, 40), "sq8"))
        for start in (0, 15):
            collection.add_vectors([f"d{n}" for n in range(start, start + 15)], POOL[np.arange(15) % 10])
    steps = {}
    for name, change in changes.items():
        for moment in itertools.count():
            with new_workspace(tmp_path) as workspace:
                collection = workspace.open("c")
                before = contents(collection)
                with killed_at(moment, MOMENTS):
                    change()
                    steps[name] = moment
                    break
                assert contents(collection) == before
        with new_workspace(tmp_path) as workspace:
            assert (contents(workspace.open("c")) == before) == (name == "compact")
    assert steps["add"] >= 10
    assert steps["delete"] >= 3
    assert steps["compact"] >= 20
    with new_workspace(tmp_path) as workspace:
        collection = workspace.open("c")
        (segment,) = collection.views.latest().generation.segments
        assert {path.name for path in collection.folder.iterdir()} == {file.name for file in segment.files}


def contents(collection) -> list[tuple[str, float]]:
    verify(collection)
    return [(hit.doc_id, hit.score) for hit in collection.search(vector=POOL[0], k=100, exact=True).hits]


def test_another_process_view_follows_writes_and_compactions(workspace, tmp_path):
    collection = new_collection(workspace)
    with new_workspace(tmp_path / "data") as other_workspace:
        other = other_workspace.open("c")
        assert other.search(vector=POOL[0]).hits == ()
        for number in range(20):
            collection.add_vectors([f"d{number}"], POOL[number : number + 1])
            assert other.search(vector=POOL[number], k=1).hits[0].doc_id == f"d{number}"
        collection.delete(["d3"])
        assert "d3" not in [hit.doc_id for hit in other.search(vector=POOL[3], k=20).hits]
        collection.compact()
        assert len(other.search(vector=POOL[3], k=50).hits) == 19
        workspace.delete("c")
        with pytest.raises(NotFoundError):
            other.search(vector=POOL[0])


def test_bad_vectors_and_calls_are_refused_and_nothing_is_written(workspace):
    collection = new_collection(workspace)
    for vectors, message in (
        (np.zeros((1, DIM)), "zero"),
        (np.full((1, DIM), np.nan), "NaN"),
        (np.ones((1, DIM + 1)), f"{DIM + 1} dimensions"),
    ):
        with pytest.raises(VectorError, match=message):
            collection.add_vectors(["a"], vectors)
    with pytest.raises(InputError, match="twice"):
        collection.add_vectors(["a", "a"], POOL[:2])
    with pytest.raises(RecordError, match="doc_id must be a text, not int"):
        collection.add_vectors([1], POOL[:1])
    for call in (
        lambda: collection.add_vectors("ab", POOL[:2]),
        lambda: collection.add_vectors(["a"], POOL[:1], captions=["a dress"]),
        lambda: collection.delete("ab"),
    ):
        with pytest.raises(InputError, match=r"one text.* give a list"):
            call()
    assert len(collection) == 0
    with pytest.raises(VectorError, match="shape"):
        collection.search(vector=np.ones(DIM + 1))
    with pytest.raises(InputError, match="1 to 10,000"):
        collection.search(vector=POOL[0], k=0)
    with pytest.raises(InputError, match="ef_search is 0"):
        collection.search(vector=POOL[0], ef_search=0)
    with pytest.raises(InputError, match="nothing to search for"):
        collection.search()
    with pytest.raises(NotFoundError, match="no document 'x'"):
        collection.similar("x")
    with pytest.raises(ConflictError):
        new_collection(workspace)
    with pytest.raises(InputError, match="cannot name"):
        workspace.create("../c", external_spec("test", DIM), ModelReference("external"))


def test_a_full_disk_loses_nothing_and_the_next_write_goes_on(workspace):
    collection = new_collection(workspace)
    collection.add_vectors(["a"], POOL[:1])
    with patch("retrieval.index.files.sync", side_effect=OSError(28, "No space left")):
        with pytest.raises(StorageError, match="no room"):
            collection.add_vectors(["b"], POOL[1:2])
    assert [hit.doc_id for hit in collection.search(vector=POOL[1]).hits] == ["a"]
    collection.add_vectors(["b"], POOL[1:2])
    assert [hit.doc_id for hit in collection.search(vector=POOL[1]).hits] == ["b", "a"]
    collection.compact()
    assert verify(collection).segments == 1
