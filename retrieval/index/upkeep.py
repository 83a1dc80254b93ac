"""When a collection is worth compacting though nobody asks for it."""

from __future__ import annotations

from dataclasses import dataclass

from retrieval.index.compaction import Merge, dead_share, live_count, plan_compaction
from retrieval.index.generation import GenerationView
from retrieval.index.segment import Segment
from retrieval.types import VectorKind

LEAST_DEAD = 1_000
"""Fewer dead vectors than this are not worth a compaction, whatever their share is."""
MOST_TAIL_SEGMENTS = 64
"""More segments without a graph than this slow searches down, however small they are. Commits fold theirs."""


@dataclass(frozen=True, slots=True)
class Upkeep:
    """Live vectors that may be without a graph, and the share of a segment that may be dead."""

    tail_rows: int
    dead_share: float

    def is_due(self, view: GenerationView) -> bool:
        """Whether there is anything to do."""
        return any(self.plan(view, kind) for kind in {segment.info.kind for segment in view.segments})

    def plan(self, view: GenerationView, kind: VectorKind) -> Merge | None:
        """The next merge; None: nothing that is worth it."""
        tail = [segment for segment in view.of_kind(kind) if not segment.has_graph]
        if (
            sum(live_count(view, segment) for segment in tail) > self.tail_rows
            or len(tail) > MOST_TAIL_SEGMENTS
            or any(self._has_many_dead(view, segment) for segment in view.of_kind(kind))
        ):
            return plan_compaction(view, kind, exact_rows=self.tail_rows, most_dead=self.dead_share)
        return None

    def _has_many_dead(self, view: GenerationView, segment: Segment) -> bool:
        dead = segment.info.rows - live_count(view, segment)
        return dead >= LEAST_DEAD and dead_share(view, segment) > self.dead_share
