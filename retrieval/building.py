"""A graph that delivers what the collection promises, or none: build, measure, and build more thoroughly if need be."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from retrieval.certificate import Certificate
from retrieval.errors import RecallError
from retrieval.index.compaction import Merge
from retrieval.index.generation import GenerationView
from retrieval.index.segment import Segment, write_segment
from retrieval.index.storage import EFFORTS, GraphPlan
from retrieval.search.certify import certify
from retrieval.search.prompts import Prompts
from retrieval.search.samples import QuerySamples
from retrieval.types import FloatArray, IndexParams, KeyArray, SegmentInfo


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
    make_prompts: Callable[[], Prompts | None],
    on_progress: Callable[[int], None] | None = None,
) -> tuple[SegmentInfo, Certificate | None]:
    """Write the merged rows, keys int64 (n,) and vectors float32 (n, dim), as a segment with a graph.

    `asked`, float32 (nq, dim), are queries that people gave; for `make_prompts` see `QuerySamples`. Returns what the
    database has to know, and what was measured of the generation that it makes.

    Raises:
        RecallError: no build reaches the target; files may be left, which nothing refers to.
    """
    samples = QuerySamples(view, asked, make_prompts)
    tuning, measuring = samples.tuning(merge.kind), samples.measuring(merge.kind)
    for effort in EFFORTS:
        plan = GraphPlan(effort.of(index.hnsw), index.storage, tuning)
        written = write_segment(folder, merge.kind, *rows, plan=plan, on_progress=on_progress)
        made = view.with_segment(Segment(folder, written), instead_of=merge.segments)
        certificate = certify(made, merge.kind, measuring)
        if index.target_recall is None or certificate is None or certificate.reaches(index.target_recall):
            return written, certificate
    raise RecallError(
        f"the graph of {len(rows[0]):,} {merge.kind} vectors does not reach a recall@10 of {index.target_recall}, not "
        f"even with m={plan.hnsw.m}: what was searchable stays so; give the collection a lower target recall"
    )
