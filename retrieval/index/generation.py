"""What one search sees: the segments of a published generation, less the keys that have died since."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

import numpy as np

from retrieval.errors import ConflictError
from retrieval.index.segment import Segment
from retrieval.index.shortfalls import Shortfalls
from retrieval.index.topk import empty, merge
from retrieval.lru import LruCache
from retrieval.protocols import VectorIndex
from retrieval.rowset import RowSet
from retrieval.segments import Generation
from retrieval.types import NO_KEY, BoolArray, FloatArray, KeyArray, KnnResult, VectorKind

IndexName: TypeAlias = Literal["served", "codes", "exact"]

MOST_FILTERS = 64
MOST_FILTER_BYTES = 2**26


@dataclass(frozen=True, slots=True, eq=False)
class Allowed:
    """What a search of one view may return: a set of live rows for each of its segments of a kind, `count` in all.

    `shortfalls` is what searches of it have found out.
    """

    revision: int
    kind: VectorKind
    rows: tuple[RowSet, ...]
    count: int
    shortfalls: Shortfalls = field(default_factory=Shortfalls)

    @property
    def nbytes(self) -> int:
        """Bytes held at present."""
        return sum(one.nbytes for one in self.rows)


class GenerationView:
    """An immutable snapshot. A newer state of the collection is another view that shares the open segments.

    `filtered` keeps what filters allow, by their text. Neither goes ever stale: what is stored under a key never
    changes, so in one view a filter has one answer.
    """

    def __init__(self, generation: Generation, segments: Sequence[Segment], dead: KeyArray, *, revision: int) -> None:
        """`dead` is int64 (n,), ascending: keys that no search may return; `revision` is the state it was read at."""
        self.generation = generation
        self.segments = tuple(segments)
        self.dead = dead
        self.revision = revision
        self.filtered: LruCache[str, Allowed] = LruCache(most=MOST_FILTERS, most_bytes=MOST_FILTER_BYTES)
        self._live = [_all_but(segment, dead) for segment in self.segments]

    def with_segment(self, new: Segment, *, instead_of: Sequence[Segment]) -> GenerationView:
        """What would be searchable with one segment in the place of others."""
        kept = [segment for segment in self.segments if segment not in instead_of]
        return GenerationView(self.generation, [*kept, new], self.dead, revision=self.revision)

    def of_kind(self, kind: VectorKind) -> list[Segment]:
        """The segments of a kind."""
        return [segment for segment in self.segments if segment.info.kind == kind]

    def rows(self, kind: VectorKind) -> int:
        """How many live vectors there are."""
        return sum(_count(segment, live) for segment, live in self._of(kind))

    def has_graph(self, kind: VectorKind) -> bool:
        """Whether any of the vectors are searched approximately."""
        return any(segment.has_graph for segment, _ in self._of(kind))

    def has_codes(self, kind: VectorKind) -> bool:
        """Whether a graph search of them compares codes in the vectors' place."""
        return any(segment.info.codes for segment, _ in self._of(kind))

    def allow(self, kind: VectorKind, matching: Callable[[Segment], RowSet]) -> Allowed:
        """The live ones among the rows that `matching` gives for each segment of a kind."""
        rows = tuple(_both(matching(segment), live) for segment, live in self._of(kind))
        return Allowed(self.revision, kind, rows, sum(one.count for one in rows))

    def among(self, keys: KeyArray, allowed: Allowed) -> BoolArray:
        """Which of some keys, int64 of any shape, in any order, are allowed."""
        found = np.zeros(keys.shape, np.bool_)
        for number, (segment, _) in enumerate(self._of(allowed.kind)):
            rows = np.searchsorted(segment.keys, keys).clip(max=segment.info.rows - 1)
            found |= (segment.keys[rows] == keys) & allowed.rows[number].has(rows)
        return found

    def allow_keys(self, kind: VectorKind, keys: KeyArray) -> Allowed:
        """The live ones among some keys, int64 (n,) ascending; others may be among them."""
        return self.allow(kind, lambda segment: RowSet.of_rows(segment.positions(keys), segment.info.rows))

    def search(
        self,
        kind: VectorKind,
        queries: FloatArray,
        *,
        k: int,
        ef_search: int,
        allowed: Allowed | None = None,
        index: IndexName = "served",
    ) -> KnnResult:
        """The k live vectors nearest to each query, float32 (nq, dim), as keys and cosines (nq, k).

        `allowed`, of this view and kind, restricts the answer. The served `index` is the graphs and what is in none;
        "codes" compares what graphs compare, and all of it, and "exact" all vectors: both leave the graphs aside.

        Raises:
            ConflictError: what is allowed belongs to another state of the collection.
        """
        return self.walk(kind, queries, k=k, ef_search=ef_search, allowed=allowed, index=index)[0]

    def walk(
        self,
        kind: VectorKind,
        queries: FloatArray,
        *,
        k: int,
        ef_search: int,
        allowed: Allowed | None = None,
        index: IndexName = "served",
    ) -> tuple[KnnResult, BoolArray]:
        """The same, and for which queries, bool (nq,), every segment has answered in full: with k, or all it has.

        Where a graph has not, most of what is near to the query is dead or not allowed, and the rest of the answer
        may lie beyond what the search has seen.
        """
        if allowed is not None and (allowed.revision, allowed.kind) != (self.revision, kind):
            raise ConflictError("the collection has changed since it was filtered: filter it again")
        partial, full = [empty(len(queries), k)], np.ones(len(queries), np.bool_)
        for number, (segment, live) in enumerate(self._of(kind)):
            rows = allowed.rows[number] if allowed else live
            if rows is not None and not rows.count:
                continue
            ef_live = ef_search if live is None else _beside_dead(ef_search, live, k)
            found = _index_of(segment, index).search(queries, k=k, ef_search=ef_live, allowed=rows)
            full &= np.count_nonzero(found.keys != NO_KEY, axis=1) >= min(k, _count(segment, rows))
            partial.append(KnnResult(_as_keys(segment, found.keys), found.scores))
        return merge(partial, k=k), full

    def keys(self, kind: VectorKind, allowed: Allowed | None = None) -> KeyArray:
        """The keys of the live vectors, of those allowed, ascending int64 (n,)."""
        parts = [np.empty(0, np.int64)]
        for number, (segment, live) in enumerate(self._of(kind)):
            rows = allowed.rows[number] if allowed else live
            parts.append(segment.keys if rows is None else segment.keys[rows.mask])
        return np.sort(np.concatenate(parts))

    def vectors(self, keys: KeyArray) -> FloatArray:
        """The stored vectors of these keys, float32 (n, dim), in the order asked for; each must be there."""
        order = np.argsort(keys)
        found: dict[int, FloatArray] = {}
        for segment in self.segments:
            rows = segment.positions(keys[order])
            found.update(zip(segment.keys[rows].tolist(), segment.vectors(rows), strict=True))
        return np.array([found[key] for key in keys.tolist()], np.float32)

    def live_rows(self, segment: Segment) -> BoolArray | None:
        """Which rows of a segment are live, bool (rows,); None when all are."""
        live = self._live[self.segments.index(segment)]
        return None if live is None else live.mask

    def _of(self, kind: VectorKind) -> list[tuple[Segment, RowSet | None]]:
        return [
            (segment, live)
            for segment, live in zip(self.segments, self._live, strict=True)
            if segment.info.kind == kind
        ]


def _all_but(segment: Segment, dead: KeyArray) -> RowSet | None:
    rows = segment.positions(dead)
    if not len(rows):
        return None
    live = np.ones(segment.info.rows, np.bool_)
    live[rows] = False
    return RowSet.of_mask(live)


def _index_of(segment: Segment, index: IndexName) -> VectorIndex:
    match index:
        case "served":
            return segment.index
        case "codes":
            return segment.coded
        case "exact":
            return segment.exact


def _beside_dead(ef_search: int, live: RowSet, k: int) -> int:
    """So many candidates that about `ef_search` of them are live, and some more for those that died close together."""
    return round(ef_search * live.size / max(live.count, 1)) + 2 * k


def _both(rows: RowSet, live: RowSet | None) -> RowSet:
    return rows if live is None else rows & live


def _as_keys(segment: Segment, rows: KeyArray) -> KeyArray:
    return np.where(rows < 0, rows, segment.keys[rows])


def _count(segment: Segment, live: RowSet | None) -> int:
    return segment.info.rows if live is None else live.count
