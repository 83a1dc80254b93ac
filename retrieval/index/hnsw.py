"""Approximate search in a hierarchical navigable small-world graph (Malkov & Yashunin, IEEE TPAMI 2020), by FAISS."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

import numpy as np

from retrieval.index.codes import Codes
from retrieval.index.faiss_wheel import FaissIndex, FaissParameters, faiss
from retrieval.index.flat import as_result
from retrieval.index.products import with_rows
from retrieval.index.topk import pad
from retrieval.rowset import RowSet
from retrieval.types import NO_KEY, FloatArray, HnswParams, KeyArray, KnnResult

EXPECTED = 2
"""How many times the hits asked for should be allowed among the candidates that count."""
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
        """See `VectorIndex.search`. Of the candidates of the walk, which knows no filter, those that are allowed.

        Only the nearest candidates count: at most half, and no more than should have twice k allowed ones. Fewer than
        k tell that the others may lie where the walk has hardly been. (FAISS would fill the answer up with what it has
        passed on the way, which is not the nearest that is left when a filter leaves out just what is near.)
        `ef_search` goes with the call: a search changes no index.
        """
        k = min(k, self.rows)
        queries = np.ascontiguousarray(queries, np.float32)
        if allowed is None:
            return self._candidates(queries, k, max(ef_search, k))
        ef_search = max(ef_search, 2 * k)
        nearest = min(ef_search // 2, EXPECTED * k * self.rows // max(allowed.count, 1))
        return _only(self._candidates(queries, self.rows if ef_search >= self.rows else nearest, ef_search), allowed, k)

    def _candidates(self, queries: FloatArray, count: int, ef_search: int) -> KnnResult:
        """The `count` best of the candidates of a walk."""
        ef_search = min(ef_search, self.rows)
        if self._codes is None:
            return self._walk(queries, count, ef_search)
        candidates = self._walk(self._codes.project(queries), ef_search, ef_search).keys
        return rank_anew(queries, self._vectors, candidates, count)

    def _walk(self, queries: FloatArray, count: int, ef_search: int) -> KnnResult:
        scores, rows = self._graph.search(queries, count, params=_parameters(ef_search))
        return as_result(rows, scores)


@lru_cache(maxsize=256)
def _parameters(ef_search: int) -> FaissParameters:
    """FAISS only reads them, so that threads may share them; making them takes 3 microseconds."""
    return faiss.SearchParametersHNSW(efSearch=ef_search)


def _only(found: KnnResult, allowed: RowSet, k: int) -> KnnResult:
    """The first k that are allowed, in the same order."""
    there = (found.keys != NO_KEY) & allowed.has(np.maximum(found.keys, 0))
    keys, scores = np.where(there, found.keys, NO_KEY), np.where(there, found.scores, np.float32(-np.inf))
    order = np.argsort(~there, axis=1, kind="stable")[:, :k]
    return pad(KnnResult(np.take_along_axis(keys, order, 1), np.take_along_axis(scores, order, 1)), k=k)


def rank_anew(queries: FloatArray, vectors: FloatArray, candidates: KeyArray, k: int) -> KnnResult:
    """The k best of each query's candidates, rows int64 (nq, n) or -1, by the full vectors (rows, dim)."""
    if len(queries) == 1:
        return _rank_one_anew(queries[0], vectors, candidates[0], k)
    scores = with_rows(queries, vectors, candidates)
    best = np.argsort(-scores, axis=1, kind="stable")[:, :k]
    return as_result(np.take_along_axis(candidates, best, 1), np.take_along_axis(scores, best, 1))


def _rank_one_anew(query: FloatArray, vectors: FloatArray, candidates: KeyArray, k: int) -> KnnResult:
    """The same for one query (dim,): what is general above would take longer than the products themselves."""
    there = candidates if candidates[-1] != NO_KEY else candidates[candidates != NO_KEY]
    scores = vectors[there] @ query
    best = (-scores).argsort(kind="stable")[:k]
    return pad(KnnResult(there[best][None], scores[best][None]), k=min(k, len(candidates)))
