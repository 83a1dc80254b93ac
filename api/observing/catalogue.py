"""The state of the database at a glance, for monitoring."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection

from retrieval.metadata import collections, generations, jobs
from retrieval.metadata.jobs import JobKind
from retrieval.overview import JobState
from retrieval.search.planner import Ask, choose
from retrieval.segments import Generation
from retrieval.types import IndexParams

HITS = 10


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Generation by collection, certified recall@10 by collection and modality, number of jobs by kind and state."""

    generations: Mapping[str, int]
    recalls: Mapping[tuple[str, str], float]
    jobs: Mapping[tuple[JobKind, JobState], int]


def read_catalogue(connection: Connection) -> Catalogue:
    """What this transaction sees."""
    published = {
        info.name: (info.index, generations.current(connection, info.id))
        for info in collections.all_of_them(connection)
    }
    recalls = {
        (name, modality): recall
        for name, (index, generation) in published.items()
        for modality, recall in _recalls(index, generation).items()
    }
    numbers = {name: generation.number for name, (_, generation) in published.items()}
    return Catalogue(numbers, recalls, jobs.count_by_state(connection))


def _recalls(index: IndexParams, generation: Generation) -> dict[str, float]:
    """By modality, the recall that was measured for the plan of a search for ten images without options."""
    certificate = generation.certificates.get("image")
    if certificate is None:
        return {}
    recalls: dict[str, float] = {}
    for modality in {curve.modality for curve in certificate.curves}:
        ask = Ask(HITS, certificate.rows, None, modality, None, index.target_recall, index.ef_search)
        if (certified := choose(ask, certificate).certified) is not None:
            recalls[modality] = certified.value
    return recalls
