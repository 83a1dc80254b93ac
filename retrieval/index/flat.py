"""Exact search: the oracle, and the whole index of small collections and fresh segments."""

from __future__ import annotations

import numpy as np

from retrieval.index.faiss_wheel import FaissIndex, FaissSelector, faiss
from retrieval.rowset import RowSet
from retrieval.types import NO_KEY, FloatArray, KnnResult

GATHER_BELOW = 0.2
"""Share of allowed rows below which visiting only those beats a scan that asks a bitmap for each row."""


class FlatIndex:
    """Inner product with every vector, by FAISS. Holds a FAISS flat index, in memory or mapped from a file."""

    def __init__(self, flat: FaissIndex) -> None:
        self._flat = flat

    @classmethod
    def of(cls, vectors: FloatArray) -> FlatIndex:
        """An index over float32 (rows, dim) in memory."""
        flat = faiss.IndexFlatIP(vectors.shape[1])
        flat.add(np.ascontiguousarray(vectors, np.float32))
        return cls(flat)

    @property
    def rows(self) -> int:
        """How many vectors there are."""
        return int(self._flat.ntotal)

    def search(
        self,
        queries: FloatArray,
        *,
        k: int,
        ef_search: int = 0,  # noqa: ARG002  an exact search has no such knob
        allowed: RowSet | None = None,
    ) -> KnnResult:
        """See `VectorIndex.search`; exact, whatever is allowed."""
        k = min(k, self.rows)
        params = None if allowed is None else faiss.SearchParameters(sel=_selector(allowed))
        scores, rows = self._flat.search(np.ascontiguousarray(queries, np.float32), k, params=params)
        return as_result(rows, scores)


def as_result(rows: np.ndarray[tuple[int, int], np.dtype[np.int64]], scores: FloatArray) -> KnnResult:
    """FAISS's answer in our terms: its -1 labels become empty slots with a score of -inf."""
    return KnnResult(rows, np.where(rows == NO_KEY, np.float32(-np.inf), scores))


def bitmap(allowed: RowSet) -> FaissSelector:
    """A FAISS selector of these rows."""
    return faiss.IDSelectorBitmap(allowed.bitmap)


def _selector(allowed: RowSet) -> FaissSelector:
    few = allowed.count < GATHER_BELOW * allowed.size
    return faiss.IDSelectorArray(allowed.rows) if few else bitmap(allowed)
