"""Fewer dimensions for the walk through a graph, chosen so that inner products with queries survive.

LeanVec (Tepper et al., "LeanVec: Searching vectors faster by making them fit", TMLR 2024, section 3.2): the leading
eigenvectors of a mixture of the second moments of the vectors and of the queries. Text queries lie elsewhere than the
images that they look for, and principal components of the images alone would drop what the queries are told by.
"""

from __future__ import annotations

import numpy as np

from retrieval.types import FloatArray

QUERY_WEIGHT = 0.5
"""Share of the queries' second moment in the mixture."""
SAMPLE = 50_000
"""Vectors and queries that the moments are taken of."""


def fit_projection(vectors: FloatArray, queries: FloatArray | None) -> FloatArray:
    """An orthonormal basis, float32 (dim, dim), whose first columns keep most of the inner products.

    `vectors` is float32 (n, dim), `queries` float32 (nq, dim) a sample of what will be looked for, None for more of
    the same as the vectors. Project by `x @ basis[:, :d]`.
    """
    moment = _second_moment(vectors)
    if queries is not None and len(queries):
        moment = (1 - QUERY_WEIGHT) * moment + QUERY_WEIGHT * _second_moment(queries)
    _, basis = np.linalg.eigh(moment.astype(np.float64))
    return np.ascontiguousarray(basis[:, ::-1], np.float32)


def _second_moment(vectors: FloatArray) -> FloatArray:
    sample = vectors[:: max(1, len(vectors) // SAMPLE)]
    return np.asarray(sample.T @ sample / len(sample), np.float32)
