"""Several queries at once find what each finds alone, in one call of the index, and fail alone."""

from __future__ import annotations

import numpy as np
import pytest
from helpers import unit_vectors
from rounds import make_graphs_small

from retrieval.errors import FilterError, InputError, NotFoundError, VectorError
from retrieval.index.generation import GenerationView
from retrieval.search.fields import Fields
from retrieval.search.options import FacetOptions, SearchOptions
from retrieval.search.query import Document, Text, Vector, Weighted
from retrieval.settings import Settings
from retrieval.types import HnswParams, IndexParams, ModelReference, external_spec
from retrieval.workspace import Workspace

DIM, ROWS = 6, 300
VECTORS = unit_vectors(ROWS, DIM, seed=3)
QUERIES = [[Weighted(Vector(vector))] for vector in unit_vectors(12, DIM, seed=4)] + [[Weighted(Document("d7"))]]


@pytest.fixture(scope="module", params=["exact", "graph"])
def collection(request, tmp_path_factory):
    with pytest.MonkeyPatch.context() as patched:
        make_graphs_small(patched.setattr)
        folder = tmp_path_factory.mktemp(request.param)
        with Workspace(Settings(data_dir=folder, database_url=None)) as workspace:
            index = IndexParams(HnswParams(8, 40), "full", target_recall=None)
            collection = workspace.create("c", external_spec("t", DIM), ModelReference("external"), index=index)
            attributes = [{"n": n % 7} for n in range(ROWS)]
            captions = [[f"number {n % 7}"] for n in range(ROWS)]
            names = [f"d{n}" for n in range(ROWS)]
            collection.add_vectors(names, VECTORS, attributes=attributes, captions=captions)
            if request.param == "graph":
                collection.compact()
            yield collection


@pytest.mark.parametrize(
    "options",
    [
        SearchOptions(k=5),
        SearchOptions(k=5, filter="n in (1, 2, 3, 4)", facets=FacetOptions(("n",))),
        SearchOptions(k=4, min_score=0.3, fields=Fields.named([])),
        SearchOptions(k=4, diversity=0.4),
        SearchOptions(k=3, group_by="n"),
        SearchOptions(k=3, without="d7"),
    ],
)
def test_each_is_answered_as_if_it_were_alone(collection, options):
    several = collection.search_many(QUERIES, options)
    for terms, found in zip(QUERIES, several, strict=True):
        alone = collection.find(terms, options)
        assert [hit.doc_id for hit in found.hits] == [hit.doc_id for hit in alone.hits]
        np.testing.assert_allclose([hit.score for hit in found.hits], [hit.score for hit in alone.hits], atol=1e-6)
        assert [(hit.attributes, hit.captions) for hit in found.hits] == [
            (hit.attributes, hit.captions) for hit in alone.hits
        ]
        assert (found.plan, found.facets, found.next_cursor) == (alone.plan, alone.facets, alone.next_cursor)


def test_the_index_is_asked_once_for_each_modality(collection, monkeypatch):
    collection.search_many(QUERIES, SearchOptions(k=5))  # the first one also measures what a good match is
    asked = []
    walk = GenerationView.walk

    def counting(view, kind, queries, **options):
        asked.append(len(queries))
        return walk(view, kind, queries, **options)

    monkeypatch.setattr(GenerationView, "walk", counting)
    collection.search_many(QUERIES, SearchOptions(k=5))
    assert sorted(asked) == [1, 12]


def test_what_is_wrong_with_one_query_is_in_its_place(collection):
    queries = [
        QUERIES[0], [Weighted(Text(" "))], [Weighted(Document("none"))], [], [Weighted(Vector(np.ones(3, np.float32)))],
        QUERIES[1],
    ]  # fmt: skip
    found = collection.search_many(queries, SearchOptions(k=2))
    assert [type(one) for one in found[1:5]] == [InputError, NotFoundError, InputError, VectorError]
    assert [len(found[row].hits) for row in (0, 5)] == [2, 2]
    assert collection.search_many([], SearchOptions()) == []
    with pytest.raises(FilterError):
        collection.search_many(QUERIES, SearchOptions(filter="n = 'x'"))


def test_words_and_mixes_too(collection):
    words = [[Weighted(Text(f"number {n}"))] for n in range(3)]
    for terms, found in zip(words, collection.search_many(words, SearchOptions(k=3, mode="lexical")), strict=True):
        assert found.hits == collection.find(terms, SearchOptions(k=3, mode="lexical")).hits
