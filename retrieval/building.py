"""A graph that delivers what the collection promises, or none: build, measure, and build more thoroughly if need be.

A build on the GPU comes first where there is one; what it lacks, the CPU makes good.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from retrieval.certificate import Certificate
from retrieval.errors import GpuError, RecallError
from retrieval.index import gpu
from retrieval.index.compaction import Merge
from retrieval.index.generation import GenerationView
from retrieval.index.segment import Segment, write_segment
from retrieval.index.storage import EFFORTS, GraphPlan
from retrieval.search.certify import certify
from retrieval.search.prompts import Prompts
from retrieval.search.samples import QuerySamples
from retrieval.segments import SegmentInfo
from retrieval.settings import IndexDevice
from retrieval.types import FloatArray, IndexParams, KeyArray, VectorKind

log = logging.getLogger(__name__)

OnBuild = Callable[[VectorKind, int, int], None]
"""Called while a graph is built: the kind of vectors, how many are linked, and how many there are."""
LEAST_FROM_GPU = 0.9
"""Recall@10 that a graph from the GPU must reach where there is no target: a faulty one would pass unseen."""


@dataclass(frozen=True, slots=True, eq=False)
class Tuning:
    """What graphs are built for: parameters, and queries that people gave, float32 (n, dim); None: those stored."""

    index: IndexParams
    asked: FloatArray | None = None


def build_certified(
    folder: Path,
    view: GenerationView,
    merge: Merge,
    rows: tuple[KeyArray, FloatArray],
    index: IndexParams,
    *,
    asked: FloatArray,
    device: IndexDevice,
    memory: int | None,
    make_prompts: Callable[[], Prompts | None],
    on_progress: Callable[[int], None] | None = None,
) -> tuple[SegmentInfo, Certificate | None]:
    """Write the merged rows, keys int64 (n,) and vectors float32 (n, dim), as a segment with a graph.

    `asked`, float32 (nq, dim), are queries that people gave; for `make_prompts` see `QuerySamples`, for `memory`
    `GraphPlan`. Returns what the database has to know, and what was measured of the generation that it makes.

    Raises:
        DependencyError: `device` is "cuda" and there is no GPU; nothing is written.
        RecallError: no build reaches the target; files may be left, which nothing refers to.
    """
    samples = QuerySamples(view, asked, make_prompts)
    tuning, measuring = samples.tuning(merge.kind), samples.measuring(merge.kind)
    for plan in _plans(GraphPlan(index.hnsw, index.storage, tuning, memory=memory), len(rows[0]), device):
        try:
            written = write_segment(folder, merge.kind, *rows, plan=plan, on_progress=on_progress)
        except GpuError as error:
            log.warning("%s: the graph is built on the CPU", error)
            continue
        made = view.with_segment(Segment(folder, written), instead_of=merge.segments)
        certificate = certify(made, merge.kind, measuring)
        target = index.target_recall or (LEAST_FROM_GPU if plan.gpu else None)
        if target is None or certificate is None or certificate.reaches(target):
            log.info("%s vectors linked on the %s: %s", merge.kind, "GPU" if plan.gpu else "CPU", plan.hnsw)
            return written, certificate
        modality, recall = certificate.weakest()
        if plan.gpu:
            log.warning("the graph from the GPU misses a recall@10 of %s: it is built on the CPU", target)
    raise RecallError(
        f"the graph of {len(rows[0]):,} {merge.kind} vectors does not reach a recall@10 of {index.target_recall}, not "
        f"even with m={plan.hnsw.m}: queries by {modality} get {recall:.3f}; what was searchable stays so; give the "
        "collection a lower target recall"
    )


def _plans(plan: GraphPlan, rows: int, device: IndexDevice) -> Iterator[GraphPlan]:
    """What to try: the GPU where it is to build, then the CPU, ever more thoroughly."""
    if gpu.should_build(rows, device):
        yield replace(plan, gpu=True)
    for effort in EFFORTS:
        yield replace(plan, hnsw=effort.of(plan.hnsw))
