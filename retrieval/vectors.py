"""Checks on vectors that come from outside."""

from __future__ import annotations

import numpy as np

from retrieval.errors import VectorError
from retrieval.types import FloatArray


def check_unit_vectors(vectors: FloatArray, dim: int) -> None:
    """`VectorError` unless these are finite float vectors (n, dim) of length 1 (within 1e-3)."""
    if vectors.ndim != 2 or (len(vectors) and vectors.shape[1] != dim):
        raise VectorError(f"a vector of {vectors.shape[-1]} dimensions, where the collection has {dim}")
    if not np.isfinite(vectors).all():
        raise VectorError("a vector with NaN or infinite values")
    if len(vectors) and np.abs(np.linalg.norm(vectors, axis=1) - 1).max() > 1e-3:
        raise VectorError("a vector that is not of length 1: divide it by its norm")


def unit(vectors: FloatArray) -> FloatArray:
    """The same directions, of length 1: float32 (n, dim). `VectorError` for zero and non-finite ones."""
    norms = np.linalg.norm(vectors.astype(np.float64), axis=-1, keepdims=True)
    if not np.isfinite(norms).all() or (norms == 0).any():
        raise VectorError("a vector that is zero, or has NaN or infinite values, has no direction: give another")
    return np.asarray(vectors / norms, np.float32)
