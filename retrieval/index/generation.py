"""What one search sees: the segments of a published generation, less the keys that have died since."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from retrieval.index.segment import Segment
from retrieval.index.topk import empty, merge
from retrieval.types import BoolArray, FloatArray, Generation, KeyArray, KnnResult, VectorKind


class GenerationView:
    """An immutable snapshot. A newer state of the collection is another view that shares the open segments."""

    def __init__(self, generation: Generation, segments: Sequence[Segment], dead: KeyArray, *, revision: int) -> None:
        """`dead` is int64 (n,), ascending: keys that no search may return; `revision` is the state it was read at."""
        self.generation = generation
        self.segments = tuple(segments)
        self.dead = dead
        self.revision = revision
        self._live = [_all_but(segment, dead) for segment in self.segments]

    def rows(self, kind: VectorKind) -> int:
        """How many live vectors there are."""
        return sum(_count(segment, live) for segment, live in self._of(kind))

    def has_graph(self, kind: VectorKind) -> bool:
        """Whether any of the vectors are searched approximately."""
        return any(segment.has_graph for segment, _ in self._of(kind))

    def search(
        self,
        kind: VectorKind,
        queries: FloatArray,
        *,
        k: int,
        ef_search: int,
        allowed: KeyArray | None = None,
        exact: bool = False,
    ) -> KnnResult:
        """The k live vectors nearest to each query, float32 (nq, dim), as keys and cosines (nq, k).

        `allowed` is int64 (n,), ascending, and restricts the answer to those keys. `exact` leaves the graphs aside.
        """
        partial = [empty(len(queries), k)]
        for segment, live in self._of(kind):
            rows = _restrict(segment, live, allowed)
            if rows is not None and not rows.any():
                continue
            index = segment.exact if exact else segment.index
            found = index.search(queries, k=k, ef_search=ef_search, allowed=rows)
            partial.append(KnnResult(_as_keys(segment, found.keys), found.scores))
        return merge(partial, k=k)

    def vectors(self, keys: KeyArray) -> FloatArray:
        """The stored vectors of these keys, float32 (n, dim), in the order asked for; each must be there."""
        order = np.argsort(keys)
        found: dict[int, FloatArray] = {}
        for segment in self.segments:
            rows = segment.positions(keys[order])
            found.update(zip(segment.keys[rows].tolist(), segment.vectors[rows], strict=True))
        return np.array([found[key] for key in keys.tolist()], np.float32)

    def live_rows(self, segment: Segment) -> BoolArray | None:
        """Which rows of a segment are live, bool (rows,); None when all are."""
        return self._live[self.segments.index(segment)]

    def _of(self, kind: VectorKind) -> list[tuple[Segment, BoolArray | None]]:
        return [
            (segment, live)
            for segment, live in zip(self.segments, self._live, strict=True)
            if segment.info.kind == kind
        ]


def _all_but(segment: Segment, dead: KeyArray) -> BoolArray | None:
    rows = segment.positions(dead)
    if not len(rows):
        return None
    live = np.ones(segment.info.rows, np.bool_)
    live[rows] = False
    return live


def _restrict(segment: Segment, live: BoolArray | None, allowed: KeyArray | None) -> BoolArray | None:
    if allowed is None:
        return live
    mask = np.zeros(segment.info.rows, np.bool_)
    mask[segment.positions(allowed)] = True
    return mask if live is None else mask & live


def _as_keys(segment: Segment, rows: KeyArray) -> KeyArray:
    return np.where(rows < 0, rows, segment.keys[rows])


def _count(segment: Segment, live: BoolArray | None) -> int:
    return segment.info.rows if live is None else int(np.count_nonzero(live))
