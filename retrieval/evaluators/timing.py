"""How fast a search answers: one query at a time on one thread, and all of them at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from time import perf_counter
from typing import Any

import numpy as np

from retrieval.evaluation.columns import Float64Array
from retrieval.index.faiss_wheel import faiss
from retrieval.types import FloatArray

WARM_UP = 20
REPEATS = 3
LONGEST_S = 5.0
"""After so many seconds no further query is timed: exact search of a large collection would take hours."""


@dataclass(frozen=True, slots=True)
class Timing:
    """Speed of one setting. Milliseconds `p50`, `p95` and `p99` are of `timed` single queries."""

    queries_per_second: float
    batched_queries_per_second: float
    p50: float
    p95: float
    p99: float
    timed: int

    def as_json(self) -> dict[str, Any]:
        """Plain dictionaries and finite numbers."""
        return {
            "queries_per_second": self.queries_per_second,
            "batched_queries_per_second": self.batched_queries_per_second,
            "latency_ms": {"p50": self.p50, "p95": self.p95, "p99": self.p99},
            "timed": self.timed,
        }


def time_queries(search: Callable[[FloatArray], object], queries: FloatArray) -> Timing:
    """Time `search` on queries, float32 (nq, dim), after a warm-up: singly, then as one batch, the fastest of three."""
    with _one_thread():
        for row in range(min(WARM_UP, len(queries))):
            search(queries[row : row + 1])
        single = _each(search, queries)
    p50, p95, p99 = (np.quantile(single, [0.5, 0.95, 0.99]) * 1000).tolist()
    batched = len(queries) / _batch(search, queries)
    return Timing(len(single) / float(single.sum()), batched, p50, p95, p99, len(single))


def median_ms(call: Callable[[], object], *, calls: int = 200) -> float:
    """The median of so many calls, in milliseconds."""
    seconds = []
    for _ in range(calls):
        started = perf_counter()
        call()
        seconds.append(perf_counter() - started)
    return float(np.median(seconds)) * 1000


def batch_threads() -> int:
    """Threads that a batch is searched on."""
    return int(faiss.omp_get_max_threads())


def _each(search: Callable[[FloatArray], object], queries: FloatArray) -> Float64Array:
    """Seconds that each query takes, in turn, until all are timed or the time is up."""
    seconds = []
    end = perf_counter() + LONGEST_S
    for row in range(len(queries)):
        started = perf_counter()
        search(queries[row : row + 1])
        stopped = perf_counter()
        seconds.append(stopped - started)
        if stopped > end:
            break
    return np.array(seconds)


def _batch(search: Callable[[FloatArray], object], queries: FloatArray) -> float:
    """Seconds for all queries in one call."""
    best = np.inf
    begun = perf_counter()
    for _ in range(REPEATS):
        started = perf_counter()
        search(queries)
        best = min(best, perf_counter() - started)
        if perf_counter() - begun > LONGEST_S:
            break
    return float(best)


@contextmanager
def _one_thread() -> Iterator[None]:
    before = batch_threads()
    faiss.omp_set_num_threads(1)
    try:
        yield
    finally:
        faiss.omp_set_num_threads(before)
