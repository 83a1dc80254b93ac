"""Answers that are kept are those that a search would find at present, whatever was committed in between."""

from __future__ import annotations

import numpy as np
import pytest
from helpers import unit_vectors
from hypothesis import given, settings
from hypothesis import strategies as st

from retrieval.search.answers import AnswerCache
from retrieval.search.cursor import fingerprint
from retrieval.search.fields import Fields
from retrieval.search.options import FacetOptions, SearchOptions
from retrieval.search.query import Document, Vector, Weighted
from retrieval.search.ranking import Sought
from retrieval.settings import Settings
from retrieval.types import ModelReference, external_spec
from retrieval.workspace import Workspace

DIM = 4
VECTORS = unit_vectors(60, DIM, seed=8)
TERMS = [Weighted(Vector(VECTORS[0])), Weighted(Vector(VECTORS[1])), Weighted(Document("d0")), Weighted(Document("d1"))]
OPTIONS = [
    SearchOptions(k=3),
    SearchOptions(k=2, filter="n < 3"),
    SearchOptions(k=3, fields=Fields.named([])),
    SearchOptions(k=2, facets=FacetOptions(("n",))),
]


@pytest.fixture(scope="module")
def collection(tmp_path_factory):
    with Workspace(Settings(data_dir=tmp_path_factory.mktemp("data"), database_url=None)) as workspace:
        yield workspace.create("c", external_spec("t", DIM), ModelReference("external"))


def put(collection, numbers, vectors):
    names, attributes = [f"d{n}" for n in numbers], [{"n": int(n)} for n in numbers]
    collection.add_vectors(names, vectors, attributes=attributes, captions=[[f"number {n}"] for n in numbers])


def found(collection, term, options, kept=None):
    sought = Sought(collection.embed_query([term]), asked=fingerprint([(term.term, term.weight)]))
    (answer,) = collection.engine.search_many([sought], options, kept=kept)
    return answer.hits, answer.plan, answer.facets, answer.next_cursor


searches = st.tuples(st.sampled_from(TERMS), st.sampled_from(OPTIONS))
writes = st.tuples(st.sampled_from(["put", "delete"]), st.integers(0, 5), st.integers(0, len(VECTORS) - 1))


@settings(max_examples=20, deadline=None)
@given(st.lists(searches | writes, max_size=25))
def test_whatever_is_written_between_searches(collection, steps):
    put(collection, range(6), VECTORS[:6])
    lookups: list[bool] = []
    kept = AnswerCache(most_bytes=2**20, watch=lookups.append)
    for step in steps:
        match step:
            case "put", number, row:
                put(collection, [number], VECTORS[row : row + 1])
            case "delete", number, _ if number > 1:  # the others are searched for
                collection.delete([f"d{number}"])
            case Weighted() as term, SearchOptions() as options:
                assert found(collection, term, options, kept) == found(collection, term, options)
                assert found(collection, term, options, kept) == found(collection, term, options)
                assert lookups[-1]


def test_it_keeps_no_more_than_it_may(collection):
    put(collection, range(6), VECTORS[:6])
    lookups: list[bool] = []
    kept = AnswerCache(most_bytes=20_000, watch=lookups.append)  # two answers of about 8,000 bytes each
    for row in (0, 1, 0, 2, 0, 1):
        found(collection, Weighted(Vector(VECTORS[row])), SearchOptions(k=3), kept)
    assert lookups == [False, False, True, False, True, False]


def test_the_seconds_told_are_those_of_now(collection):
    put(collection, range(6), VECTORS[:6])
    kept = AnswerCache(most_bytes=2**20, watch=lambda _: None)
    sought = Sought(np.array(VECTORS[:1]), asked=b"one")
    first, again = (collection.engine.search_many([sought], SearchOptions(), kept=kept)[0].timings for _ in range(2))
    assert again.keys() == first.keys()
    assert again["search"] > 0 == again["metadata"]
