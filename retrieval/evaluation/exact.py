"""Exact rankings of queries against documents, streamed: the score matrix is never whole in memory.

For each block of queries one matrix product gives their scores with every document; what is kept of it are the k best
and the rank of the first relevant document.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from retrieval.types import FloatArray, KnnResult

BLOCK_BYTES = 64 * 2**20


@dataclass(frozen=True, slots=True)
class ExactRanking:
    """`nearest` has row numbers of documents as keys, (nq, k); `first_rank` counts from 1, int64 (nq,).

    `first_rank` is the rank of the best relevant document among all, 0 for a query that has none.
    """

    nearest: KnnResult
    first_rank: NDArray[np.int64]


def rank_exactly(
    queries: FloatArray,
    documents: FloatArray,
    *,
    k: int,
    relevant: tuple[NDArray[np.int64], NDArray[np.int64]] | None = None,
    block_bytes: int = BLOCK_BYTES,
) -> ExactRanking:
    """Rank float32 documents (nd, dim) by inner product with each query (nq, dim), higher first, ties by row number.

    `relevant` holds pairs of (query row, document row), int64 (np,) each, sorted by query row. Memory is about three
    times `block_bytes` whatever nq and nd are.
    """
    k = min(k, len(documents))
    keys = np.empty((len(queries), k), np.int64)
    scores = np.empty((len(queries), k), np.float32)
    first = np.zeros(len(queries), np.int64)
    for start, block in _score_blocks(queries, documents, block_bytes):
        rows = slice(start, start + len(block))
        keys[rows], scores[rows] = _best(block, k)
        if relevant is not None:
            first[rows] = _first_ranks(block, start, relevant)
    return ExactRanking(KnnResult(keys, scores), first)


def _score_blocks(queries: FloatArray, documents: FloatArray, block_bytes: int) -> Iterator[tuple[int, FloatArray]]:
    size = max(1, block_bytes // (4 * max(len(documents), 1)))
    buffer = np.empty((min(size, len(queries)), len(documents)), np.float32)  # fresh pages cost more than the product
    for start in range(0, len(queries), size):
        part = queries[start : start + size]
        yield start, np.matmul(part, documents.T, out=buffer[: len(part)])


def _best(scores: FloatArray, k: int) -> tuple[NDArray[np.int64], FloatArray]:
    """The k best columns of each row: those above the k-th score, then ties with it by column."""
    if k < scores.shape[1]:
        threshold = np.partition(scores, scores.shape[1] - k, axis=1)[:, -k][:, None]
        rows, columns = np.nonzero(scores >= threshold)
    else:
        rows, columns = np.divmod(np.arange(scores.size), scores.shape[1])
    values = scores[rows, columns]
    order = np.lexsort((columns, -values, rows))
    starts = np.searchsorted(rows, np.arange(len(scores)))
    chosen = order[starts[:, None] + np.arange(k)]
    return columns[chosen].astype(np.int64), values[chosen]


def _first_ranks(
    scores: FloatArray, start: int, relevant: tuple[NDArray[np.int64], NDArray[np.int64]]
) -> NDArray[np.int64]:
    """One more than the documents that come before the best relevant one: higher scores, and ties with lower rows."""
    query_rows, document_rows = relevant
    low, high = np.searchsorted(query_rows, [start, start + len(scores)])
    local, columns = query_rows[low:high] - start, document_rows[low:high]
    values = scores[local, columns]
    order = np.lexsort((columns, -values, local))
    judged, places = np.unique(local[order], return_index=True)
    best_value, best_column = values[order][places][:, None], columns[order][places][:, None]
    part = scores[judged]
    before = (part > best_value).sum(axis=1)
    tied = (part == best_value) & (np.arange(scores.shape[1]) < best_column)
    ranks = np.zeros(len(scores), np.int64)
    ranks[judged] = 1 + before + tied.sum(axis=1)
    return ranks
