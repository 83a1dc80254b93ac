"""The vectors as a graph search sees them: projected and quantised; what it finds is ranked anew by the full vectors.

Walking through a graph is bound by memory: half the bytes are close to half the time, and fit twice as many vectors.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from retrieval.index.faiss_wheel import FaissIndex, faiss
from retrieval.index.products import with_all
from retrieval.types import CodeParams, FloatArray

TRAINING_ROWS = 100_000
BLOCK = 50_000


class Codes:
    """A basis and the coded projections on it."""

    def __init__(self, basis: FloatArray, index: FaissIndex) -> None:
        """`basis` is float32 (dim, reduced dim); `index` a FAISS index of the codes, by inner product."""
        self._axes = np.ascontiguousarray(basis.T)
        self.index = index

    @classmethod
    def of(cls, vectors: FloatArray, basis: FloatArray, params: CodeParams) -> Codes:
        """Code float32 (rows, dim) by the first columns of an orthonormal basis (dim, dim)."""
        kept = np.ascontiguousarray(basis[:, : params.dim])
        index = _untrained(params)
        sample = vectors[:: max(1, len(vectors) // TRAINING_ROWS)]
        index.train(np.ascontiguousarray(sample @ kept))
        for start in range(0, len(vectors), BLOCK):
            index.add(np.ascontiguousarray(vectors[start : start + BLOCK] @ kept))
        return cls(kept, index)

    @classmethod
    def open(cls, basis: Path, codes: Path) -> Codes:
        """Map what `save_basis` and `save_codes` wrote."""
        return cls(np.load(basis), faiss.read_index(str(codes), faiss.IO_FLAG_MMAP_IFC))

    def save_basis(self, path: Path) -> None:
        """Write the basis."""
        with path.open("wb") as file:
            np.save(file, self._axes.T)

    def save_codes(self, path: Path) -> None:
        """Write the codes."""
        faiss.write_index(self.index, str(path))

    def project(self, queries: FloatArray) -> FloatArray:
        """Float32 (nq, dim) -> (nq, reduced dim)."""
        return with_all(queries, self._axes)


def code_bytes(params: CodeParams) -> int:
    """Bytes of one coded vector."""
    return int(_untrained(params).code_size)


def _untrained(params: CodeParams) -> FaissIndex:
    kinds = faiss.ScalarQuantizer
    match params.quantiser:
        case "fp32":
            return faiss.IndexFlatIP(params.dim)
        case "fp16":
            return faiss.IndexScalarQuantizer(params.dim, kinds.QT_fp16, faiss.METRIC_INNER_PRODUCT)
        case "sq8":
            return faiss.IndexScalarQuantizer(params.dim, kinds.QT_8bit, faiss.METRIC_INNER_PRODUCT)
        case "rq4":  # Gao et al., "Practical and asymptotically optimal quantization...", SIGMOD 2025
            return faiss.IndexRaBitQ(params.dim, faiss.METRIC_INNER_PRODUCT, 4)
