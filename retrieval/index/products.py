"""Inner products of float32 vectors on a search's way.

Those of many queries are left to FAISS. NumPy's come from OpenBLAS, whose threads spin for some 100 ms once they are
done (version 0.3 in NumPy's wheels): a search of a graph that follows would have to share the cores with them.
"""

from __future__ import annotations

import numpy as np

from retrieval.index.faiss_wheel import faiss
from retrieval.types import NO_KEY, FloatArray, KeyArray

FEW_QUERIES = 8
"""For fewer, OpenBLAS starts no threads, and for FAISS to start some costs more than the products."""


def with_all(queries: FloatArray, vectors: FloatArray) -> FloatArray:
    """Of each query (nq, dim) with each of the vectors (n, dim): (nq, n)."""
    if len(queries) < FEW_QUERIES:
        return queries @ vectors.T
    return _by_faiss(queries, vectors, np.tile(np.arange(len(vectors)), (len(queries), 1)))


def with_rows(queries: FloatArray, vectors: FloatArray, rows: KeyArray) -> FloatArray:
    """Of each query (nq, dim) with its own rows (nq, n) of the vectors: (nq, n), -inf where a row is -1."""
    if len(queries) < FEW_QUERIES:
        gathered = (vectors[np.maximum(line, 0)] @ query for query, line in zip(queries, rows, strict=True))
        return np.where(rows == NO_KEY, np.float32(-np.inf), np.stack(list(gathered)))
    return _by_faiss(queries, vectors, np.ascontiguousarray(rows))


def _by_faiss(queries: FloatArray, vectors: FloatArray, rows: KeyArray) -> FloatArray:
    products = np.empty(rows.shape, np.float32)
    arrays = (products, np.ascontiguousarray(queries, np.float32), vectors, rows)
    faiss.fvec_inner_products_by_idx(*map(faiss.swig_ptr, arrays), queries.shape[1], len(queries), rows.shape[1])
    return products
