"""What the service counts and measures, for Prometheus."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import Literal

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from api.observing.catalogue import MEASURED_AT, Catalogue
from api.process.supervising import METRICS_DIR

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
        # What every search asks for is not looked up anew.
        self._request, self._stage = cache(self._requests.labels), cache(self._stages.labels)
        self._depth: Callable[[], float] = lambda: 0.0
        self._waiting = Gauge(
            "retrieval_encoder_queue_depth",
            "Items that wait for the encoder.",
            registry=registry,
            multiprocess_mode="livesum",
        )
        self._cache = Counter(
            "retrieval_query_cache",
            "Texts of queries: embedding kept (hit), being computed for another request (shared), or neither (miss).",
            ("outcome",),
            registry=registry,
        )
        self._answers = Counter(
            "retrieval_answer_cache",
            "Searches: answer kept since the last change of the collection (hit), or not (miss).",
            ("outcome",),
            registry=registry,
        )
        self._rejections = Counter(
            "retrieval_encoder_rejections", "Items that were not encoded.", ("code",), registry=registry
        )
        self._searching = Gauge(
            "retrieval_searches",
            "Searches at work, or waiting for their turn.",
            registry=registry,
            multiprocess_mode="livesum",
        )
        self._refused = Counter(
            "retrieval_search_rejections", "Searches without an answer.", ("code",), registry=registry
        )

    def request(self, route: str, status: int, seconds: float) -> None:
        """A request was answered."""
        self._request(route, str(status)).observe(seconds)

    def search(self, timings: Mapping[str, float]) -> None:
        """A search was made: seconds of each stage."""
        for stage, seconds in timings.items():
            self._stage(stage).observe(seconds)

    def batch(self, size: int) -> None:
        """So many items were encoded together."""
        self._batches.observe(size)
        self._waiting.set(self._depth())

    def watch_queue(self, depth: Callable[[], float]) -> None:
        """Ask `depth` for the number of waiting items whenever a batch is taken, or the metrics are read."""
        self._depth = depth

    def cached(self, outcome: Literal["hit", "shared", "miss"]) -> None:
        """The embedding of a text was asked for."""
        self._cache.labels(outcome).inc()

    def answer_cached(self, found: bool) -> None:
        """The answer to a search was asked for, and kept or not."""
        self._answers.labels("hit" if found else "miss").inc()

    def rejected(self, code: str) -> None:
        """Something was not encoded, because of this error."""
        self._rejections.labels(code).inc()

    def searching(self, more: int) -> None:
        """So many searches have begun, or with -1 ended."""
        self._searching.inc(more)

    def refused(self, code: str) -> None:
        """A search was not made, or not finished, because of this error."""
        self._refused.labels(code).inc()

    def text(self, state: Catalogue) -> bytes:
        """All of it, and the present state of the database, in the text format of Prometheus 0.0.4.

        Where several processes serve one address, what all of them have counted.
        """
        self._waiting.set(self._depth())
        counted = self._registry
        if METRICS_DIR in os.environ:
            counted = CollectorRegistry()
            MultiProcessCollector(counted)  # type: ignore[no-untyped-call]
        read = CollectorRegistry()
        read.register(_Collected(_families(state)))
        return generate_latest(counted) + generate_latest(read)


class _Collected(Collector):
    """Families that are made already."""

    def __init__(self, families: Iterable[Metric]) -> None:
        self._families = list(families)

    def collect(self) -> Iterable[Metric]:
        return self._families


def _families(state: Catalogue) -> Iterator[Metric]:
    generations = [((name,), number) for name, number in state.generations.items()]
    yield _family("retrieval_index_generation", "Published state of the index.", ("collection",), generations)
    for k in MEASURED_AT:
        yield _family(
            f"retrieval_certified_recall_at_{k}",
            f"Recall@{k} measured for the plan of a search, and its 95 % interval.",
            ("collection", "modality", "share", "bound"),
            [
                ((one.collection, one.modality, f"{one.share:g}", one.bound), one.recall)
                for one in state.recalls
                if one.k == k
            ],
        )
    yield _family("retrieval_jobs", "Jobs by kind and state.", ("kind", "state"), state.jobs.items())


def _family(
    name: str, help_text: str, labels: Sequence[str], values: Iterable[tuple[tuple[str, ...], float]]
) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, help_text, labels=labels)
    for of_labels, value in values:
        family.add_metric(of_labels, value)
    return family
