"""What the service counts and measures, for Prometheus."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Literal

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from api.catalogue import Catalogue

SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
BATCHES = (1, 2, 4, 8, 16, 32)


class Metrics:
    """The instruments of one application, in a registry of their own; safe to use from several threads."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        registry = self._registry
        self._requests = Histogram(
            "retrieval_request_seconds",
            "Whole requests, until the last byte was sent.",
            ("route", "status"),
            registry=registry,
            buckets=SECONDS,
        )
        self._stages = Histogram(
            "retrieval_stage_seconds", "Stages of searches.", ("stage",), registry=registry, buckets=SECONDS
        )
        self._batches = Histogram(
            "retrieval_encoder_batch_size", "Items encoded together.", registry=registry, buckets=BATCHES
        )
        self._waiting = Gauge("retrieval_encoder_queue_depth", "Items that wait for the encoder.", registry=registry)
        self._cache = Counter(
            "retrieval_query_cache",
            "Texts of queries: embedding kept (hit), being computed for another request (shared), or neither (miss).",
            ("outcome",),
            registry=registry,
        )
        self._rejections = Counter(
            "retrieval_encoder_rejections", "Items that were not encoded.", ("code",), registry=registry
        )
        self._searching = Gauge("retrieval_searches", "Searches at work, or waiting for their turn.", registry=registry)
        self._refused = Counter(
            "retrieval_search_rejections", "Searches without an answer.", ("code",), registry=registry
        )
        self._generation = Gauge(
            "retrieval_index_generation", "Published state of the index.", ("collection",), registry=registry
        )
        self._recall = Gauge(
            "retrieval_certified_recall_at_10",
            "Recall measured for the plan of a search without options.",
            ("collection", "modality"),
            registry=registry,
        )
        self._jobs = Gauge("retrieval_jobs", "Jobs by kind and state.", ("kind", "state"), registry=registry)

    def request(self, route: str, status: int, seconds: float) -> None:
        """A request was answered."""
        self._requests.labels(route, str(status)).observe(seconds)

    def search(self, timings: Mapping[str, float]) -> None:
        """A search was made: seconds of each stage."""
        for stage, seconds in timings.items():
            self._stages.labels(stage).observe(seconds)

    def batch(self, size: int) -> None:
        """So many items were encoded together."""
        self._batches.observe(size)

    def watch_queue(self, depth: Callable[[], float]) -> None:
        """Ask `depth` for the number of waiting items whenever the metrics are read."""
        self._waiting.set_function(depth)

    def cached(self, outcome: Literal["hit", "shared", "miss"]) -> None:
        """The embedding of a text was asked for."""
        self._cache.labels(outcome).inc()

    def rejected(self, code: str) -> None:
        """Something was not encoded, because of this error."""
        self._rejections.labels(code).inc()

    def searching(self, more: int) -> None:
        """So many searches have begun, or with -1 ended."""
        self._searching.inc(more)

    def refused(self, code: str) -> None:
        """A search was not made, or not finished, because of this error."""
        self._refused.labels(code).inc()

    def catalogue(self, state: Catalogue) -> None:
        """The present state of the database."""
        _replace(self._generation, (((name,), number) for name, number in state.generations.items()))
        _replace(self._recall, state.recalls.items())
        _replace(self._jobs, state.jobs.items())

    def text(self) -> bytes:
        """All of it in the text format of Prometheus 0.0.4."""
        return generate_latest(self._registry)


def _replace(gauge: Gauge, values: Iterable[tuple[tuple[str, ...], float]]) -> None:
    gauge.clear()
    for labels, value in values:
        gauge.labels(*labels).set(value)
