"""What is searchable of a collection, as the database records it: generations, their segments, the files of these."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from retrieval.certificate import Certificate
from retrieval.types import CodeParams, HnswParams, VectorKind


@dataclass(frozen=True, slots=True)
class SegmentFile:
    """One file of a segment: what it holds (its `role`), and the digest and bytes that it must have."""

    role: str
    name: str
    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class SegmentInfo:
    """An immutable set of vectors on disk. Without `hnsw` it has no graph and is searched exactly.

    `nodes` counts the distinct vectors among the `rows`; `codes` is how the graph search sees them, None for in full.
    """

    segment_id: int
    kind: VectorKind
    rows: int
    dim: int
    nodes: int
    files: tuple[SegmentFile, ...]
    hnsw: HnswParams | None = None
    codes: CodeParams | None = None


@dataclass(frozen=True, slots=True)
class Generation:
    """What is searchable as of one published number: the segments of both kinds, oldest first.

    `certificates` were measured when its newest graphs were built; what came since is searched exactly.
    """

    number: int
    segments: tuple[SegmentInfo, ...] = ()
    certificates: Mapping[VectorKind, Certificate] = field(default_factory=dict)
