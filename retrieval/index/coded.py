"""Exhaustive search of codes: what a graph over them would find if it missed nothing."""

from __future__ import annotations

import numpy as np

from retrieval.index.codes import Codes
from retrieval.index.faiss_wheel import faiss
from retrieval.index.flat import bitmap
from retrieval.index.hnsw import rank_anew
from retrieval.rowset import RowSet
from retrieval.types import FloatArray, KnnResult


class CodedIndex:
    """Compares the codes of all vectors, and ranks as many candidates by the full vectors as a graph search would.

    Evaluations tell by it what coding loses; nobody is served by it.
    """

    def __init__(self, codes: Codes, vectors: FloatArray) -> None:
        """`vectors`, float32 (rows, dim), are those that were coded."""
        self._codes = codes
        self._vectors = vectors

    @property
    def rows(self) -> int:
        """How many vectors there are."""
        return len(self._vectors)

    def search(self, queries: FloatArray, *, k: int, ef_search: int, allowed: RowSet | None = None) -> KnnResult:
        """See `VectorIndex.search`; `ef_search` is the number of candidates."""
        k = min(k, self.rows)
        queries = np.ascontiguousarray(queries, np.float32)
        params = faiss.SearchParameters(sel=None if allowed is None else bitmap(allowed))
        count = min(max(ef_search, k), self.rows)
        _, candidates = self._codes.index.search(self._codes.project(queries), count, params=params)
        return rank_anew(queries, self._vectors, candidates, k)
