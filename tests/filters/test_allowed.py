"""What a filter allows is what it matches among live documents, whatever was written, merged, reopened or damaged."""

from __future__ import annotations

import shutil
import tempfile
import threading
from pathlib import Path
from unittest.mock import patch

import numpy as np
import pytest
from helpers import unit_vectors
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from retrieval.errors import CorruptionError, FilterError, StorageError
from retrieval.filters import matches, parse_filter
from retrieval.index import compaction
from retrieval.index.files import COLUMNS
from retrieval.lru import LruCache
from retrieval.metadata import items, scans
from retrieval.rowset import RowSet
from retrieval.search import columns
from retrieval.search.attributes import AttributeCache
from retrieval.settings import Settings
from retrieval.types import ModelReference, external_spec
from retrieval.verification import verify
from retrieval.workspace import Workspace

DIM = 4
POOL = unit_vectors(64, DIM, seed=5)
ANCHOR = {"n": 1, "s": "a", "b": True, "l": ["a", "b"]}
"""Attributes of a document that is never deleted: every filter below fits."""

doc_ids = st.sampled_from([f"d{number}" for number in range(20)])
attributes = st.fixed_dictionaries(
    {},
    optional={
        "n": st.integers(-2, 3) | st.just(2**60) | st.none(),
        "s": st.sampled_from(["", "a", "ab", "b"]),
        "b": st.booleans(),
        "l": st.lists(st.sampled_from(["a", "b", "ü"]), max_size=2),
    },
)
CONDITIONS = [
    *("n < 2", "n = 1152921504606846976", "n != 0", "s = 'a'", "s contains 'b'", "s >= 'ab'", "s in ('', 'ab', 'z')"),
    *("b = true", "exists(n)", "l contains 'a'", "l != 'b'", "not exists(l)"),
]
filters = st.recursive(
    st.sampled_from(CONDITIONS),
    lambda inner: (
        inner.map("not ({})".format) | st.builds("({}) {} ({})".format, inner, st.sampled_from(["and", "or"]), inner)
    ),
    max_leaves=3,
)


def open_workspace(folder):
    return Workspace(Settings(data_dir=folder, database_url=None))


def create(workspace):
    return workspace.create("c", external_spec("test", DIM), ModelReference("external"))


def allowed_documents(collection, text):
    with collection.database.read() as connection:
        keys = collection.engine.filtered(text).tolist()
        return sorted(item.doc_id for item in items.by_keys(connection, collection.info.id, keys).values())


class Filtering(RuleBasedStateMachine):
    """One collection is written to, another one, as if in another process, only reads and lives on meanwhile."""

    @initialize()
    def start(self):
        self.folder = Path(tempfile.mkdtemp())
        self.patches = [
            patch.object(compaction, "EXACT_ROWS", 12),
            patch.object(compaction, "TIER", 3),
            patch.object(columns, "LEAST_ROWS", 4),
        ]
        for one in self.patches:
            one.start()
        self.model = {"anchor": ANCHOR}
        self.workspaces = [open_workspace(self.folder)]
        create(self.workspaces[0]).add_vectors(["anchor"], POOL[:1], attributes=[ANCHOR])
        self.reopen()

    @rule(documents=st.dictionaries(doc_ids, attributes, min_size=1, max_size=8))
    def put(self, documents):
        ids = list(documents)
        self.writer.add_vectors(ids, POOL[: len(ids)], attributes=list(documents.values()))
        self.model |= documents

    @rule(ids=st.lists(doc_ids, max_size=6, unique=True))
    def delete(self, ids):
        self.writer.delete(ids)
        self.model = {doc_id: row for doc_id, row in self.model.items() if doc_id not in ids}

    @rule()
    def compact(self):
        self.writer.compact()

    @rule()
    def fold(self):
        self.writer.compactor.fold()

    @rule()
    def reopen(self):
        for workspace in self.workspaces:
            workspace.close()
        self.workspaces = [open_workspace(self.folder), open_workspace(self.folder)]
        self.writer, self.reader = (workspace.open("c") for workspace in self.workspaces)

    @rule(keep=st.sampled_from([None, 0, 0.5, 1]))
    def damage_the_saved_columns(self, keep):
        for path in self.writer.folder.glob(f"*.{COLUMNS}"):
            content = path.read_bytes()
            path.unlink()
            if keep is not None:
                path.write_bytes(content[: int(keep * len(content))] + b"\0" * (keep == 1))
        self.reopen()

    @rule(text=filters)
    def filter(self, text):
        where = parse_filter(text)
        expected = sorted(doc_id for doc_id, row in self.model.items() if matches(where, row))
        for collection in (self.writer, self.reader, self.reader):
            assert allowed_documents(collection, text) == expected
            result = collection.search(vector=POOL[0], k=50, filter=text, exact=True)
            assert result.plan.allowed == len(expected)
            assert sorted(hit.doc_id for hit in result.hits) == expected

    def teardown(self):
        if hasattr(self, "folder"):
            for workspace in self.workspaces:
                workspace.close()
            for one in self.patches:
                one.stop()
            shutil.rmtree(self.folder)


TestFiltering = Filtering.TestCase
TestFiltering.settings = hypothesis_settings(max_examples=8, stateful_step_count=25, deadline=None, derandomize=True)


@pytest.fixture
def collection(tmp_path, monkeypatch):
    monkeypatch.setattr(columns, "LEAST_ROWS", 1)
    with open_workspace(tmp_path) as workspace:
        yield create(workspace)


def add(collection, first, rows, **extra):
    ids = [f"d{number}" for number in range(first, first + rows)]
    collection.add_vectors(
        ids, POOL[:rows], attributes=[{"n": number, **extra} for number in range(first, first + rows)]
    )


def columns_file(collection):
    (path,) = collection.folder.glob(f"*.{COLUMNS}")
    return path


def test_a_new_process_reads_the_saved_columns_and_not_the_database(collection, tmp_path):
    add(collection, 0, 10)
    add(collection, 10, 10)
    collection.compact()
    with patch.object(scans, "attributes_of", side_effect=AssertionError("read")):
        with open_workspace(tmp_path) as workspace:
            assert workspace.open("c").search(vector=POOL[0], filter="n < 5").plan.allowed == 5
    add(collection, 20, 1)
    with open_workspace(tmp_path) as workspace:
        assert workspace.open("c").search(vector=POOL[0], filter="n >= 18").plan.allowed == 3


@pytest.mark.parametrize("damage", [lambda path: path.unlink(), lambda path: path.write_bytes(b"short")])
def test_damaged_columns_are_told_by_verify_and_written_anew_by_the_next_filter(collection, tmp_path, damage):
    add(collection, 0, 10)
    add(collection, 10, 10)
    collection.compact()
    path = columns_file(collection)
    before = path.read_bytes()
    damage(path)
    with pytest.raises(StorageError, match=rf"{path.name}.*retrieval repair -c c"):
        verify(collection)
    with open_workspace(tmp_path) as workspace:
        assert workspace.open("c").search(vector=POOL[0], filter="n < 5").plan.allowed == 5
    assert path.read_bytes() == before
    verify(collection)


def test_compaction_drops_the_columns_of_versions_that_died(collection):
    add(collection, 0, 20, old="yes")
    add(collection, 0, 19)
    assert collection.search(vector=POOL[0], filter="old = 'yes'").plan.allowed == 1
    collection.compact()
    collection.delete(["d19"])
    assert collection.search(vector=POOL[0], filter="old = 'yes'").plan.allowed == 0
    add(collection, 20, 20)
    collection.compact()
    with pytest.raises(FilterError, match="no item has an attribute old"):
        collection.search(vector=POOL[0], filter="old = 'yes'")
    assert b'"old"' not in columns_file(collection).read_bytes()


def test_documents_that_the_database_lost_are_an_error_and_not_a_smaller_answer(collection):
    add(collection, 0, 3)
    with collection.database.write() as connection:
        connection.execute(items.items.delete().where(items.items.c.doc_id == "d1"))
    with pytest.raises(CorruptionError, match="1 documents are missing from the database"):
        collection.search(vector=POOL[0], filter="n < 5")


def test_filtered_searches_during_commits_and_compactions_see_one_state(collection):
    add(collection, 0, 40, round=0)
    stop, wrong = threading.Event(), []

    def search():
        while not stop.is_set():
            result = collection.search(vector=POOL[0], k=100, filter="round >= 0 and n >= 0")
            rounds = {hit.attributes["round"] for hit in result.hits}
            if len(rounds) != 1 or len(result.hits) != 40 or result.plan.allowed != 40:
                wrong.append((rounds, len(result.hits), result.plan.allowed))

    threads = [threading.Thread(target=search) for _ in range(3)]
    for thread in threads:
        thread.start()
    for number in range(1, 25):
        add(collection, 0, 40, round=number)  # one commit replaces all
        if number % 4 == 0:
            collection.compact()
    stop.set()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_a_read_that_began_before_a_commit_keeps_its_state_although_others_have_seen_the_new_one(collection):
    add(collection, 0, 10)
    cache = AttributeCache(collection.info.id, collection.folder)
    with collection.database.read() as connection:
        before = collection.views.at(connection)
        add(collection, 0, 3)
        collection.delete(["d9"])
        assert collection.views.latest().rows("image") == 9
        view = collection.views.at(connection)
        assert view.revision == before.revision
        np.testing.assert_array_equal(view.keys("image"), before.keys("image"))
        np.testing.assert_array_equal(view.dead, [])
        assert cache.allowed(connection, view, "n < 100").count == 10
    assert collection.search(vector=POOL[0], filter="n < 100").plan.allowed == 9


@pytest.mark.parametrize("size", [1, 7, 8, 9, 64, 1001])
def test_a_row_set_is_the_same_in_all_its_forms(size):
    mask = np.random.default_rng(size).random(size) < 0.4
    rows = RowSet.of_mask(mask)
    assert (rows.size, rows.count) == (size, mask.sum())
    np.testing.assert_array_equal(rows.mask, mask)
    np.testing.assert_array_equal(rows.rows, np.flatnonzero(mask))
    some = np.random.default_rng(0).integers(0, size, (3, 5))
    np.testing.assert_array_equal(rows.has(some), mask[some])
    np.testing.assert_array_equal(RowSet.of_rows(rows.rows[::-1], size).mask, mask)
    other = np.random.default_rng(1).random(size) < 0.5
    np.testing.assert_array_equal((rows & RowSet.of_mask(other)).mask, mask & other)


def test_the_cache_forgets_what_was_used_longest_ago_by_number_and_by_bytes():
    cache = LruCache(most=3, most_bytes=10_000)
    sets = [RowSet.of_mask(np.ones(80, np.bool_)) for _ in range(5)]
    for number in range(3):
        cache.put(number, sets[number])
    assert cache.get(0) is sets[0]
    cache.put(3, sets[3])
    assert [cache.get(number) is not None for number in range(4)] == [True, False, True, True]
    large = RowSet.of_mask(np.ones(1200, np.bool_))
    cache.put(4, large)
    assert len(large.rows) == 1200  # 9,600 bytes more
    assert cache.get(4) is large
    assert [cache.get(number) is not None for number in (2, 3)] == [True, True]
    larger = RowSet.of_mask(np.ones(160_000, np.bool_))
    cache.put(5, larger)
    assert cache.get(5) is None
