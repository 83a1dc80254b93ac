"""What is judged relevant, and what a system returned, in TREC's words: qrels and runs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from retrieval.errors import InputError
from retrieval.evaluation.columns import (
    IntArray,
    Pairs,
    ascending_docs,
    check_columns,
    check_pairs_once,
    group_starts,
    number_ids,
)
from retrieval.types import BoolArray, FloatArray, KeyArray


@dataclass(frozen=True, slots=True)
class Qrel:
    """One judgement. A document is relevant to the query from 1 up; 0 and below are judged, and not relevant."""

    query_id: str
    doc_id: str
    relevance: int


@dataclass(frozen=True, slots=True)
class ScoredDoc:
    """One result: the higher the score, the better."""

    query_id: str
    doc_id: str
    score: float


@dataclass(frozen=True, slots=True, eq=False)
class Qrels(Pairs):
    """Judgements in columns, sorted by query and document; `relevance` is int64 (n,). Built by the class methods."""

    relevance: IntArray

    @classmethod
    def from_judgements(cls, judgements: Iterable[Qrel]) -> Qrels:
        """From single judgements in any order. Raises `InputError` where one document is judged twice for a query."""
        rows = list(judgements)
        query_ids, queries = number_ids([row.query_id for row in rows])
        doc_ids, docs = number_ids([row.doc_id for row in rows])
        return cls.from_columns(query_ids, doc_ids, queries, docs, [row.relevance for row in rows])

    @classmethod
    def from_columns(
        cls, query_ids: Sequence[str], doc_ids: Sequence[str], queries: IntArray, docs: IntArray, relevance: ArrayLike
    ) -> Qrels:
        """From numbers into unique ids: `queries` and `docs` int64 (n,), `relevance` whole numbers (n,).

        Raises `InputError` for columns that do not fit one another, an id twice, or a document twice for one query.
        """
        check_columns(query_ids, doc_ids, queries, docs)
        grades = np.asarray(relevance, np.int64)
        _check_length("relevances", grades, queries)
        ascending, numbers = ascending_docs(doc_ids, docs)
        order = np.lexsort((numbers, queries))
        starts = group_starts(queries, len(query_ids))
        qrels = cls(tuple(query_ids), ascending, starts, numbers[order], grades[order])
        check_pairs_once(qrels)
        return qrels

    def __iter__(self) -> Iterator[Qrel]:
        for query_id in self.query_ids:
            yield from self.judgements(query_id)

    def judgements(self, query_id: str) -> list[Qrel]:
        """The judgements of one query by document id; none for a query that is not judged."""
        rows = self.rows(query_id)
        graded = zip(self.docs[rows].tolist(), self.relevance[rows].tolist(), strict=True)
        return [Qrel(query_id, self.doc_ids[doc], relevance) for doc, relevance in graded]


@dataclass(frozen=True, slots=True, eq=False)
class Run(Pairs):
    """Results in columns, best first within a query; `scores` is float32 (n,). Built by the class methods.

    The order is trec_eval's, so that every measure equals trec_eval's, ties included: by score as a float32,
    descending; among equal scores by document id, **descending** by code point ("b" before "a"). The order in which
    results were given, and rank columns of files, play no part. A query may have no results.
    """

    scores: FloatArray

    @classmethod
    def from_scored(cls, results: Iterable[ScoredDoc]) -> Run:
        """From single results in any order. Raises `InputError` as `from_columns` does."""
        rows = list(results)
        query_ids, queries = number_ids([row.query_id for row in rows])
        doc_ids, docs = number_ids([row.doc_id for row in rows])
        return cls.from_columns(query_ids, doc_ids, queries, docs, [row.score for row in rows])

    @classmethod
    def from_arrays(
        cls, query_ids: Sequence[str], doc_ids: NDArray[np.object_] | NDArray[np.str_], scores: ArrayLike
    ) -> Run:
        """From ids and scores (nq, k), a row a query; slots with a score of -inf are empty.

        Raises `InputError` as `from_columns` does.
        """
        grid, slots = np.asarray(scores), np.asarray(doc_ids)
        filled = _filled(query_ids, grid, slots.shape)
        names, docs = number_ids(slots[filled].tolist())
        return cls.from_columns(query_ids, names, np.nonzero(filled)[0], docs, grid[filled])

    @classmethod
    def from_neighbours(
        cls, query_ids: Sequence[str], doc_ids: Sequence[str], keys: KeyArray, scores: ArrayLike
    ) -> Run:
        """From positions in `doc_ids` and scores (nq, k), as an index returns them; -inf marks an empty slot.

        The quick way from a `KnnResult` whose keys are row numbers. Raises `InputError` as `from_columns` does.
        """
        grid = np.asarray(scores)
        filled = _filled(query_ids, grid, keys.shape)
        return cls.from_columns(query_ids, doc_ids, np.nonzero(filled)[0], keys[filled], grid[filled])

    @classmethod
    def from_columns(
        cls, query_ids: Sequence[str], doc_ids: Sequence[str], queries: IntArray, docs: IntArray, scores: ArrayLike
    ) -> Run:
        """From numbers into unique ids: `queries` and `docs` int64 (n,), `scores` (n,).

        Raises `InputError` for columns that do not fit one another, an id twice, a document twice for one query, or a
        score that is not a finite float32.
        """
        check_columns(query_ids, doc_ids, queries, docs)
        values = as_scores(scores)
        _check_length("scores", values, queries)
        if (bad := first_not_finite(values)) is not None:
            place = f"document {doc_ids[docs[bad]]!r}, query {query_ids[queries[bad]]!r}"
            raise InputError(f"{place}: the score is not a finite number; leave the result out or mend its score")
        ascending, numbers = ascending_docs(doc_ids, docs)
        order = _best_first(queries, values, numbers)
        starts = group_starts(queries, len(query_ids))
        run = cls(tuple(query_ids), ascending, starts, numbers[order], values[order])
        check_pairs_once(run)
        return run

    @property
    def depth(self) -> int:
        """Length of the longest list of results."""
        return int(np.diff(self.starts).max(initial=0))

    def __iter__(self) -> Iterator[ScoredDoc]:
        for query_id in self.query_ids:
            yield from self.results(query_id)

    def results(self, query_id: str) -> list[ScoredDoc]:
        """The results of one query, best first; none for a query that is not in the run."""
        rows = self.rows(query_id)
        scored = zip(self.docs[rows].tolist(), self.scores[rows].tolist(), strict=True)
        return [ScoredDoc(query_id, self.doc_ids[doc], score) for doc, score in scored]


def as_scores(scores: ArrayLike) -> FloatArray:
    """Scores as float32, the precision in which trec_eval compares them; what lies beyond its range becomes inf."""
    with np.errstate(over="ignore"):
        return np.asarray(scores).astype(np.float32)


def first_not_finite(scores: FloatArray) -> int | None:
    """Row of the first score that is NaN or infinite."""
    finite = np.isfinite(scores)
    return None if finite.all() else int(np.argmin(finite))


def _filled(query_ids: Sequence[str], scores: NDArray[np.floating], shape: tuple[int, ...]) -> BoolArray:
    if scores.ndim != 2 or scores.shape != shape or len(scores) != len(query_ids):
        raise InputError(f"{len(query_ids):,} queries, documents {shape} and scores {scores.shape} do not fit: (nq, k)")
    filled: BoolArray = scores != -np.inf
    return filled


def _check_length(what: str, column: NDArray[np.generic], queries: IntArray) -> None:
    if column.shape != queries.shape:
        raise InputError(f"{what} of shape {column.shape} for {len(queries):,} rows")


def _best_first(queries: IntArray, scores: FloatArray, docs: NDArray[np.int32]) -> IntArray:
    """The order of rows by query, score descending, document descending; only queries out of order are sorted."""
    order = np.arange(len(queries)) if _ascending(queries) else np.argsort(queries, kind="stable")
    query, score, doc = queries[order], scores[order], docs[order]
    follows = (score[1:] < score[:-1]) | ((score[1:] == score[:-1]) & (doc[1:] < doc[:-1]))
    wrong = ~follows & (query[1:] == query[:-1])
    affected = np.zeros(int(queries.max(initial=0)) + 1, np.bool_)
    affected[query[1:][wrong]] = True
    rows = np.flatnonzero(affected[query])
    order[rows] = order[rows][np.lexsort((-doc[rows], -score[rows], query[rows]))]
    return order


def _ascending(numbers: IntArray) -> bool:
    return bool((numbers[1:] >= numbers[:-1]).all())
