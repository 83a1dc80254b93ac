"""How many bytes a segment takes, before it is built."""

from __future__ import annotations

from dataclasses import dataclass

from retrieval.index.codes import code_bytes
from retrieval.types import CodeParams, Quantiser

QUANTISERS: tuple[Quantiser, ...] = ("fp32", "fp16", "sq8", "rq4")
"""The finest first."""


@dataclass(frozen=True, slots=True)
class Footprint:
    """Bytes of a segment: what searches go through, best in memory, and all of its files."""

    resident: int
    disk: int


def predict_footprint(rows: int, dim: int, m: int, code: CodeParams | None) -> Footprint:
    """The size of a segment with a graph of `rows` distinct vectors; headers and columns of attributes are left out."""
    vectors, keys = 4 * dim * rows, 8 * rows
    walked = keys + _graph_bytes(rows, m)
    if code is None:
        return Footprint(walked + vectors, walked + vectors)
    coded = code_bytes(code) * rows + 4 * dim * code.dim  # the codes and the basis
    return Footprint(walked + coded, walked + coded + vectors)


def coarsened(code: CodeParams, memory: int, *, rows: int, dim: int, m: int) -> CodeParams:
    """The finest code of as many dimensions with which a segment's searches fit `memory` bytes; else the coarsest."""
    for quantiser in QUANTISERS[QUANTISERS.index(code.quantiser) :]:
        code = CodeParams(code.dim, quantiser)
        if predict_footprint(rows, dim, m, code).resident <= memory:
            break
    return code


def _graph_bytes(rows: int, m: int) -> int:
    """Links of an HNSW graph as FAISS keeps them, int32.

    2 m slots a node on the lowest level, and m on each level above; a node is on level l with probability m^-l. Each
    node has an offset (8 bytes) and its level (4) besides.
    """
    slots = 2 * m + m / (m - 1)
    return round(rows * (4 * slots + 12))
