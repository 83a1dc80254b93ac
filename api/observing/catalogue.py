"""The state of the database at a glance, for monitoring."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from sqlalchemy import Connection

from retrieval.certificate import Modality
from retrieval.metadata import collections, generations, jobs
from retrieval.metadata.jobs import JobKind
from retrieval.overview import JobState
from retrieval.search.planner import Ask, choose
from retrieval.segments import Generation
from retrieval.types import IndexParams

MEASURED_AT = (10, 100)


@dataclass(frozen=True, slots=True)
class Certified:
    """A recall@`k` that was measured for the plan of a search for `k` images whose filter allows a `share` of them.

    `bound` is "mean", or "low" or "high" of the 95 % interval.
    """

    collection: str
    modality: Modality
    share: float
    k: int
    bound: str
    recall: float


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Generation by collection, certified recalls, number of jobs by kind and state."""

    generations: Mapping[str, int]
    recalls: tuple[Certified, ...]
    jobs: Mapping[tuple[JobKind, JobState], int]


def read_catalogue(connection: Connection) -> Catalogue:
    """What this transaction sees."""
    published = {
        info.name: (info.index, generations.current(connection, info.id))
        for info in collections.all_of_them(connection)
    }
    numbers = {name: generation.number for name, (_, generation) in published.items()}
    recalls = tuple(one for name, (index, generation) in published.items() for one in _recalls(name, index, generation))
    return Catalogue(numbers, recalls, jobs.count_by_state(connection))


def _recalls(name: str, index: IndexParams, generation: Generation) -> Iterator[Certified]:
    if certificate := generation.certificates.get("image"):
        for curve in certificate.curves:
            allowed = None if curve.selectivity == 1 else round(curve.selectivity * certificate.rows)
            for k in MEASURED_AT:
                ask = Ask(k, certificate.rows, allowed, curve.modality, None, index.target_recall, index.ef_search)
                if recall := choose(ask, certificate).certified:
                    for bound, value in (("mean", recall.value), ("low", recall.low), ("high", recall.high)):
                        yield Certified(name, curve.modality, curve.selectivity, k, bound, value)
