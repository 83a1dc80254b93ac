"""Approximate search in a hierarchical navigable small-world graph (Malkov & Yashunin, IEEE TPAMI 2020), by FAISS."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from retrieval.index.codes import Codes
from retrieval.index.faiss_wheel import FaissIndex, faiss
from retrieval.index.flat import as_result, bitmap
from retrieval.rowset import RowSet
from retrieval.types import FloatArray, HnswParams, KeyArray, KnnResult

FEW_QUERIES = 8
BUILD_BLOCK = 10_000  # vectors added between two reports of progress


def build_graph(
    vectors: FloatArray, params: HnswParams, *, on_progress: Callable[[int], None] | None = None
) -> FaissIndex:
    """Link float32 (rows, dim) into a FAISS graph, without them; `on_progress` gets the number of rows linked so far.

    The same vectors and parameters give the same graph, whatever the number of threads.
    """
    graph = faiss.IndexHNSWFlat(vectors.shape[1], params.m, faiss.METRIC_INNER_PRODUCT)
    graph.hnsw.efConstruction = params.ef_construction
    for start in range(0, len(vectors), BUILD_BLOCK):
        graph.add(np.ascontiguousarray(vectors[start : start + BUILD_BLOCK], np.float32))
        if on_progress:
            on_progress(graph.ntotal)
    return _links_alone(graph)


def _links_alone(graph: FaissIndex) -> FaissIndex:
    """A copy without the vectors. FAISS would never free them once another storage takes their place."""
    alone = faiss.IndexHNSWFlat(graph.d, graph.hnsw.nb_neighbors(1), faiss.METRIC_INNER_PRODUCT)
    alone.hnsw, alone.ntotal = graph.hnsw, graph.ntotal
    return alone


def save_graph(graph: FaissIndex, path: Path) -> None:
    """Write the links alone: vectors and codes have files of their own."""
    faiss.write_index(graph, str(path), faiss.IO_FLAG_SKIP_STORAGE)


def open_graph(path: Path) -> FaissIndex:
    """Map links that `save_graph` wrote."""
    return faiss.read_index(str(path), faiss.IO_FLAG_MMAP_IFC | faiss.IO_FLAG_SKIP_STORAGE)


class HnswIndex:
    """A graph joined to the vectors that it links, or to their codes and the vectors."""

    def __init__(self, graph: FaissIndex, storage: FaissIndex, vectors: FloatArray, codes: Codes | None = None) -> None:
        """Join the parts.

        `storage` is the FAISS index that the search compares queries with: the flat one of `vectors`, float32
        (rows, dim), or that of `codes`.
        """
        graph.storage = storage
        graph.own_fields = False
        graph.d = storage.d
        self._graph = graph
        self._storage = storage  # kept alive: the graph only points to it
        self._vectors = np.asarray(vectors)  # a memory map as a plain array: its indexing is slower
        self._codes = codes

    @property
    def rows(self) -> int:
        """How many vectors there are."""
        return int(self._graph.ntotal)

    def search(self, queries: FloatArray, *, k: int, ef_search: int, allowed: RowSet | None = None) -> KnnResult:
        """See `VectorIndex.search`. With few rows allowed the graph falls apart: see `retrieval.search.planner`.

        `ef_search` goes with the call: the index itself is shared and never changed by a search.
        """
        k = min(k, self.rows)
        ef_search = min(max(ef_search, k), self.rows)
        params = faiss.SearchParametersHNSW(efSearch=ef_search, sel=None if allowed is None else bitmap(allowed))
        queries = np.ascontiguousarray(queries, np.float32)
        if self._codes is None:
            scores, rows = self._graph.search(queries, k, params=params)
            return as_result(rows, scores)
        _, candidates = self._graph.search(self._codes.project(queries), ef_search, params=params)
        return rank_anew(queries, self._vectors, candidates, k)


def rank_anew(queries: FloatArray, vectors: FloatArray, candidates: KeyArray, k: int) -> KnnResult:
    """The k best of each query's candidates, rows int64 (nq, n) or -1, by the full vectors (rows, dim)."""
    scores = inner_products(queries, vectors, candidates)
    best = np.argsort(-scores, axis=1, kind="stable")[:, :k]
    return as_result(np.take_along_axis(candidates, best, 1), np.take_along_axis(scores, best, 1))


def inner_products(queries: FloatArray, vectors: FloatArray, rows: KeyArray) -> FloatArray:
    """Of each query (nq, dim) with its own rows (nq, n) of the vectors: float32 (nq, n), -inf where a row is -1."""
    if len(queries) < FEW_QUERIES:  # FAISS would start threads, which cost more than the products
        gathered = (vectors[np.maximum(line, 0)] @ query for query, line in zip(queries, rows, strict=True))
        return np.where(rows < 0, np.float32(-np.inf), np.stack(list(gathered)))
    scores = np.empty(rows.shape, np.float32)
    arrays = (scores, queries, vectors, np.ascontiguousarray(rows))
    faiss.fvec_inner_products_by_idx(*map(faiss.swig_ptr, arrays), queries.shape[1], len(queries), rows.shape[1])
    return scores
