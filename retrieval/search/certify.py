"""Measuring what a generation delivers, with queries that it was not tuned on, before it is published.

Recall is measured against exact search on all vectors of the generation, tails and several graphs included, exactly as
it will be served. A stored vector that asks is left out of its own answer. What people will ask is not all like what is
held out, so mixes of that are asked too, where the sample has them: of the two recalls the lesser counts.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from time import perf_counter

import numpy as np

from retrieval.certificate import Certificate, Curve, Modality, Point, Recall
from retrieval.evaluation.statistics import bootstrap_intervals
from retrieval.index.generation import Allowed, GenerationView, IndexName
from retrieval.index.recall import share_found
from retrieval.index.topk import leave_out
from retrieval.search.samples import Sample
from retrieval.types import NO_KEY, FloatArray, KeyArray, KnnResult, VectorKind

EF_SEARCH = (10, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1024, 1536, 2048)
SELECTIVITIES = (0.5, 0.2, 0.1, 0.05, 0.02)
PLENTY, MANY_PLENTY = 0.999, 0.99
"""Recalls @10 and @100 from which a larger ef_search is not worth measuring."""
TIMED = 15
HITS, MANY_HITS = 10, 100


def certify(view: GenerationView, kind: VectorKind, samples: Mapping[Modality, Sample]) -> Certificate | None:
    """Measure one kind of vectors; None where no graph holds any of them."""
    if not view.has_graph(kind) or not samples:
        return None
    vectors = next(iter(samples.values())).vectors
    seconds_a_row = _seconds_a_row(view, kind, vectors)
    curves = []
    for modality, sample in samples.items():
        asked = _Asked(view, kind, modality, sample)
        curves.append(asked.curve())
        curves.extend(asked.filtered(seconds_a_row))
    return Certificate(view.rows(kind), seconds_a_row, tuple(curves))


class _Asked:
    """One modality's sample, asked of one view."""

    def __init__(self, view: GenerationView, kind: VectorKind, modality: Modality, sample: Sample) -> None:
        self._view = view
        self._kind = kind
        self._modality = modality
        self._sample = sample
        self._groups = [sample] if sample.mixes is None else [sample, Sample(sample.mixes)]

    def curve(
        self, allowed: Allowed | None = None, *, selectivity: float = 1.0, seconds_exact: float = math.inf
    ) -> Curve:
        """Recall over ef_search until it is plenty, or until exact search would be no slower, if that is known.

        It is not told of the curve without a filter: that says what the graph can do, however fast anything is.
        """
        truths = [self._search(group, MANY_HITS, 0, allowed, "exact") for group in self._groups]
        points = []
        for ef_search in (ef for ef in EF_SEARCH if _counting(ef, allowed) >= HITS):
            points.append(point := self._point(ef_search, allowed, truths))
            many = point.at_100.value if point.at_100 else 0.0
            if (point.at_10.value >= PLENTY and many >= MANY_PLENTY) or point.seconds > seconds_exact:
                break
        return Curve(self._modality, selectivity, len(self._sample.vectors), tuple(points))

    def filtered(self, seconds_a_row: float) -> Iterator[Curve]:
        """Curves with ever fewer vectors allowed, drawn at random, down to where exact search of them is cheaper."""
        keys = self._view.keys(self._kind)
        for selectivity in SELECTIVITIES:
            count = int(selectivity * len(keys))
            drawn = np.sort(np.random.default_rng(0).choice(keys, count, replace=False))
            allowed = self._view.allow_keys(self._kind, drawn)
            seconds_exact = count * seconds_a_row
            if seconds_exact < self._seconds(EF_SEARCH[0], allowed):
                return
            yield self.curve(allowed, selectivity=selectivity, seconds_exact=seconds_exact)

    def _point(self, ef_search: int, allowed: Allowed | None, truths: list[KnnResult]) -> Point:
        """Of the groups of queries, the least of each figure."""
        counting = _counting(ef_search, allowed)
        answers = [self._search(group, counting, ef_search, allowed) for group in self._groups]
        counted = min(np.count_nonzero(found.keys != NO_KEY, axis=1).mean() for found in answers)
        at_10 = _least_recall(answers, truths, HITS)
        at_100 = _least_recall(answers, truths, MANY_HITS) if counting >= MANY_HITS else None
        return Point(ef_search, at_10, at_100, float(counted), self._seconds(ef_search, allowed))

    def _search(
        self, group: Sample, k: int, ef_search: int, allowed: Allowed | None, index: IndexName = "served"
    ) -> KnnResult:
        """The k nearest to each query of a group, less the query itself."""
        wanted = k if group.keys is None else k + 1
        found = self._view.search(
            self._kind, group.vectors, k=wanted, ef_search=ef_search, allowed=allowed, index=index
        )
        return found if group.keys is None else leave_out(found, group.keys, k)

    def _seconds(self, ef_search: int, allowed: Allowed | None) -> float:
        def search(row: int) -> float:
            started = perf_counter()
            query = self._sample.vectors[row : row + 1]
            self._view.search(self._kind, query, k=HITS, ef_search=ef_search, allowed=allowed)
            return perf_counter() - started

        return min(search(row) for row in range(min(TIMED, len(self._sample.vectors))))


def _counting(ef_search: int, allowed: Allowed | None) -> int:
    """How many candidates of a walk count: see `HnswIndex.search`."""
    return ef_search if allowed is None else ef_search // 2


def _least_recall(answers: list[KnnResult], truths: list[KnnResult], k: int) -> Recall:
    """The recall that is lowest by its lower bound."""
    recalls = (_recall(found, truth, k) for found, truth in zip(answers, truths, strict=True))
    return min(recalls, key=lambda recall: recall.low)


def _recall(found: KnnResult, truth: KnnResult, k: int) -> Recall:
    shares = share_found(_first(found, k), _first(truth, k)).astype(np.float64)
    low, high = bootstrap_intervals(shares[:, None], ["mean"])[0]
    return Recall(float(shares.mean()), float(low), float(high))


def _first(result: KnnResult, k: int) -> KnnResult:
    return KnnResult(result.keys[:, :k], result.scores[:, :k])


def _seconds_a_row(view: GenerationView, kind: VectorKind, queries: FloatArray) -> float:
    """What exact search costs for each allowed row: the slope between few and many of them."""
    keys = view.keys(kind)
    sizes = [min(1_000, len(keys)), min(20_000, len(keys))]
    if sizes[0] == sizes[1]:
        sizes[0] //= 2
    few, many = (_exact_seconds(view, kind, queries, keys[:: max(1, len(keys) // size)][:size]) for size in sizes)
    return (many - few) / (sizes[1] - sizes[0]) if many > few else many / sizes[1]


def _exact_seconds(view: GenerationView, kind: VectorKind, queries: FloatArray, keys: KeyArray) -> float:
    allowed = view.allow_keys(kind, keys)

    def search(row: int) -> float:
        started = perf_counter()
        view.search(kind, queries[row : row + 1], k=HITS, ef_search=0, allowed=allowed, index="exact")
        return perf_counter() - started

    return min(search(row) for row in range(min(TIMED, len(queries))))
