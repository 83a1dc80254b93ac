"""Facets of a collection while it changes: always of the state that is searched, whatever was kept."""

from __future__ import annotations

import pytest
from helpers import unit_vectors

from retrieval.errors import FilterError, InputError
from retrieval.settings import Settings
from retrieval.types import ModelReference, external_spec
from retrieval.workspace import Workspace

DIM = 4
VECTORS = unit_vectors(60, DIM, seed=5)
COLOURS = ["red", "red", "green", "blue", "red"]


@pytest.fixture
def collection(tmp_path):
    with Workspace(Settings(data_dir=tmp_path, database_url=None)) as workspace:
        collection = workspace.create("c", external_spec("test", DIM), ModelReference("external"))
        add(collection, 0, 20)
        add(collection, 20, 40)
        yield collection


def add(collection, first: int, end: int, **more) -> None:
    attributes = [{"colour": COLOURS[n % 5], "price": n, **more} for n in range(first, end)]
    collection.add_vectors([f"d{n}" for n in range(first, end)], VECTORS[first:end], attributes=attributes)


def values(facet) -> dict:
    return {one.value: one.count for one in facet.values}


def test_facets_follow_additions_replacements_deletions_and_compaction(collection):
    (colours,) = collection.facets(["colour"])
    assert values(colours) == {"red": 24, "blue": 8, "green": 8}
    assert [one.value for one in colours.values] == ["red", "blue", "green"]
    collection.delete([f"d{n}" for n in range(0, 40, 5)])
    assert values(collection.facets(["colour"])[0]) == {"red": 16, "blue": 8, "green": 8}
    collection.add_vectors(["d1", "d2"], VECTORS[:2], attributes=[{"colour": "black"}] * 2)
    changed = {"red": 15, "blue": 8, "green": 7, "black": 2}
    assert values(collection.facets(["colour"])[0]) == changed
    collection.compact()
    assert values(collection.facets(["colour"])[0]) == changed
    (best,) = collection.facets(["colour"], values=1)
    assert (values(best), best.distinct, best.documents) == ({"red": 15}, 4, 32)


def test_a_facet_leaves_aside_what_the_filter_says_of_its_own_attribute(collection):
    colours, prices = collection.facets(["colour", "price"], filter="colour = 'red' and price < 10 and price >= 5")
    assert values(colours) == {"red": 3, "green": 1, "blue": 1}
    assert (prices.documents, prices.numbers.min, prices.numbers.max) == (24, 0, 39)
    either = collection.facets(["colour"], filter="colour = 'red' or price < 3")[0]
    assert values(either) == {"red": 24, "green": 1}


def test_a_search_counts_all_documents_that_the_filter_keeps(collection):
    result = collection.search(vector=VECTORS[0], k=1, filter="price < 10", facets=["colour"])
    assert len(result.hits) == 1
    assert result.facets == collection.facets(["colour"], filter="price < 10")
    assert "facets" in result.timings
    assert collection.search(vector=VECTORS[0]).facets == ()


def test_all_attributes_are_those_of_live_documents(collection):
    add(collection, 40, 42, on="2026-01-05")
    assert [(one.attribute, one.type, one.documents) for one in collection.attributes()] == [
        ("colour", "string", 42), ("on", "date", 2), ("price", "number", 42),
    ]  # fmt: skip
    collection.delete(["d40", "d41"])
    assert [one.attribute for one in collection.attributes()] == ["colour", "price"]
    collection.delete([f"d{n}" for n in range(40)])
    assert collection.attributes() == ()
    assert collection.facets(["colour"])[0].documents == 0


def test_what_cannot_be_counted_is_told(collection):
    with pytest.raises(InputError, match="no item has an attribute color; did you mean colour"):
        collection.facets(["color"])
    with pytest.raises(FilterError, match="never a string"):
        collection.facets(["price"], filter="price = 'x'")
    with pytest.raises(InputError, match="ask for 1 to 1,000"):
        collection.facets(["price"], values=0)
