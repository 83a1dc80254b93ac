"""Queries with judgements, searched in a collection: a run, and its figures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from retrieval.certificate import Modality
from retrieval.collection import Collection
from retrieval.evaluation import Measure, Qrels, parse_measure
from retrieval.evaluators.queries import SearchQuery, embed_queries
from retrieval.evaluators.reference import Reference
from retrieval.evaluators.searches import judged_alike, list_depth, measure, search_both
from retrieval.evaluators.task import Shown, TaskReport
from retrieval.metadata import items
from retrieval.types import FloatArray

MEASURES = ("hit@1", "hit@10", "recall@10", "nDCG@10", "AP@10", "RR@10")


def parse_measures(texts: Sequence[str] | None, default: Sequence[str] = MEASURES) -> list[Measure]:
    """The measures that are asked for, or the default ones, each once."""
    return list(dict.fromkeys(parse_measure(text) for text in texts or default))


def evaluate_queries(
    collection: Collection,
    queries: Sequence[SearchQuery],
    qrels: Qrels,
    measures: Sequence[Measure],
    *,
    vectors: FloatArray | None = None,
    depth: int | None = None,
    ef_search: int | None = None,
    filter: str | None = None,  # noqa: A002  the word that users write
    reference: Reference | None = None,
) -> TaskReport:
    """Search for every query, through the index and exactly, and score both over every judged query.

    `vectors`, float32 (nq, dim) of length 1, stand for the queries where they were embedded elsewhere, by the
    collection's own encoder. A query by doc_id leaves that document out, as `Collection.similar` does. For `depth` see
    `list_depth`, for `filter` and `reference` `search_both`. Queries that are judged alike are resampled together for
    the intervals. Raises `InputError` where nothing can be scored, and `SourceError` for a query that cannot be
    embedded.
    """
    searches = search_both(
        collection,
        [query.query_id for query in queries],
        embed_queries(collection, queries) if vectors is None else vectors,
        depth=list_depth(collection, measures, ef_search=ef_search, depth=depth),
        modality=_modality(queries),
        ef_search=ef_search,
        without=[query.doc_id for query in queries],
        filter=filter,
        reference=reference,
    )
    return measure(
        "results",
        qrels,
        searches,
        measures,
        shown={query.query_id: Shown(str(query), query.doc_id) for query in queries},
        clusters=judged_alike(qrels),
        warnings=list(_warnings(collection, qrels)),
    )


def _modality(queries: Sequence[SearchQuery]) -> Modality | None:
    """What all the queries are made of; None where that is not the same."""
    modalities = {query.modality for query in queries}
    return modalities.pop() if len(modalities) == 1 else None


def _warnings(collection: Collection, qrels: Qrels) -> Iterator[str]:
    with collection.database.read() as connection:
        there = items.live_keys(connection, collection.info.id, qrels.doc_ids)
    if missing := len(qrels.doc_ids) - len(there):
        yield f"{missing:,} of {len(qrels.doc_ids):,} judged documents are not in the collection: they cannot be found"
