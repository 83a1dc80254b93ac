"""Answers that are kept are those that a search would find at present, whatever was committed in between."""

from __future__ import annotations

import pytest
from helpers import unit_vectors
from hypothesis import given, settings
from hypothesis import strategies as st

from api.opened import OpenCollections
from api.searching.answers import AnswerCache
from api.searching.finding import Find, Finder
from api.searching.query import Clue, Prepared
from retrieval.search.fields import Fields
from retrieval.search.options import FacetOptions, SearchOptions
from retrieval.search.query import Document, Vector, Weighted
from retrieval.settings import Settings
from retrieval.types import ModelReference, external_spec
from retrieval.workspace import Workspace

DIM = 4
VECTORS = unit_vectors(60, DIM, seed=8)
TERMS = [Vector(VECTORS[0]), Vector(VECTORS[1]), Document("d0"), Document("d1")]
OPTIONS = [
    SearchOptions(k=3),
    SearchOptions(k=2, filter="n < 3"),
    SearchOptions(k=3, fields=Fields.named([])),
    SearchOptions(k=2, facets=FacetOptions(("n",))),
]


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    with Workspace(Settings(data_dir=tmp_path_factory.mktemp("data"), database_url=None)) as workspace:
        workspace.create("c", external_spec("t", DIM), ModelReference("external"))
        yield workspace


class Asking:
    """Asks one collection through a finder; `hits` tells of each search whether its answer was kept."""

    def __init__(self, workspace: Workspace, *, most_bytes: int = 2**20) -> None:
        self.hits: list[bool] = []
        self._collections = OpenCollections(workspace)
        self._finder = Finder(self._collections, AnswerCache(most_bytes=most_bytes, watch=self.hits.append))
        self.collection = self._collections.get("c").collection
        put(self.collection, range(6), VECTORS[:6])

    def kept(self, term: Vector | Document, options: SearchOptions):
        query = Prepared(self.collection, [Clue(term)], [Weighted(term)], None, {})
        (found,) = self._finder.find(Find("c", self.collection, options), [query])
        return found

    def new(self, term: Vector | Document, options: SearchOptions):
        return self.collection.find([Weighted(term)], options)


def put(collection, numbers, vectors):
    names, attributes = [f"d{n}" for n in numbers], [{"n": int(n)} for n in numbers]
    collection.add_vectors(names, vectors, attributes=attributes, captions=[[f"number {n}"] for n in numbers])


searches = st.tuples(st.sampled_from(TERMS), st.sampled_from(OPTIONS))
writes = st.tuples(st.sampled_from(["put", "delete"]), st.integers(0, 5), st.integers(0, len(VECTORS) - 1))


@settings(max_examples=20, deadline=None)
@given(st.lists(searches | writes, max_size=25))
def test_whatever_is_written_between_searches(workspace, steps):
    asking = Asking(workspace)
    for step in steps:
        match step:
            case "put", number, row:
                put(asking.collection, [number], VECTORS[row : row + 1])
            case "delete", number, _ if number > 1:  # the others are searched for
                asking.collection.delete([f"d{number}"])
            case Vector() | Document() as term, SearchOptions() as options:
                for is_again in (False, True):
                    found, new = asking.kept(term, options), asking.new(term, options)
                    assert (found.hits, found.plan, found.facets) == (new.hits, new.plan, new.facets)
                    assert asking.hits[-1] >= (is_again and isinstance(term, Vector))


def test_it_keeps_no_more_than_it_may(workspace):
    asking = Asking(workspace, most_bytes=15_000)  # two answers of about 6,000 bytes each
    for row in (0, 1, 0, 2, 0, 1):
        asking.kept(Vector(VECTORS[row]), SearchOptions(k=3))
    assert asking.hits == [False, False, True, False, True, False]


def test_the_seconds_told_are_those_of_now(workspace):
    asking = Asking(workspace)
    first, again = (asking.kept(TERMS[0], SearchOptions()).timings for _ in range(2))
    assert asking.hits == [False, True]
    assert again.keys() == first.keys()
    assert again["search"] > 0 == again["metadata"]
