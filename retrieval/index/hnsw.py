"""Approximate search in a hierarchical navigable small-world graph (Malkov & Yashunin, IEEE TPAMI 2020), by FAISS."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from retrieval.index.faiss_wheel import FaissIndex, faiss
from retrieval.index.flat import as_result, bitmap
from retrieval.rowset import RowSet
from retrieval.types import FloatArray, HnswParams, KnnResult

BUILD_BLOCK = 10_000  # vectors added between two reports of progress


class HnswIndex:
    """A FAISS HNSW graph over unit vectors, searched by inner product."""

    def __init__(self, graph: FaissIndex, *, vectors: FaissIndex = None) -> None:
        self._graph = graph
        self._vectors = vectors  # kept alive: the graph of `open` only points to it

    @classmethod
    def build(
        cls, vectors: FloatArray, params: HnswParams, *, on_progress: Callable[[int], None] | None = None
    ) -> HnswIndex:
        """Link float32 (rows, dim) into a graph; `on_progress` gets the number of rows linked so far.

        The same vectors and parameters give the same graph, whatever the number of threads.
        """
        graph = faiss.IndexHNSWFlat(vectors.shape[1], params.m, faiss.METRIC_INNER_PRODUCT)
        graph.hnsw.efConstruction = params.ef_construction
        for start in range(0, len(vectors), BUILD_BLOCK):
            graph.add(np.ascontiguousarray(vectors[start : start + BUILD_BLOCK], np.float32))
            if on_progress:
                on_progress(graph.ntotal)
        return cls(graph)

    @classmethod
    def open(cls, path: str, vectors: FaissIndex) -> HnswIndex:
        """Map a graph written by `save` and join it to the flat index that holds its vectors."""
        graph = faiss.read_index(path, faiss.IO_FLAG_MMAP_IFC | faiss.IO_FLAG_SKIP_STORAGE)
        graph.storage = vectors
        graph.own_fields = False
        return cls(graph, vectors=vectors)

    def save(self, path: str) -> None:
        """Write the graph without its vectors, which the segment keeps once, in a file of their own."""
        faiss.write_index(self._graph, path, faiss.IO_FLAG_SKIP_STORAGE)

    @property
    def rows(self) -> int:
        """How many vectors there are."""
        return int(self._graph.ntotal)

    def search(self, queries: FloatArray, *, k: int, ef_search: int, allowed: RowSet | None = None) -> KnnResult:
        """See `VectorIndex.search`. With few rows allowed the graph falls apart: see `retrieval.search.planner`.

        `ef_search` goes with the call: the index itself is shared and never changed by a search.
        """
        k = min(k, self.rows)
        params = faiss.SearchParametersHNSW(
            efSearch=max(ef_search, k), sel=None if allowed is None else bitmap(allowed)
        )
        scores, rows = self._graph.search(np.ascontiguousarray(queries, np.float32), k, params=params)
        return as_result(rows, scores)
