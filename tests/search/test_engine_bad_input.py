"""Searches that ask for too much, for nonsense, or for what is being deleted: the right answer or a clear error."""

from __future__ import annotations

import shutil

import numpy as np
import pytest
from helpers import unit_vectors

from retrieval.errors import FilterError, NotFoundError, VectorError
from retrieval.index import compaction
from retrieval.metadata import generations
from retrieval.search import ranking
from retrieval.settings import Settings
from retrieval.types import HnswParams, IndexParams, ModelReference, external_spec
from retrieval.workspace import Workspace

DIM, ROWS = 8, 200
VECTORS = unit_vectors(ROWS, DIM, seed=1)
INDEX = IndexParams(HnswParams(8, 40), "fp16", target_recall=0.9)


@pytest.fixture
def workspace(tmp_path):
    with Workspace(Settings(data_dir=tmp_path / "data", database_url=None)) as workspace:
        yield workspace


@pytest.fixture
def collection(workspace, monkeypatch):
    monkeypatch.setattr(compaction, "EXACT_ROWS", 50)
    made = workspace.create("c", external_spec("test", DIM), ModelReference("external"), index=INDEX)
    attributes = [{"price": row, "colour": "red" if row % 2 else "blue"} for row in range(ROWS)]
    made.add_vectors([str(row) for row in range(ROWS)], VECTORS, attributes=attributes)
    made.compact()
    assert made.views.latest().has_graph("image")
    return made


@pytest.mark.parametrize("way", [{}, {"ef_search": 1}, {"target_recall": 0.5}, {"exact": True}])
def test_more_hits_than_there_are(collection, way):
    for condition, count in ((None, ROWS), ("colour = 'red'", ROWS // 2), ("price < 3", 3), ("price > 999", 0)):
        hits = collection.search(vector=VECTORS[0], k=10_000, filter=condition, **way).hits
        assert len({hit.doc_id for hit in hits}) == len(hits) == count


def test_fewer_candidates_than_hits(collection):
    result = collection.search(vector=VECTORS[0], k=50, ef_search=1)
    assert (result.plan.strategy, result.plan.ef_search, len(result.hits)) == ("hnsw", 50, 50)


@pytest.mark.parametrize(
    ("vector", "message"),
    [
        (np.full(DIM, np.nan), "NaN"),
        (np.full(DIM, np.inf), "infinit"),
        (np.zeros(DIM), "zero|no direction"),
        (np.ones(DIM - 1), r"shape \(7,\): it must be \(8,\)"),
        (np.ones((1, DIM)), r"must be \(8,\)"),
    ],
)
def test_vectors_without_a_direction(collection, vector, message):
    with pytest.raises(VectorError, match=message):
        collection.search(vector=vector)


@pytest.mark.parametrize(
    ("condition", "message"),
    [
        ("prise < 3", "no item has an attribute prise; did you mean price"),
        ("colour = 'red' and colr = 'x'", "did you mean colour"),
        ("price = 'cheap'", 'price holds numbers, never a string such as "cheap"'),
        ("colour > 3", "colour holds strings, never a number such as 3"),
        ("price = true", "price holds numbers, never a truth value"),
        ("price <", "position"),
    ],
)
def test_filters_that_do_not_fit(collection, condition, message):
    with pytest.raises(FilterError, match=message):
        collection.search(vector=VECTORS[0], filter=condition)


def test_a_collection_that_is_deleted_after_a_search_has_begun_answers_it(collection, workspace, tmp_path, monkeypatch):
    """The search sees the state that it began with; the next one is told."""
    original = ranking.execute

    def delete_and_execute(*arguments, **options):
        if deleting:
            deleting.pop().delete("c")
        return original(*arguments, **options)

    monkeypatch.setattr(ranking, "execute", delete_and_execute)
    with Workspace(workspace.settings) as other:
        deleting = [other]
        assert collection.search(vector=VECTORS[3], k=1, filter="price < 9").hits[0].doc_id == "3"
    for search in (lambda: collection.search(vector=VECTORS[3]), lambda: collection.add_vectors(["x"], VECTORS[:1])):
        with pytest.raises(NotFoundError, match="deleted meanwhile"):
            search()
    with pytest.raises(NotFoundError, match="deleted meanwhile"):
        collection.compact()


def test_a_collection_that_is_deleted_before_its_files_are_opened_is_not_there(collection, workspace, monkeypatch):
    original = generations.current

    def current(*arguments):
        found = original(*arguments)
        shutil.rmtree(collection.folder, ignore_errors=True)
        if deleting:
            deleting.pop().delete("c")
        return found

    with Workspace(workspace.settings) as other, Workspace(workspace.settings) as reader:
        fresh, deleting = reader.open("c"), [other]
        monkeypatch.setattr(generations, "current", current)
        with pytest.raises(NotFoundError, match="deleted meanwhile"):
            fresh.search(vector=VECTORS[0])
