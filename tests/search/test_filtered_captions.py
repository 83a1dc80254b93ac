"""Captions of the documents that a filter keeps, beside an oracle, while documents change and segments are merged."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from helpers import unit_vectors

from retrieval.errors import FilterError
from retrieval.settings import Settings
from retrieval.types import CatalogRecord, ModelReference, external_spec
from retrieval.workspace import Workspace
from retrieval.writer import EmbeddedItem, WriteBatch

DIM, DOCUMENTS, MOST_CAPTIONS = 6, 40, 3
FILTERS = [None, "price < 3", "price >= 3 and colour = 'red'", "colour = 'blue' and price < 0", "exists(price)"]
KEEPS = [
    lambda _: True,
    lambda one: one["price"] < 3,
    lambda one: one["price"] >= 3 and one["colour"] == "red",
    lambda _: False,
    lambda _: True,
]


@dataclass(frozen=True, slots=True)
class Stored:
    attributes: dict
    texts: tuple[str, ...]
    vectors: np.ndarray


class Catalogue:
    """A collection beside what should be in it, by doc_id."""

    def __init__(self, collection) -> None:
        self.collection = collection
        self.expected: dict[str, Stored] = {}
        self._rng = np.random.default_rng(0)
        self._written = 0

    def put(self, doc_ids) -> None:
        items = []
        for doc_id in doc_ids:
            self._written += 1
            count = int(self._rng.integers(MOST_CAPTIONS + 1))
            attributes = {"price": int(self._rng.integers(6)), "colour": str(self._rng.choice(["red", "blue"]))}
            texts = tuple(f"{doc_id}, version {self._written}, {number}" for number in range(count))
            vectors = unit_vectors(count + 1, DIM, seed=self._written)
            record = CatalogRecord(doc_id, f"{doc_id}.png", texts, attributes)
            items.append(EmbeddedItem(record, vectors[0], vectors[1:]))
            self.expected[doc_id] = Stored(attributes, texts, vectors[1:])
        self.collection.writer.commit(WriteBatch(items))

    def change(self) -> None:
        """Replace some documents, give others attributes of their neighbours, delete others."""
        chosen = [str(one) for one in self._rng.permutation(list(self.expected))]
        self.put(chosen[:6])
        for doc_id in chosen[6:9]:
            self.collection.update(doc_id, attributes={"price": 0})
            old = self.expected[doc_id]
            self.expected[doc_id] = Stored({**old.attributes, "price": 0}, old.texts, old.vectors)
        self.collection.delete(chosen[9:13])
        for doc_id in chosen[9:13]:
            del self.expected[doc_id]

    def check(self) -> None:
        (query,) = unit_vectors(1, DIM, seed=self._written + 1)
        for where, keeps in zip(FILTERS, KEEPS, strict=True):
            kept = {doc_id: one for doc_id, one in self.expected.items() if keeps(one.attributes)}
            told = [(text, doc_id) for doc_id, one in kept.items() for text in one.texts]
            scores = np.concatenate([np.empty(0), *(one.vectors @ query for one in kept.values())])
            best = [told[row] for row in np.argsort(-scores)]
            for k in (1, 3 * DOCUMENTS):
                found = self.collection.captions(vector=query, k=k, filter=where, ef_search=1_000)
                assert [(hit.caption, hit.doc_id) for hit in found] == best[:k], where


@pytest.mark.parametrize("exact_rows", [10_000, 1], ids=["exact", "graph"])
def test_captions_are_those_of_the_documents_that_a_filter_keeps(tmp_path, exact_rows):
    with Workspace(Settings(data_dir=tmp_path, database_url=None)) as workspace:
        catalogue = Catalogue(workspace.create("c", external_spec("test", DIM), ModelReference("external")))
        catalogue.collection.writer.commit(WriteBatch())
        assert catalogue.collection.captions(vector=np.eye(DIM, dtype=np.float32)[0]) == ()
        catalogue.put(map(str, range(DOCUMENTS)))
        for _ in range(4):
            catalogue.change()
            catalogue.check()
            catalogue.collection.compact(exact_rows=exact_rows)
            catalogue.check()
        with pytest.raises(FilterError, match="did you mean price"):
            catalogue.collection.captions(vector=np.eye(DIM, dtype=np.float32)[0], filter="prise < 3")
