"""One byte a dimension for each vector, and how far a score from them can be from the true one.

Scalar quantisation, each dimension over its own range: x = centre + step * code + error, with codes in -127..127. The
length of `error` is known for every vector, so a score from codes bounds the true one (Cauchy-Schwarz).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from retrieval.index.faiss_wheel import FaissSelector, faiss
from retrieval.types import FloatArray, KeyArray, PixelArray

LARGEST_CODE = 127
BLOCK = 4_096  # rows quantised at a time
ZERO = 128  # what FAISS stores for code 0
LEAST_STEP = 1e-30  # less counts as none: its inverse would not be finite


@dataclass(frozen=True, slots=True)
class Candidates:
    """Rows that may be among the nearest to each of nq queries, and what is certain of all others.

    They come in groups of `size` neighbouring rows: `groups` is int64 (nq, n), group g being the rows from size * g;
    -1 is an empty slot. `upper` is float64 (nq, n), descending: no score of the group is above it. `rest` is float64
    (nq,): no row outside the groups has a score above it.
    """

    groups: KeyArray
    size: int
    upper: NDArray[np.float64]
    rest: NDArray[np.float64]


class ScanCodes:
    """The codes of vectors, float32 (rows, dim): dim bytes each, in memory."""

    def __init__(self, vectors: FloatArray) -> None:
        low, high = _range(vectors)
        self._centre: FloatArray = np.asarray((low + high) / 2, np.float32)
        step = (high - low) / (2 * LARGEST_CODE)
        self._step = np.where(step > LEAST_STEP, step, np.float32(1))
        self._scale = 1 / self._step
        self._index = faiss.IndexScalarQuantizer(
            vectors.shape[1], faiss.ScalarQuantizer.QT_8bit_direct_signed, faiss.METRIC_INNER_PRODUCT
        )
        self._longest_error = self._longest_code = self._longest_vector = 0.0
        for start in range(0, len(vectors), BLOCK):
            self._add(vectors[start : start + BLOCK])

    @cached_property
    def bytes(self) -> PixelArray:
        """The codes plus ZERO, uint8 (rows, dim): a view of what the index holds."""
        rows, dim = self._index.ntotal, self._index.d
        return faiss.rev_swig_ptr(self._index.codes.data(), rows * dim).reshape(rows, dim)  # type: ignore[no-any-return]

    def scaled(self, queries: FloatArray) -> FloatArray:
        """Queries whose inner product with codes is the score less that with the centre, float32 (nq, dim)."""
        return queries * self._step

    def bounded(
        self, queries: FloatArray, scores: FloatArray, *, error: NDArray[np.float64] | float = 0.0
    ) -> NDArray[np.float64]:
        """What the exact scores cannot exceed, float64 (nq, n), from inner products with codes, float32 (nq, n).

        `error` is that of `scores` themselves, (nq, n) or (nq, 1), beyond what sums in float32 cost (Higham, Accuracy
        and Stability of Numerical Algorithms, 2002, section 3.1; doubled, for sums in any order and of pairs).
        """
        lengths = np.linalg.norm(queries, axis=1, keepdims=True)
        scaled = np.linalg.norm(self.scaled(queries), axis=1, keepdims=True)
        rounding = queries.shape[1] * 2.0**-23 * (scaled * self._longest_code + lengths * self._longest_vector)
        offset = (queries.astype(np.float64) @ self._centre)[:, None]
        bound: NDArray[np.float64] = scores + offset + lengths * self._longest_error + rounding + error
        return bound

    def rounding_error(self, queries: FloatArray, rounded: FloatArray) -> NDArray[np.float64]:
        """How far `rounded` in place of `scaled(queries)` can move a score: float64 (nq, 1)."""
        moved: NDArray[np.float64] = np.linalg.norm(self.scaled(queries) - rounded, axis=1, keepdims=True)
        return moved * self._longest_code

    def scan(self, queries: FloatArray, *, count: int, selector: FaissSelector | None = None) -> Candidates:
        """The `count` rows with the highest scores by codes for each query, float32 (nq, dim)."""
        params = faiss.SearchParameters(sel=selector) if selector is not None else None
        codes, unit = _query_codes(self.scaled(queries))
        scores, rows = self._index.search(codes, min(count, self._index.ntotal), params=params)
        scores = np.where(rows < 0, np.float32(-np.inf), scores * unit)
        upper = self.bounded(queries, scores, error=self.rounding_error(queries, codes * unit))
        complete = count >= self._index.ntotal
        return Candidates(rows, 1, upper, np.full(len(queries), -np.inf) if complete else upper[:, -1])

    def _add(self, vectors: FloatArray) -> None:
        centred = vectors - self._centre
        # Where a dimension is hardly wider than float32 tells apart, the centre is not quite in its middle.
        codes = np.clip(np.rint(centred * self._scale), -LARGEST_CODE, LARGEST_CODE)
        self._longest_code = max(self._longest_code, _longest(codes))
        self._longest_vector = max(self._longest_vector, _longest(vectors))
        self._index.add_sa_codes((codes + ZERO).astype(np.uint8))
        codes *= self._step
        centred -= codes
        self._longest_error = max(self._longest_error, _longest(centred))


def _query_codes(scaled: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Whole numbers in -127..127, (nq, dim), and the unit that they count, (nq, 1): FAISS multiplies bytes by bytes."""
    largest = np.abs(scaled).max(axis=1, keepdims=True)
    unit = np.where(largest > LEAST_STEP, largest / LARGEST_CODE, np.float32(1))
    return np.rint(scaled / unit), unit


def _range(vectors: FloatArray) -> tuple[FloatArray, FloatArray]:
    low, high = vectors[0].copy(), vectors[0].copy()
    for start in range(0, len(vectors), BLOCK):
        block = vectors[start : start + BLOCK]
        np.minimum(low, block.min(axis=0), out=low)
        np.maximum(high, block.max(axis=0), out=high)
    return low, high


def _longest(rows: FloatArray) -> float:
    return float(np.sqrt(np.einsum("ij,ij->i", rows, rows).max()))
