"""Exact search by a scan of codes and an exact re-check: the answer of a full scan, three times as fast.

Filter and refine, as in the VA-file (Weber, Schek & Blott, VLDB 1998): codes give candidates and a bound on the scores
of all other rows; the candidates are scored from the vectors; where the k-th of those beats the bound, no other row
can be among the k best. Where it does not, the query is searched again in full.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from threading import Lock
from typing import TypeAlias

import numpy as np

from retrieval.index.faiss_wheel import FaissIndex, faiss
from retrieval.index.flat import FlatIndex, bitmap
from retrieval.index.products import with_rows
from retrieval.index.scan_codes import Candidates, ScanCodes
from retrieval.protocols import VectorIndex
from retrieval.rowset import RowSet
from retrieval.types import NO_KEY, FloatArray, KeyArray, KnnResult

LEAST_ROWS = 8_000
"""Allowed rows up to which a full scan of them costs no more than one of codes with its re-check."""
LEAST_SHARE = 0.05
"""Share of allowed rows below which visiting only those beats a scan that asks a bitmap for each row."""
MOST_BYTES = 2**30
"""Codes are not made for an index that would need more: 2 million vectors of 512 dimensions, one byte each."""
CODES_AFTER = 64
"""Queries answered in full before codes are made: by then they have cost about as much time as the codes will."""
CANDIDATES = 32
"""Candidates for each hit from a scan of codes."""
GROUPS = 8
"""Groups of candidates for each hit from matrix products, whose bounds are closer."""
MANY = 16
"""Queries, times the share of allowed rows, from which matrix products beat scans of one query each."""
CHUNK = 1_024
"""Queries searched at a time."""

Finder: TypeAlias = Callable[[FloatArray], Candidates]


def exact_index(flat: FaissIndex, vectors: FloatArray) -> VectorIndex:
    """Exact search over a FAISS flat index, through codes where that can pay; `vectors` are what it holds."""
    worth_it = len(vectors) > LEAST_ROWS and vectors.size <= MOST_BYTES
    return ScanIndex(flat, vectors) if worth_it else FlatIndex(flat)


class ScanIndex:
    """Exact search over a FAISS flat index. Its codes, one byte a dimension in memory, are made once they pay."""

    def __init__(self, flat: FaissIndex, vectors: FloatArray, *, codes_after: int = CODES_AFTER) -> None:
        """`vectors` is float32 (rows, dim), what `flat` holds.

        The codes are made by the search that follows `codes_after` queries: about 3 s for a million vectors.
        """
        self._full = FlatIndex(flat)
        self._vectors = vectors
        self._codes: ScanCodes | None = None
        self._in_full = codes_after  # queries left; a count that two threads lose only delays the codes
        self._making = Lock()

    @property
    def rows(self) -> int:
        """How many vectors there are."""
        return len(self._vectors)

    def search(self, queries: FloatArray, *, k: int, ef_search: int = 0, allowed: RowSet | None = None) -> KnnResult:
        """See `VectorIndex.search`; exact, whatever is allowed."""
        queries = np.ascontiguousarray(queries, np.float32)
        k = min(k, self.rows)
        find = self._finder(len(queries), k, allowed)
        if find is None:
            return self._full.search(queries, k=k, ef_search=ef_search, allowed=allowed)
        parts = [self._found(queries[at : at + CHUNK], k, find, allowed) for at in range(0, len(queries), CHUNK)]
        return KnnResult(np.concatenate([p.keys for p in parts]), np.concatenate([p.scores for p in parts]))

    def _finder(self, count: int, k: int, allowed: RowSet | None) -> Finder | None:
        """What finds candidates fastest for `count` queries; None where a full search is as fast."""
        among = self.rows if allowed is None else allowed.count
        if not count or among <= max(LEAST_ROWS, LEAST_SHARE * self.rows, 4 * CANDIDATES * k):
            return None
        products = _products() if count * among >= MANY * self.rows else None
        size = count * self._vectors.shape[1]
        if products is None and allowed is None and size >= faiss.cvar.distance_compute_blas_threshold:
            return None  # FAISS multiplies matrices too, in float32
        codes = self._ready(count)
        if codes is None:
            return None
        if products:
            return lambda queries: products(codes, queries, count=GROUPS * k, allowed=allowed)
        selector = None if allowed is None else bitmap(allowed)
        return lambda queries: codes.scan(queries, count=CANDIDATES * k, selector=selector)

    def _ready(self, count: int) -> ScanCodes | None:
        """The codes, made now if they pay; None while they do not, or while another thread makes them."""
        self._in_full -= count
        if self._codes is None and self._in_full < 0 and self._making.acquire(blocking=False):
            try:
                self._codes = self._codes or ScanCodes(self._vectors)
            finally:
                self._making.release()
        return self._codes

    def _found(self, queries: FloatArray, k: int, find: Finder, allowed: RowSet | None) -> KnnResult:
        candidates = find(queries)
        found = _best(*self._scored(queries, candidates, k, allowed), k)
        proven = np.isneginf(candidates.rest) | (candidates.rest < found.scores[:, -1])
        if not proven.all():
            full = self._full.search(queries[~proven], k=k, allowed=allowed)
            found.keys[~proven], found.scores[~proven] = full.keys, full.scores
        return found

    def _scored(
        self, queries: FloatArray, candidates: Candidates, k: int, allowed: RowSet | None
    ) -> tuple[KeyArray, FloatArray]:
        """Rows and exact scores, (nq, n) each, of all candidates that can be among the k best."""
        first = self._rows(candidates.groups[:, :k], candidates.size, allowed)
        scores = with_rows(queries, self._vectors, first)
        kth = -np.partition(-scores, k - 1, axis=1)[:, k - 1 : k]
        possible = candidates.upper[:, k:] >= kth
        width = int(possible.sum(axis=1).max(initial=0))
        if not width:
            return first, scores
        groups = np.where(possible[:, :width], candidates.groups[:, k : k + width], NO_KEY)
        others = self._rows(groups, candidates.size, allowed)
        return np.hstack([first, others]), np.hstack([scores, with_rows(queries, self._vectors, others)])

    def _rows(self, groups: KeyArray, size: int, allowed: RowSet | None) -> KeyArray:
        """The rows of groups (nq, n): int64 (nq, n * size), `NO_KEY` for those that are not there or not allowed."""
        rows = (groups[:, :, None] * size + np.arange(size)).reshape(len(groups), -1)
        there = (rows >= 0) & (rows < self.rows)
        if allowed is not None:
            there &= allowed.has(np.where(there, rows, 0))
        return np.where(there, rows, NO_KEY)


def _best(rows: KeyArray, scores: FloatArray, k: int) -> KnnResult:
    """The k best of each query's rows, ties to the lower row."""
    kth = -np.partition(-scores, k - 1, axis=1)[:, k - 1 : k]
    query, place = np.nonzero(scores >= kth)
    kept, values = rows[query, place], scores[query, place]
    order = np.lexsort((kept, -values, query))
    starts = np.searchsorted(query, np.arange(len(rows)))
    chosen = order[starts[:, None] + np.arange(k)]
    return KnnResult(kept[chosen], values[chosen])


def _products() -> Callable[..., Candidates] | None:
    """Search by matrix products, if bfloat16 is fast here. A search alone is no reason to load torch (1.5 s)."""
    if "torch" not in sys.modules:
        return None
    from retrieval.index import scan_products

    return scan_products.best_groups if scan_products.is_fast() else None
