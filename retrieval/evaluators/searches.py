"""The same queries through a collection's index and exactly, side by side, and the figures of both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from retrieval.collection import Collection
from retrieval.errors import InputError
from retrieval.evaluation import Measure, Qrels, Run, evaluate
from retrieval.evaluation.decompose import Decomposition, decompose
from retrieval.evaluation.measures import Hit
from retrieval.evaluation.ranks import rank_relevant
from retrieval.evaluators.task import Shown, TaskReport
from retrieval.metadata import items
from retrieval.search.query import MOST_HITS
from retrieval.types import NO_KEY, FloatArray, KeyArray, KnnResult

LONGEST_FREE = 100


@dataclass(frozen=True, slots=True, eq=False)
class Searches:
    """What the index found and what an exact search finds. `ef_search` is None where there was no graph to ask."""

    served: Run
    exact: Run
    ef_search: int | None


def search_both(
    collection: Collection,
    query_ids: Sequence[str],
    vectors: FloatArray,
    *,
    depth: int,
    ef_search: int | None = None,
    without: Sequence[str | None] | None = None,
) -> Searches:
    """The `depth` best documents for each query, unit vectors float32 (nq, dim), through the index and exactly.

    `without` names a document for each query that is left out of its results, or None: an item is no answer to itself.
    Raises `InputError` for a depth outside 1..10,000 and an empty collection.
    """
    if not 1 <= depth <= MOST_HITS:
        raise InputError(f"a depth of {depth}: give 1 to {MOST_HITS:,}")
    with collection.database.read() as connection:
        keys, doc_ids = items.live_documents(connection, collection.info.id)
    if not doc_ids:
        raise InputError(f"collection {collection.name!r} has no documents: index some first")
    rows = {doc_id: row for row, doc_id in enumerate(doc_ids)}
    left_out = np.array([rows.get(doc_id or "", NO_KEY) for doc_id in without or [None] * len(query_ids)], np.int64)
    k = min(depth + bool((left_out != NO_KEY).any()), len(doc_ids), MOST_HITS)

    def run(*, exact: bool) -> tuple[Run, int | None]:
        found, plan = collection.engine.nearest(vectors, k=k, ef_search=ef_search, exact=exact)
        kept = _without(_as_rows(found, keys), left_out, depth)
        return Run.from_neighbours(query_ids, doc_ids, kept.keys, kept.scores), plan.ef_search

    served, used = run(exact=False)
    return Searches(served, run(exact=True)[0], used)


def list_depth(
    collection: Collection, measures: Sequence[Measure], *, ef_search: int | None = None, depth: int | None = None
) -> int:
    """How long lists are to be: as long as the measures look, or as `depth` says.

    A longer list than ef_search candidates would raise ef_search, and flatter the index: by default lists are longer
    than the measures need only where that changes nothing.
    """
    free = max(1, min(LONGEST_FREE, (ef_search or collection.info.ef_search) - 1))  # one to spare for an item that asks
    return max(free if depth is None else depth, *(each.cutoff or 0 for each in measures), 0)


def measure(
    name: str,
    qrels: Qrels,
    searches: Searches,
    measures: Sequence[Measure],
    *,
    shown: Mapping[str, Shown],
    clusters: Mapping[str, str] | None = None,
    warnings: Sequence[str] = (),
) -> TaskReport:
    """The figures of both searches; misses are put down to the model or the index at every cut-off of a measure."""
    stages = {"model": searches.exact} | ({"index": searches.served} if searches.ef_search else {})
    return TaskReport(
        name=name,
        qrels=qrels,
        run=searches.served,
        exact_run=searches.exact,
        served=evaluate(qrels, searches.served, measures, clusters=clusters),
        exact=evaluate(qrels, searches.exact, measures, clusters=clusters),
        ef_search=searches.ef_search,
        blame=blame_misses(qrels, stages, sorted({each.cutoff for each in measures if each.cutoff})),
        shown=shown,
        warnings=tuple(warnings),
    )


def blame_misses(qrels: Qrels, stages: Mapping[str, Run], cutoffs: Sequence[int]) -> dict[int, Decomposition]:
    """Put each query without a relevant document among its first k down to a stage; `stages` from ideal to served."""
    ranks = {name: rank_relevant(qrels, run) for name, run in stages.items()}
    return {k: decompose({name: Hit(k).per_query(one) > 0 for name, one in ranks.items()}, k=k) for k in cutoffs}


def judged_alike(qrels: Qrels) -> dict[str, str]:
    """A cluster for every judged query: queries with the same relevant documents say one thing in several words.

    Such are the five captions of one picture; they rise and fall together, so they are resampled and swapped together.
    """
    seen: dict[bytes, str] = {}
    clusters = {}
    for query_id in qrels.query_ids:
        rows = qrels.rows(query_id)
        relevant = qrels.docs[rows][qrels.relevance[rows] > 0]
        clusters[query_id] = seen.setdefault(relevant.tobytes(), query_id) if len(relevant) else query_id
    return clusters


def _as_rows(found: KnnResult, keys: KeyArray) -> KnnResult:
    """Keys as row numbers; one that is not among `keys`, int64 (n,) ascending, came meanwhile and is left out."""
    rows = np.minimum(np.searchsorted(keys, found.keys), len(keys) - 1)
    known = keys[rows] == found.keys
    return KnnResult(np.where(known, rows, NO_KEY), np.where(known, found.scores, np.float32(-np.inf)))


def _without(found: KnnResult, left_out: KeyArray, depth: int) -> KnnResult:
    """The first `depth` slots of each row once its own document, int64 (nq,), is taken out."""
    gone = found.keys == left_out[:, None]
    order = np.argsort(gone, axis=1, kind="stable")
    scores = np.where(gone, np.float32(-np.inf), found.scores)
    kept = KnnResult(np.take_along_axis(found.keys, order, 1), np.take_along_axis(scores, order, 1))
    return KnnResult(kept.keys[:, :depth], kept.scores[:, :depth])
