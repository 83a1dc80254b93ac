"""How fast a search answers: one query at a time on one thread, and all of them at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from time import perf_counter
from typing import Any

import numpy as np

from retrieval.evaluation.columns import Float64Array
from retrieval.index.faiss_wheel import faiss
from retrieval.types import FloatArray

WARM_UP = 20
ROUNDS = 3
LONGEST_S = 3.0
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
    """Time `search` on queries, float32 (nq, dim), after a warm-up: singly, then as one batch.

    Of three rounds the fastest counts, as in ANN-Benchmarks: what slows a round is another program on the machine.
    """
    singles = [queries[row : row + 1] for row in range(len(queries))]
    with _one_thread():
        for query in singles[:WARM_UP]:
            search(query)
        single = _fastest(search, singles)
    p50, p95, p99 = (np.quantile(single, [0.5, 0.95, 0.99]) * 1000).tolist()
    batch = _fastest(search, [queries])
    return Timing(1 / float(single.mean()), len(queries) / float(batch.mean()), p50, p95, p99, len(single))


def median_ms(call: Callable[[], object]) -> float:
    """The median of 200 calls, in milliseconds."""
    seconds = []
    for _ in range(200):
        started = perf_counter()
        call()
        seconds.append(perf_counter() - started)
    return float(np.median(seconds)) * 1000


def batch_threads() -> int:
    """Threads that a batch is searched on."""
    return int(faiss.omp_get_max_threads())


def _fastest(search: Callable[[FloatArray], object], calls: Sequence[FloatArray]) -> Float64Array:
    """Seconds of each call in the fastest round; a round is cut short, or left out, where time is up."""
    started = perf_counter()
    end = started + LONGEST_S
    rounds = [_round(search, calls, end)]
    spent = perf_counter() - started
    while len(rounds) < ROUNDS and perf_counter() + spent < end:
        rounds.append(_round(search, calls, end))
    return min((one for one in rounds if len(one) == len(rounds[0])), key=np.mean)


def _round(search: Callable[[FloatArray], object], calls: Sequence[FloatArray], end: float) -> Float64Array:
    seconds = []
    for queries in calls:
        started = perf_counter()
        search(queries)
        stopped = perf_counter()
        seconds.append(stopped - started)
        if stopped > end:
            break
    return np.array(seconds)


@contextmanager
def _one_thread() -> Iterator[None]:
    before = batch_threads()
    faiss.omp_set_num_threads(1)
    try:
        yield
    finally:
        faiss.omp_set_num_threads(before)
