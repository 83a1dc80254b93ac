"""The documents of a collection by themselves: one, several, all in order, and all that a change of one needs."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import chain, islice

import numpy as np
from sqlalchemy import Connection

from retrieval.errors import NotFoundError
from retrieval.index.generation import Allowed, GenerationView
from retrieval.metadata import items, listing
from retrieval.metadata.batches import MOST_PARAMETERS
from retrieval.metadata.collections import CollectionInfo
from retrieval.search.engine import SearchEngine
from retrieval.search.stale import vectors_of
from retrieval.types import FloatArray, Item, KeyArray

BATCH = 1_000


@dataclass(frozen=True, slots=True, eq=False)
class StoredItem:
    """An item with its vectors: `image` float32 (dim,), `captions` float32 (n, dim).

    n is the number of its captions, or 0 where they have no vectors.
    """

    item: Item
    image: FloatArray
    captions: FloatArray


class Catalogue:
    """Reads documents; each call sees one committed state. Safe to use from several threads."""

    def __init__(self, engine: SearchEngine, info: CollectionInfo) -> None:
        self._engine = engine
        self._info = info

    def several(self, doc_ids: Sequence[str]) -> tuple[Item, ...]:
        """Documents in the order asked for; those that are not there are left out."""

        def attempt(connection: Connection) -> tuple[Item, ...]:
            keys = items.live_keys(connection, self._info.id, doc_ids)
            return self._items(connection, [keys[doc_id] for doc_id in doc_ids if doc_id in keys])

        return self._engine.reading(attempt)

    def page(self, *, after: str = "", limit: int = BATCH, filter: str | None = None) -> tuple[Item, ...]:  # noqa: A002
        """The first documents with an id above `after` that a filter keeps, in the order of their ids.

        Fewer than `limit` only where there are no more. `FilterError` for a filter that is wrong.
        """

        def attempt(connection: Connection) -> tuple[Item, ...]:
            view = self._engine.views.at(connection)
            allowed = self._engine.attributes.allowed(connection, view, filter) if filter else None
            return self._items(connection, self._keys(connection, view, allowed, after, limit))

        return self._engine.reading(attempt)

    def matching(self, expression: str) -> dict[str, int]:
        """The keys of the documents that a filter keeps, by doc_id; `FilterError` for one that is wrong."""

        def attempt(connection: Connection) -> dict[str, int]:
            view = self._engine.views.at(connection)
            keys = view.keys("image", self._engine.attributes.allowed(connection, view, expression))
            return items.doc_ids_by_keys(connection, self._info.id, keys.tolist())

        return self._engine.reading(attempt)

    def stored(self, doc_id: str) -> StoredItem:
        """One document with its vectors; `NotFoundError` if it is not there."""

        def attempt(connection: Connection) -> StoredItem:
            view = self._engine.views.at(connection)
            item = items.by_doc_id(connection, self._info.id, doc_id)
            if item is None:
                raise NotFoundError.of_document(doc_id, self._info.name)
            (image,) = vectors_of(view, np.array([item.key]))
            caption_keys = items.caption_keys(connection, self._info.id, [item.key])
            return StoredItem(item, image, self._caption_vectors(view, np.array(caption_keys, np.int64)))

        return self._engine.reading(attempt)

    def _keys(
        self, connection: Connection, view: GenerationView, allowed: Allowed | None, after: str, limit: int
    ) -> list[int]:
        if allowed is not None and allowed.count <= MOST_PARAMETERS:  # few: what lies between them is not walked over
            keys = view.keys("image", allowed).tolist()
            return listing.keys_among(connection, self._info.id, keys, after, limit=limit)
        with closing(listing.keys_after(connection, self._info.id, after, batch=min(limit, BATCH))) as batches:
            kept = (keys[view.among(keys, allowed)] if allowed else keys for keys in batches)
            return list(islice(chain.from_iterable(part.tolist() for part in kept), limit))

    def _items(self, connection: Connection, keys: Sequence[int]) -> tuple[Item, ...]:
        found = items.by_keys(connection, self._info.id, keys)
        return tuple(found[key] for key in keys)

    def _caption_vectors(self, view: GenerationView, keys: KeyArray) -> FloatArray:
        try:
            return view.vectors(keys).reshape(len(keys), self._info.spec.dim)
        except KeyError:  # captions of vectors that were made elsewhere have none
            return np.empty((0, self._info.spec.dim), np.float32)
