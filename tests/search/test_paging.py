"""Pages of a search while the collection changes: no document twice, and all that stay as they are."""

from __future__ import annotations

import random

import numpy as np
import pytest
from helpers import unit_vectors
from hypothesis import given, settings
from hypothesis import strategies as st
from rounds import make_graphs_small

from retrieval.errors import CursorError, InputError
from retrieval.filters import matches, parse_filter
from retrieval.search.cursor import Cursor
from retrieval.search.query import Text, Weighted
from retrieval.settings import Settings
from retrieval.types import HnswParams, IndexParams, ModelReference, external_spec
from retrieval.workspace import Workspace

DIM = 3
POOL = np.repeat(unit_vectors(25, DIM, seed=4), 4, axis=0)
"""Each vector four times, so that many documents have the very same score."""
QUERY = unit_vectors(1, DIM, seed=9)[0]
FILTER = "colour in ('red', 'green') and n >= 3"


class Catalogue:
    """A collection and what is in it; `touched` are documents that were written since paging began."""

    def __init__(self, workspace: Workspace, seed: int, size: int, name: str = "c") -> None:
        index = IndexParams(HnswParams(8, 40), "full", target_recall=None, ef_search=10)
        self.collection = workspace.create(name, external_spec("test", DIM), ModelReference("external"), index=index)
        self.random = random.Random(seed)
        self.stored: dict[str, tuple[np.ndarray, dict]] = {}
        self.touched: set[str] = set()
        self.store({f"d{number}": self.some() for number in range(size)})
        self.touched.clear()

    def some(self) -> tuple[np.ndarray, dict]:
        colours = self.random.sample(["red", "green", "blue", "white"], 2)
        attributes = {"n": self.random.randrange(20), "colour": self.random.choice([*colours, colours])}
        return POOL[self.random.randrange(len(POOL))], attributes

    def store(self, new: dict[str, tuple[np.ndarray, dict]]) -> None:
        vectors, attributes = zip(*new.values(), strict=True)
        self.collection.add_vectors(list(new), np.array(vectors), attributes=attributes)
        self.stored |= new
        self.touched |= new.keys()

    def change(self, kind: str) -> None:
        doc_id = self.random.choice(sorted(self.stored))
        match kind:
            case "add":
                self.store({f"new{self.random.random()}": self.some()})
            case "replace":
                self.store({doc_id: self.some()})
            case "patch":
                vector, attributes = self.stored[doc_id]
                self.store({doc_id: (vector, {**attributes, "n": self.random.randrange(20)})})
            case "delete":
                self.collection.delete([doc_id])
                del self.stored[doc_id]
            case "compact":
                self.collection.compact()

    def left_alone(self, options: dict) -> dict[str, dict]:
        """The documents that fit all the time, with their attributes."""
        where, least = parse_filter(options["filter"]) if "filter" in options else None, options.get("min_score", -1)
        return {
            doc_id: attributes
            for doc_id, (vector, attributes) in self.stored.items()
            if doc_id not in self.touched
            and (where is None or matches(where, attributes))
            and vector @ QUERY >= least + 1e-6
        }


CHANGES = st.lists(st.sampled_from(["add", "replace", "patch", "delete", "compact"]), max_size=3)
OPTIONS = st.sampled_from(
    [{}, {"exact": True}, {"filter": FILTER}, {"min_score": 0.2, "exact": True}, {"group_by": "colour"},
     {"group_by": "n", "filter": FILTER}, {"group_by": "colour", "min_score": 0.1, "exact": True}]
)  # fmt: skip


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    with Workspace(Settings(data_dir=tmp_path_factory.mktemp("data"), database_url=None)) as workspace:
        yield workspace


@settings(deadline=None, derandomize=True, max_examples=30)
@given(st.integers(0, 2**20), st.integers(1, 60), st.integers(3, 9), OPTIONS, st.lists(CHANGES, max_size=5))
def test_no_document_comes_twice_and_none_that_stays_is_left_out(workspace, seed, size, k, options, changes):
    with pytest.MonkeyPatch.context() as patched:
        make_graphs_small(patched.setattr)
        catalogue = Catalogue(workspace, seed, size, f"c{len(workspace.collections())}")
        catalogue.collection.compact()
        check_pages(catalogue, k, options, changes)


def check_pages(catalogue: Catalogue, k: int, options: dict, changes: list[list[str]]) -> None:
    hits, cursor, waiting = [], None, iter(changes)
    while True:
        page = catalogue.collection.search(vector=QUERY, k=k, cursor=cursor, **options)
        assert len(page.hits) == k or page.next_cursor is None
        hits.extend(page.hits)
        assert len(hits) <= 200, "it goes on for ever"
        cursor = page.next_cursor
        if cursor is None:
            break
        for kind in next(waiting, []):
            catalogue.change(kind)
    assert [hit.rank for hit in hits] == list(range(1, len(hits) + 1))
    found = [hit.doc_id for hit in hits]
    assert len(set(found)) == len(found)
    if "group_by" in options:
        groups: set = set()
        for hit in hits:
            of_hit = set(as_list(hit.attributes[options["group_by"]]))
            assert of_hit - groups, "it stands for no group that was not there before"
            groups |= of_hit
        wanted = [attributes[options["group_by"]] for attributes in catalogue.left_alone(options).values()]
        assert {group for value in wanted for group in as_list(value)} <= groups
        return
    assert set(catalogue.left_alone(options)) <= set(found)


def as_list(value) -> list:
    return value if isinstance(value, list) else [value]


@pytest.fixture(scope="module")
def collection(workspace):
    return Catalogue(workspace, 1, 30, "constant").collection


@pytest.mark.parametrize("options", [{}, {"filter": FILTER}, {"group_by": "n"}, {"min_score": 0}])
def test_pages_of_what_does_not_change_are_the_parts_of_one_search(collection, options):
    whole = collection.search(vector=QUERY, k=1000, **options)
    assert whole.next_cursor is None
    scores, cursor = [], None
    while True:
        page = collection.search(vector=QUERY, k=7, cursor=cursor, **options)
        scores.extend(hit.score for hit in page.hits)
        if (cursor := page.next_cursor) is None:
            break
    np.testing.assert_allclose(scores, [hit.score for hit in whole.hits], atol=1e-6)


def test_the_last_page_has_no_cursor_even_if_it_is_full(collection):
    first = collection.search(vector=QUERY, k=15)
    second = collection.search(vector=QUERY, k=15, cursor=first.next_cursor)
    assert (len(second.hits), second.next_cursor) == (15, None)
    similar = collection.similar("d1", k=29)
    assert (len(similar.hits), similar.next_cursor) == (29, None)
    assert collection.similar("d1", k=28).next_cursor is not None


def test_pages_of_other_rankings(workspace):
    collection = Catalogue(workspace, 1, 1, "words").collection
    names = [f"w{number}" for number in range(12)]
    collection.add_vectors(names, POOL[:12], captions=[["red shirt"] if n % 2 else ["blue"] for n in range(12)])
    found, cursor, more = [], None, 0
    while True:
        page = collection.search("shirt", k=2, mode="lexical", cursor=cursor)
        found.extend(hit.doc_id for hit in page.hits)
        if (cursor := page.next_cursor) is None:
            break
        if (more := more + 1) < 3:
            collection.add_vectors([f"more{more}"], POOL[:1], captions=[["shirt shirt"]])
    assert len(set(found)) == len(found)
    assert set(found) >= {name for number, name in enumerate(names) if number % 2}


def test_a_cursor_is_of_one_search(collection):
    cursor = collection.search(vector=QUERY, k=2, filter="n >= 0").next_cursor
    assert collection.search(vector=QUERY, k=5, filter="n >= 0", cursor=cursor, facets=["n"]).hits[0].rank == 3
    for other in ({"vector": QUERY}, {"vector": -QUERY, "filter": "n >= 0"}, {"doc_id": "d1", "filter": "n >= 0"}):
        with pytest.raises(CursorError, match="not of this search"):
            collection.search(**other, cursor=cursor)
    for broken in (cursor[:-1], cursor + "A", "", "ü", "abc=", "*" * 40):
        with pytest.raises(CursorError):
            collection.search(vector=QUERY, filter="n >= 0", cursor=broken)
    with pytest.raises(InputError, match="diversity orders hits among themselves"):
        collection.search(vector=QUERY, diversity=0.5, cursor=cursor)
    assert collection.search(vector=QUERY, k=2, diversity=0.5).next_cursor is None


def test_pages_end_at_a_bound(collection):
    cursor = Cursor.read(collection.search(vector=QUERY, k=2).next_cursor)
    deep = Cursor(cursor.search, 9_999, cursor.given).text
    with pytest.raises(InputError, match="9,999 hits were given, and 2 more would be over 10,000"):
        collection.search(vector=QUERY, k=2, cursor=deep)


def test_values_that_are_equal_are_one_group_for_a_cursor():
    cursor = Cursor(b"x" * 16).after(["a", "b"], [["red", "blue"], 1.0])
    assert Cursor.read(cursor.text) == cursor
    assert (cursor.hits, cursor.has("a"), cursor.has("c")) == (2, True, False)
    assert cursor.not_given(["red", "green"]) == ["green"]
    assert cursor.not_given(1) is None
    assert [cursor.not_given(value) for value in (True, "1", 2, None)] == [True, "1", 2, None]


def test_a_text_is_told_from_a_document_of_its_name(collection):
    cursor = collection.search(doc_id="d1", k=2).next_cursor
    with pytest.raises(CursorError):
        collection.search(terms=[Weighted(Text("d1"))], mode="lexical", cursor=cursor)
