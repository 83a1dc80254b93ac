"""Which segments to merge, and when: a size-tiered policy (as of log-structured merge trees), and the merge itself.

Every commit adds a small segment without a graph. Folding keeps those few; compaction links them into a graph once
they are many. A vector is rewritten about log(n) times in the life of a collection.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np

from retrieval.index.generation import GenerationView
from retrieval.index.segment import Segment
from retrieval.types import FloatArray, KeyArray, VectorKind

EXACT_ROWS = 10_000
"""Vectors up to which exact search needs no graph beside it (about 2 ms for 512 dimensions on one core)."""
TIER = 8
"""Segments of about one size that are folded into one, each tier TIER times as large as the one below."""
MOST_DEAD = 0.2
"""Share of dead rows from which a segment is rewritten."""


@dataclass(frozen=True, slots=True)
class Merge:
    """Segments that become one, with or without a graph."""

    kind: VectorKind
    segments: tuple[Segment, ...]
    graph: bool


def plan_fold(view: GenerationView, kind: VectorKind, *, without: Collection[int] = ()) -> Merge | None:
    """Fold the graphless segments of the first tier that is full, if any, but not those `without` by segment_id."""
    tiers: dict[int, list[Segment]] = {}
    for segment in view.of_kind(kind):
        if not segment.has_graph and segment.info.segment_id not in without:
            tiers.setdefault(_tier(segment.info.rows), []).append(segment)
    for _, segments in sorted(tiers.items()):
        if len(segments) >= TIER:
            return Merge(kind, tuple(segments), graph=False)
    return None


def plan_compaction(
    view: GenerationView, kind: VectorKind, *, exact_rows: int | None = None, most_dead: float = MOST_DEAD
) -> Merge | None:
    """Merge all graphless segments with every graph that is not much larger, or of which more than `most_dead` is dead.

    The result has a graph if it has more than `exact_rows` rows (default EXACT_ROWS). None: nothing to gain.
    """
    exact_rows = EXACT_ROWS if exact_rows is None else exact_rows
    segments = view.of_kind(kind)
    chosen = [s for s in segments if not s.has_graph or dead_share(view, s) > most_dead]
    rows = sum(live_count(view, s) for s in chosen)
    for segment in sorted((s for s in segments if s not in chosen), key=lambda s: s.info.rows):
        if rows <= exact_rows or segment.info.rows > 4 * rows:
            break
        chosen.append(segment)
        rows += live_count(view, segment)
    if not chosen or (len(chosen) == 1 and not _worth_rewriting(view, chosen[0], exact_rows, most_dead)):
        return None
    return Merge(kind, tuple(s for s in segments if s in chosen), graph=rows > exact_rows)


def plan_rebuild(view: GenerationView, kind: VectorKind) -> Merge | None:
    """Make one graph of everything, where there is a graph already or enough for one; None: nothing to link."""
    segments = view.of_kind(kind)
    rows = view.rows(kind)
    if not rows or not (view.has_graph(kind) or rows > EXACT_ROWS):
        return None
    return Merge(kind, tuple(segments), graph=True)


def merged_rows(view: GenerationView, merge: Merge) -> tuple[KeyArray, FloatArray]:
    """The live keys, ascending int64 (n,), and their vectors, float32 (n, dim), of the segments to merge."""
    dim = merge.segments[0].info.dim
    keys, vectors = [np.empty(0, np.int64)], [np.empty((0, dim), np.float32)]
    for segment in merge.segments:
        live = view.live_rows(segment)
        rows = np.arange(segment.info.rows) if live is None else np.flatnonzero(live)
        keys.append(segment.keys[rows])
        vectors.append(segment.vectors(rows))
    all_keys = np.concatenate(keys)
    order = np.argsort(all_keys, kind="stable")
    return all_keys[order], np.concatenate(vectors)[order]


def live_count(view: GenerationView, segment: Segment) -> int:
    """How many rows of a segment are live."""
    live = view.live_rows(segment)
    return segment.info.rows if live is None else int(np.count_nonzero(live))


def dead_share(view: GenerationView, segment: Segment) -> float:
    """Share of a segment's rows that are dead."""
    return 1 - live_count(view, segment) / segment.info.rows


def _tier(rows: int) -> int:
    return int(np.log(max(rows, 1)) / np.log(TIER))


def _worth_rewriting(view: GenerationView, segment: Segment, exact_rows: int, most_dead: float) -> bool:
    wants_graph = not segment.has_graph and live_count(view, segment) > exact_rows
    return wants_graph or dead_share(view, segment) > most_dead
