"""The whole evaluation of an index: queries drawn, ef_search swept, report written, run recorded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from retrieval.collection import Collection
from retrieval.evaluators.index_page import write_index_report
from retrieval.evaluators.index_queries import query_sets
from retrieval.evaluators.index_sweep import Series, sweep, sweep_values
from retrieval.evaluators.record import describe, keep
from retrieval.evaluators.subject import Subject
from retrieval.types import FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class CompleteIndex:
    """What it leaves: a series for each set of queries, the figures as JSON, the report's folder, lines for people."""

    series: Sequence[Series]
    metrics: Mapping[str, Any]
    folder: Path
    warnings: tuple[str, ...]


def complete_index(
    subject: Subject,
    *,
    k: int = 10,
    values: Sequence[int] = (),
    most: int = 1000,
    selectivities: Sequence[float] = (),
    filters: Sequence[str] = (),
    vectors: FloatArray | None = None,
    given: Mapping[str, object],
    seed: int = 0,
) -> CompleteIndex:
    """Measure recall@k against exact search and speed at each of `values` of ef_search, or at the usual ones for none.

    `given` says in the record where the `vectors` came from. Raises as `sweep_values` and `query_sets` do, and
    `StorageError` where the report cannot be written.
    """
    collection = subject.collection
    values = sweep_values(k, values, collection.info.index.ef_search)
    sets, warnings = query_sets(
        collection, most=most, vectors=vectors, selectivities=selectivities, filters=filters, seed=seed
    )
    warnings += _without_graph(collection)
    series = [sweep(collection, queries, values, k=k, on_progress=subject.on_progress) for queries in sets]
    options = {"k": k, "queries": most, "selectivity": list(selectivities), "filters": list(filters), "seed": seed}
    config = describe(collection, "index", **options, **given, ef_search=values)
    folder, metrics = keep(
        subject, "index", config, lambda folder: write_index_report(folder, collection, series, warnings, config)
    )
    return CompleteIndex(series, metrics, folder, tuple(warnings))


def _without_graph(collection: Collection) -> list[str]:
    if collection.views.latest().has_graph("image"):
        return []
    name = collection.name
    return [
        f"collection {name!r} has no graph: it is searched exactly, whatever ef_search; "
        f"`retrieval compact -c {name} --exact-rows 0` builds one"
    ]
