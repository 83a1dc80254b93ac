"""Pictures that a collection holds more than once: files of the same bytes, or vectors that are nearly the same."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from retrieval.errors import InputError
from retrieval.index.generation import GenerationView
from retrieval.metadata import ledger, scans
from retrieval.types import FloatArray, KeyArray, KnnResult

if TYPE_CHECKING:
    from retrieval.collection import Collection

BATCH = 1_024
FIRST_NEIGHBOURS, GROWTH, MOST_NEIGHBOURS = 10, 4, 640
"""A picture's list grows from 10 to 640: of more duplicates than that, the nearest hold their group together."""
ROUNDING = 1e-6
"""By so much may the cosine of equal vectors miss 1."""

OnProgress = Callable[[int, int], None]
RowArray = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class DuplicateGroup:
    """Two or more documents, in the order in which they were stored, and the cosine of each with the first."""

    doc_ids: tuple[str, ...]
    scores: tuple[float, ...]


def same_bytes(collection: Collection) -> list[DuplicateGroup]:
    """Documents whose files were the same to the byte when they were indexed, largest groups first.

    Documents that were stored as vectors have no file, and are in no group.
    """
    with collection.database.read() as connection:
        view = collection.views.at(connection)
        keys, doc_ids = scans.live_documents(connection, collection.info.id)
        contents = ledger.same_contents(connection, collection.info.id)
    rows = {doc_id: row for row, doc_id in enumerate(doc_ids)}
    groups = [sorted(rows[doc_id] for doc_id in content if doc_id in rows) for content in contents]
    return _described(view, keys, doc_ids, groups)


def near_duplicates(
    collection: Collection, *, min_score: float = 0.95, on_progress: OnProgress | None = None
) -> list[DuplicateGroup]:
    """Documents that are linked by cosines of at least `min_score`, above 0 and up to 1, largest groups first.

    Every stored vector is searched for through the index. Links chain (single linkage): the ends of a long group may
    be less alike than `min_score`, which its scores tell. `on_progress` is told how many are done, of how many.
    """
    if not 0 < min_score <= 1:
        raise InputError(f"min_score is {min_score}: give a cosine above 0, up to 1")
    with collection.database.read() as connection:
        view = collection.views.at(connection)
        keys, doc_ids = scans.live_documents(connection, collection.info.id)
    sets = DisjointSets(len(keys))
    for start in range(0, len(keys), BATCH):
        vectors = view.vectors(keys[start : start + BATCH])
        for rows, found in _neighbours(collection, vectors, min_score - ROUNDING):
            there = np.isin(found, keys)
            for one, other in zip(rows[there] + start, np.searchsorted(keys, found[there]), strict=True):
                sets.join(int(one), int(other))
        if on_progress:
            on_progress(min(start + BATCH, len(keys)), len(keys))
    return _described(view, keys, doc_ids, sets.groups())


class DisjointSets:
    """Rows 0..n-1 in sets that are joined one pair at a time (union-find, with path halving)."""

    def __init__(self, rows: int) -> None:
        self._parents = list(range(rows))

    def join(self, one: int, other: int) -> None:
        """Make one set of the sets of two rows; its lowest row stands for it."""
        first, second = sorted((self._root(one), self._root(other)))
        self._parents[second] = first

    def groups(self) -> list[list[int]]:
        """The sets of two rows or more, each ascending, in the order of their lowest rows."""
        members: dict[int, list[int]] = {}
        for row in range(len(self._parents)):
            members.setdefault(self._root(row), []).append(row)
        return [rows for rows in members.values() if len(rows) > 1]

    def _root(self, row: int) -> int:
        parents = self._parents
        while parents[row] != row:
            parents[row] = row = parents[parents[row]]
        return row


def _neighbours(collection: Collection, vectors: FloatArray, min_score: float) -> Iterator[tuple[RowArray, KeyArray]]:
    """Rows of `vectors`, float32 (n, dim), and keys of what is that near, in pairs, themselves included.

    Rows whose list is full of near ones are searched again for longer ones.
    """
    rows, k = np.arange(len(vectors)), FIRST_NEIGHBOURS
    while len(rows):
        found, _ = collection.engine.nearest(vectors[rows], k=k, modality="image")
        longer = (found.scores[:, -1] >= min_score) & (k < MOST_NEIGHBOURS)
        yield _pairs(rows[~longer], KnnResult(found.keys[~longer], found.scores[~longer]), min_score)
        rows, k = rows[longer], k * GROWTH


def _pairs(rows: RowArray, found: KnnResult, min_score: float) -> tuple[RowArray, KeyArray]:
    near = found.scores >= min_score
    return np.repeat(rows, near.sum(axis=1)), found.keys[near]


def _described(
    view: GenerationView, keys: KeyArray, doc_ids: Sequence[str], groups: Sequence[Sequence[int]]
) -> list[DuplicateGroup]:
    described = []
    for rows in sorted((rows for rows in groups if len(rows) > 1), key=len, reverse=True):
        vectors = view.vectors(keys[rows])
        described.append(DuplicateGroup(tuple(doc_ids[row] for row in rows), tuple((vectors @ vectors[0]).tolist())))
    return described
