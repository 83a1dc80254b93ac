"""What ef_search buys: how much of the exact answer the served search finds, and how fast, over a sweep of it.

Recall against queries per second is how approximate indexes are compared (Aumüller, Bernhardsson & Faithfull,
"ANN-Benchmarks", Information Systems 87, 2020). The model has no part in it: the truth is the exact search.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from itertools import groupby
from typing import Any

import numpy as np

from retrieval.collection import Collection
from retrieval.errors import InputError
from retrieval.evaluation import Estimate
from retrieval.evaluation.statistics import bootstrap_intervals
from retrieval.evaluators.index_queries import QuerySet
from retrieval.evaluators.subject import OnProgress, silent
from retrieval.evaluators.timing import Timing, time_queries
from retrieval.index.generation import Allowed
from retrieval.index.recall import share_found
from retrieval.index.topk import leave_out
from retrieval.search.query import MOST_HITS, check_limits
from retrieval.types import FloatArray, KnnResult, Plan

MOST_K = 1_000
TARGETS = (0.95, 0.99)
DOUBLINGS = 6


@dataclass(frozen=True, slots=True)
class Point:
    """One setting measured: `ef_search` as it was asked for (None: exact search), and the `plan` that it came to."""

    ef_search: int | None
    plan: Plan
    recall: Estimate
    timing: Timing

    @property
    def is_exact(self) -> bool:
        """Whether the graphs were left aside, by the planner or because it was asked for."""
        return self.plan.ef_search is None

    def as_json(self) -> dict[str, Any]:
        """Plain dictionaries and finite numbers."""
        figures = {"recall": asdict(self.recall), **self.timing.as_json()}
        return {"ef_search": self.ef_search, "plan": asdict(self.plan), **figures}


@dataclass(frozen=True, slots=True, eq=False)
class Series:
    """One set of queries: the exact search, a point for each ef_search, ascending, and the plan that users get.

    Settings that come to the same plan are measured once and share their figures.
    """

    queries: QuerySet
    exact: Point
    points: tuple[Point, ...]
    served: Plan

    def reaching(self, target: float) -> Point | None:
        """The point of the smallest ef_search with this recall, or None."""
        return next((point for point in self.points if point.recall.value >= target), None)

    def settings(self) -> list[tuple[str, Point]]:
        """What there is to tell apart, each with the ef_search that it was asked for as: `10`, `20–80`, `exact`."""
        runs = [list(run) for _, run in groupby(self.points, key=lambda point: point.plan)]
        told = [(_span(run), run[0]) for run in runs]
        return told if any(point.is_exact for _, point in told) else [*told, ("exact", self.exact)]

    def as_json(self) -> dict[str, Any]:
        """Plain dictionaries and finite numbers; `reached` maps a recall to the smallest ef_search that has it."""
        best = {target: self.reaching(target) for target in TARGETS}
        return {
            "source": self.queries.source,
            "queries": len(self.queries.vectors),
            "selectivity": self.queries.selectivity,
            "served": asdict(self.served),
            "exact": self.exact.as_json(),
            "points": [point.as_json() for point in self.points],
            "reached": {str(target): point.ef_search if point else None for target, point in best.items()},
        }


def sweep_values(k: int, asked: Sequence[int], served: int) -> list[int]:
    """The values of ef_search to try, ascending: those `asked` for, or k doubled six times and the `served` one.

    Raises `InputError` for a k outside 1..1,000 and an ef_search outside 1..10,000.
    """
    if not 1 <= k <= MOST_K:
        raise InputError(f"k is {k}: give 1 to {MOST_K:,}")
    for ef_search in asked:
        check_limits(k, ef_search)
    usual = {served, *(k << step for step in range(DOUBLINGS + 1))}
    return sorted(set(asked) or {min(ef_search, MOST_HITS) for ef_search in usual})


def sweep(
    collection: Collection,
    queries: QuerySet,
    values: Sequence[int],
    *,
    k: int,
    on_progress: OnProgress = silent,
) -> Series:
    """Measure recall@k and speed of the exact search and at each ef_search, one step of progress for each."""
    what, total = f"{queries.name} queries", len(values) + 1
    on_progress(what, 0, total)
    asker = _Asker.of(collection, queries, k)
    found, plan = asker.nearest(queries.vectors, None, exact=True)
    truth = asker.kept(found)
    exact = _point(asker, None, plan, found, truth)
    measured = {(plan.strategy, plan.ef_search): exact}
    points = []
    for done, ef_search in enumerate(values, start=1):
        on_progress(what, done, total)
        found, plan = asker.nearest(queries.vectors, ef_search)
        key = (plan.strategy, plan.ef_search)
        if key not in measured:
            measured[key] = _point(asker, ef_search, plan, found, truth)
        points.append(replace(measured[key], ef_search=ef_search))
    on_progress(what, total, total)
    _, served = asker.nearest(queries.vectors, None)
    return Series(queries, exact, tuple(points), served)


def advice(series: Series) -> list[str]:
    """For each recall aimed at, the smallest ef_search that has it and how fast that is, beside the exact search.

    Then what users' searches do that do not say otherwise, and the recall that is certified for it.
    """
    exact = series.exact.timing.queries_per_second
    if all(point.is_exact for point in series.points):
        return [f"searched exactly, whatever ef_search: {exact:,.0f} queries/s"]
    lines = []
    for target in TARGETS:
        point = series.reaching(target)
        if point is None:
            last = series.points[-1]
            reached = f"{target} is not reached by ef_search {last.ef_search} ({last.recall.value:.3f})"
        else:
            reached = f"{target} from ef_search {point.ef_search}: {point.timing.queries_per_second:,.0f} queries/s"
        wins = point is not None and exact >= point.timing.queries_per_second
        lines.append(f"{reached}; exact search{' is no slower' * wins}: {exact:,.0f} queries/s")
    return [*lines, _told(series.served)]


def _told(served: Plan) -> str:
    if served.ef_search is None:
        return "users' searches: exact"
    certified = f", certified recall@{served.certified_at} {served.certified}" if served.certified else ""
    return f"users' searches: ef_search {served.ef_search}{certified}"


def _span(run: Sequence[Point]) -> str:
    first, last = run[0].ef_search, run[-1].ef_search
    return f"{first}" if first == last else f"{first}–{last}"


@dataclass(frozen=True, slots=True, eq=False)
class _Asker:
    collection: Collection
    queries: QuerySet
    k: int
    allowed: Allowed | None

    @classmethod
    def of(cls, collection: Collection, queries: QuerySet, k: int) -> _Asker:
        """Look the allowed keys up here, once: that is no part of the time of a search."""
        if queries.allowed is None:
            return cls(collection, queries, k, None)
        return cls(collection, queries, k, collection.views.latest().allow_keys("image", queries.allowed))

    def nearest(self, vectors: FloatArray, ef_search: int | None, *, exact: bool = False) -> tuple[KnnResult, Plan]:
        """What the engine finds for some of the queries; as it is planned for users, where there is no ef_search."""
        wanted = self.k if self.queries.own is None else self.k + 1
        modality = self.queries.modality
        return self.collection.engine.nearest(
            vectors, k=wanted, ef_search=ef_search, allowed=self.allowed, exact=exact, modality=modality
        )

    def kept(self, found: KnnResult) -> KnnResult:
        """The k best for each query, itself left out."""
        return found if self.queries.own is None else leave_out(found, self.queries.own, self.k)


def _point(asker: _Asker, ef_search: int | None, plan: Plan, found: KnnResult, truth: KnnResult) -> Point:
    shares = share_found(asker.kept(found), truth).astype(np.float64)
    low, high = bootstrap_intervals(shares[:, None], ["mean"], clusters=asker.queries.clusters)[0].tolist()
    recall = Estimate(float(shares.mean()), low, high, len(shares))
    exact = ef_search is None
    timing = time_queries(lambda vectors: asker.nearest(vectors, ef_search, exact=exact), asker.queries.vectors)
    return Point(ef_search, plan, recall, timing)
