"""What a graph is made of and how its vectors are coded: the plan of a segment, and the measured choice of a code."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import get_args

import numpy as np

from retrieval.errors import InputError
from retrieval.index.flat import FlatIndex
from retrieval.types import CodeParams, FloatArray, HnswParams, KeyArray, Quantiser

AUTO = "auto"
FULL = "full"
DIMS = (64, 96, 128, 160, 192, 224, 256, 320, 384, 512, 768, 1024)
K = 10
OWN, OUTSIDE = (20, 0.99), (100, 0.995)
"""Candidates among which a projection must keep that share of the ten nearest: as many as a search for a good recall
takes, few for queries that are like the vectors, more for others."""
SAMPLE_VECTORS = 50_000
SAMPLE_QUERIES = 200


@dataclass(frozen=True, slots=True)
class GraphPlan:
    """How to build a segment's graph.

    `storage` is "auto", "full" (compare whole vectors), or a code such as "fp16" or "fp16@192". `queries` float32
    (nq, dim) is a sample of what will be looked for from outside the vectors' own distribution; None if unknown.
    With `gpu` the links are built there. With "auto", graph and codes take at most `memory` bytes, as far as the
    coarsest code lets them.
    """

    hnsw: HnswParams
    storage: str = AUTO
    queries: FloatArray | None = None
    gpu: bool = False
    memory: int | None = None


@dataclass(frozen=True, slots=True)
class Effort:
    """How much more than the collection's own parameters a build takes."""

    links: float
    candidates: int

    def of(self, hnsw: HnswParams) -> HnswParams:
        """The parameters of this effort."""
        return HnswParams(round(hnsw.m * self.links), hnsw.ef_construction * self.candidates)


EFFORTS = (Effort(1, 1), Effort(1.5, 2), Effort(2, 4))
"""Builds that are tried one after the other until the recall is enough."""


def parse_storage(text: str, dim: int) -> CodeParams | None:
    """The code that a storage names, None for "full"; `InputError` says what can be named.

    >>> parse_storage("fp16@192", 512)
    CodeParams(dim=192, quantiser='fp16')
    >>> parse_storage("sq8", 512)
    CodeParams(dim=512, quantiser='sq8')
    """
    if text == FULL:
        return None
    match = re.fullmatch(r"(\w+)(?:@(\d+))?", text)
    if not match or match[1] not in get_args(Quantiser):
        raise InputError(
            f"no storage {text!r}: give auto, full, or {', '.join(get_args(Quantiser))}, with @DIMENSIONS after it"
        )
    reduced = int(match[2] or dim)
    if not 1 <= reduced <= dim:
        raise InputError(f"storage {text!r}: the vectors have {dim} dimensions")
    quantiser: Quantiser = match[1]  # type: ignore[assignment]
    return CodeParams(reduced, quantiser)


def choose_code(vectors: FloatArray, basis: FloatArray, queries: FloatArray | None) -> CodeParams:
    """Halves of as few dimensions as keep the nearest neighbours: measured on a sample of the vectors and of queries.

    `vectors` is float32 (n, dim), `basis` (dim, dim), `queries` (nq, dim) from outside or None.
    """
    dim = vectors.shape[1]
    rng = np.random.default_rng(0)
    sample = vectors[np.sort(rng.permutation(len(vectors))[:SAMPLE_VECTORS])]
    asked = [(sample[:SAMPLE_QUERIES], *OWN)]
    if queries is not None:
        asked.append((queries[:SAMPLE_QUERIES], *OUTSIDE))
    truths = [_nearest(sample, one, K) for one, _, _ in asked]
    for reduced in (d for d in DIMS if d <= 0.75 * dim):
        kept = np.ascontiguousarray(basis[:, :reduced])
        projected = np.ascontiguousarray(sample @ kept)
        shares = (
            (_kept(_nearest(projected, one @ kept, candidates), truth), least)
            for (one, candidates, least), truth in zip(asked, truths, strict=True)
        )
        if all(share >= least for share, least in shares):
            return CodeParams(reduced, "fp16")
    return CodeParams(dim, "fp16")


def _nearest(vectors: FloatArray, queries: FloatArray, k: int) -> KeyArray:
    return FlatIndex.of(vectors).search(queries, k=min(k, len(vectors))).keys


def _kept(candidates: KeyArray, truth: KeyArray) -> float:
    found = (truth[:, :, None] == candidates[:, None, :]).any(axis=2)
    return float(found.mean())
