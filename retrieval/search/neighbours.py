"""The documents nearest to a vector, by their keys: for clients that tell documents by numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from retrieval.certificate import Modality
from retrieval.metadata import items
from retrieval.search.candidates import Candidates
from retrieval.search.distinct import first_of_linked
from retrieval.search.grouping import best_of_groups
from retrieval.search.stale import vectors_of
from retrieval.types import AttributeValue, FloatArray, Item, KeyArray, Plan

if TYPE_CHECKING:
    from retrieval.collection import Collection


@dataclass(frozen=True, slots=True)
class Neighbour:
    """The key of a document's present version, its cosine, and the caption that was found where one was."""

    key: int
    score: float
    caption: str | None = None


def nearest_by_image(
    collection: Collection, query: FloatArray, *, k: int, modality: Modality | None
) -> list[Neighbour]:
    """The k documents whose images are nearest to a unit vector, float32 (1, dim), of this modality; best first."""
    found, _ = collection.engine.nearest(query, k=k, modality=modality)
    return [Neighbour(key, score) for _, key, score in Candidates.of(found).ranked()]


def nearest_by_caption(
    collection: Collection, query: FloatArray, *, k: int, modality: Modality | None
) -> list[Neighbour]:
    """The same by their captions, each document by its best one; none where captions have no vectors."""

    def search(wanted: int) -> tuple[Candidates, Plan]:
        found, plan = collection.engine.nearest(query, kind="caption", k=wanted, modality=modality)
        return Candidates.of(found), plan

    with collection.database.read() as connection:

        def documents_of(keys: KeyArray) -> list[AttributeValue]:
            rows = items.captions_by_keys(connection, collection.info.id, keys.tolist())
            return [rows[key].doc_id if key in rows else None for key in keys.tolist()]

        best, _ = best_of_groups(search, documents_of, k=k, least=-np.inf)
        rows = items.captions_by_keys(connection, collection.info.id, best.keys.tolist())
        live = items.live_keys(connection, collection.info.id, [row.doc_id for row in rows.values()])
    found = [(rows[key], score) for _, key, score in best.ranked() if key in rows]
    return [Neighbour(live[row.doc_id], score, row.text) for row, score in found if row.doc_id in live]


def distinct(collection: Collection, neighbours: Sequence[Neighbour], *, min_score: float) -> list[Neighbour]:
    """The best of each set of pictures that cosines of at least `min_score` link.

    Raises:
        StaleViewError: one of them was dropped by a compaction meanwhile.
    """
    keys = np.array([one.key for one in neighbours], np.int64)
    vectors = vectors_of(collection.views.latest(), keys)
    return [neighbours[row] for row in first_of_linked(vectors, min_score)]


def live_items(collection: Collection, keys: Sequence[int]) -> dict[int, Item]:
    """The documents whose present version has one of these keys, by key."""
    with collection.database.read() as connection:
        found = items.by_keys(connection, collection.info.id, keys)
        live = items.live_keys(connection, collection.info.id, [item.doc_id for item in found.values()])
    return {key: item for key, item in found.items() if live.get(item.doc_id) == key}
