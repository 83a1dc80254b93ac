"""Where a run put the relevant documents: all that the measures need to know."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from retrieval.errors import InputError
from retrieval.evaluation.columns import Float64Array, IntArray, pair_keys
from retrieval.evaluation.judgements import Qrels, Run
from retrieval.types import BoolArray

NOT_RETRIEVED = int(np.iinfo(np.int64).max)
"""Rank of a document that is not among the results."""


@dataclass(frozen=True, slots=True, eq=False)
class RelevantRanks:
    """One row for each relevant document of each judged query, sorted by query, then rank.

    `query` int64 (n,) counts the judged queries, 0 to `queries` - 1; `relevance` int64 (n,) is at least 1; `rank`
    int64 (n,) counts from 1, or is `NOT_RETRIEVED`. `depth` is the length of the run's longest list. `true_first`
    int64 (queries,), where given, is the rank of each query's first relevant document in a full ranking, 0 for none.
    """

    queries: int
    query: IntArray
    relevance: IntArray
    rank: IntArray
    depth: int
    true_first: IntArray | None = None

    def within(self, cutoff: int | None) -> RelevantRanks:
        """Only the relevant documents among the first `cutoff` results, or among all results."""
        return self._rows(self.rank <= (NOT_RETRIEVED - 1 if cutoff is None else cutoff))

    def ideal(self) -> RelevantRanks:
        """The same documents, retrieved in the best order: the most relevant first."""
        order = np.lexsort((-self.relevance, self.query))
        best = replace(self, query=self.query[order], relevance=self.relevance[order])
        return replace(best, rank=best.places())

    def count(self) -> Float64Array:
        """How many rows each query has: float64 (queries,)."""
        return np.bincount(self.query, minlength=self.queries).astype(np.float64)

    def total(self, weights: Float64Array) -> Float64Array:
        """Sum of weights (n,) over each query's rows: float64 (queries,)."""
        return np.bincount(self.query, weights, minlength=self.queries).astype(np.float64, copy=False)

    def places(self) -> IntArray:
        """Which row of its query each row is, counted from 1: int64 (n,)."""
        return np.arange(1, len(self.query) + 1) - np.searchsorted(self.query, self.query)

    def first(self) -> IntArray:
        """Rank of each query's first relevant document, `NOT_RETRIEVED` where there is none: int64 (queries,)."""
        first = np.full(self.queries, NOT_RETRIEVED)
        leading = self._rows(self.places() == 1)
        first[leading.query] = leading.rank
        return first

    def _rows(self, chosen: BoolArray) -> RelevantRanks:
        return replace(self, query=self.query[chosen], relevance=self.relevance[chosen], rank=self.rank[chosen])


def rank_relevant(qrels: Qrels, run: Run, *, true_first: Mapping[str, int] | None = None) -> RelevantRanks:
    """Look up the rank of every relevant document. Results of queries without judgements play no part.

    `true_first` maps every judged query to the rank of its first relevant document in a full ranking, counted from 1,
    0 for none: what an exact search knows beyond the end of the run's lists. Raises `InputError` where one is missing.
    """
    relevant = qrels.relevance > 0
    query, doc, relevance = qrels.queries[relevant], qrels.docs[relevant], qrels.relevance[relevant]
    rank = _ranks(pair_keys(query, doc, len(qrels.doc_ids)), qrels, run)
    order = np.lexsort((rank, query))
    return RelevantRanks(
        queries=len(qrels.query_ids),
        query=query[order],
        relevance=relevance[order],
        rank=rank[order],
        depth=run.depth,
        true_first=None if true_first is None else _in_order(qrels.query_ids, true_first),
    )


def numbers_in(ids: Sequence[str], others: Sequence[str]) -> IntArray:
    """Position of each of `others` in `ids`, -1 where it is not there: int64 (len(others),)."""
    numbers = {text: number for number, text in enumerate(ids)}
    return np.fromiter((numbers.get(other, -1) for other in others), np.int64, len(others))


def divide(numerator: Float64Array, denominator: Float64Array) -> Float64Array:
    """Quotients (n,), 0 where the denominator is 0: a query without relevant documents scores 0, as in trec_eval."""
    return np.divide(numerator, denominator, out=np.zeros(len(numerator)), where=denominator != 0)


def _ranks(wanted: IntArray, qrels: Qrels, run: Run) -> IntArray:
    """Rank in the run of each of the pairs `wanted`, which ascend."""
    ranks = np.full(len(wanted), NOT_RETRIEVED)
    if not len(wanted):
        return ranks
    queries = np.repeat(numbers_in(qrels.query_ids, run.query_ids), np.diff(run.starts))
    docs = numbers_in(qrels.doc_ids, run.doc_ids)[run.docs]
    rows = np.flatnonzero((queries >= 0) & (docs >= 0))
    keys = pair_keys(queries[rows], docs[rows], len(qrels.doc_ids))
    places = np.minimum(np.searchsorted(wanted, keys), len(wanted) - 1)
    found = wanted[places] == keys
    ranks[places[found]] = rows[found] - run.starts[run.queries[rows[found]]] + 1
    return ranks


def _in_order(query_ids: Sequence[str], first: Mapping[str, int]) -> IntArray:
    try:
        return np.fromiter((first[query_id] for query_id in query_ids), np.int64, len(query_ids))
    except KeyError as error:
        raise InputError(f"no true rank for query {error.args[0]!r}; give one for every judged query") from error
