"""Ways to index so many vectors: what each takes and delivers, and which one to take."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import log

from retrieval.index.sizes import Footprint, predict_footprint
from retrieval.index.storage import parse_storage
from retrieval.planning.sample import PlanSample
from retrieval.planning.trial import Trial, Trials

LINKS = (32, 16)
ALIKE = 0.005
"""Recalls that differ by less are taken to be alike."""

OnProgress = Callable[[int, int], None]
"""Called after each trial: how many are done, and of how many."""


@dataclass(frozen=True, slots=True)
class Way:
    """One way to index.

    Predicted for all vectors: `footprint` and `build_seconds` (from the sample's by n log n, on this machine). Measured
    on the sample: `recall` at the plan's ef_search; `ef_search`, the lowest that reaches the target, and `rate`,
    searches a second with it on one core, both None where none does.
    """

    storage: str
    m: int
    footprint: Footprint
    build_seconds: float
    recall: float
    ef_search: int | None
    rate: float | None
    fits: bool


@dataclass(frozen=True, slots=True)
class IndexPlan:
    """All ways, the most accurate storage first. Recalls are told at `ef_search`; `best` is the one to take, if any.

    `ef_search` is the lowest with which full vectors and most links reach the target on the sample.
    """

    ways: tuple[Way, ...]
    ef_search: int
    best: Way | None

    def loss(self, way: Way) -> float:
        """By how much a way's recall is lower than that of full vectors and as many candidates."""
        return self.ways[0].recall - way.recall


def plan_index(
    sample: PlanSample,
    *,
    count: int,
    memory: int | None = None,
    target_recall: float = 0.98,
    ef_construction: int = 200,
    on_progress: OnProgress | None = None,
) -> IndexPlan:
    """Try every way on the sample, and predict what it takes for `count` vectors.

    `memory` is what the index may take, in bytes, None for any; `target_recall` the recall@10 to reach, in (0, 1).
    Graphs are built with `ef_construction` candidates.
    """
    bench = Trials(sample, ef_construction=ef_construction)
    ways = [(storage, m) for storage in bench.storages() for m in LINKS]
    trials = []
    for done, (storage, m) in enumerate(ways, 1):
        trials.append(bench.run(storage, m))
        if on_progress:
            on_progress(done, len(ways))
    full = trials[0]
    ef_search = full.cheapest(target_recall) or max(full.recalls)
    planned = tuple(
        _way(sample, count, memory, way, trial, target_recall, ef_search)
        for way, trial in zip(ways, trials, strict=True)
    )
    return IndexPlan(planned, ef_search, best_of(planned))


def best_of(ways: Sequence[Way]) -> Way | None:
    """Of those that fit and reach the target (else of all that fit), the smallest that finds about as much as any."""
    fitting = [way for way in ways if way.fits]
    reaching = [way for way in fitting if way.ef_search is not None] or fitting
    most = max((way.recall for way in reaching), default=0.0)
    alike = [way for way in reaching if way.recall >= most - ALIKE]
    return min(alike, key=lambda way: way.footprint.resident, default=None)


def _way(
    sample: PlanSample,
    count: int,
    memory: int | None,
    way: tuple[str, int],
    trial: Trial,
    target: float,
    ef_search: int,
) -> Way:
    storage, m = way
    rows, dim = sample.vectors.shape
    footprint = predict_footprint(count, dim, m, parse_storage(storage, dim))
    reached = trial.cheapest(target)
    return Way(
        storage,
        m,
        footprint,
        trial.build_seconds * count * log(max(count, 2)) / (rows * log(rows)),
        trial.recall_at(ef_search),
        reached,
        None if reached is None else 1 / trial.seconds[reached],
        memory is None or footprint.resident <= memory,
    )
