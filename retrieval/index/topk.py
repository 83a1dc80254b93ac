"""Putting partial answers together, and taking a key out of one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from retrieval.types import NO_KEY, KeyArray, KnnResult


def merge(results: Sequence[KnnResult], *, k: int) -> KnnResult:
    """The k best of several answers to the same queries; ties go to the lower key, so the order is always the same.

    All results have the same number of rows; the merged one is (nq, k), padded with empty slots where they are few.
    """
    keys = np.concatenate([result.keys for result in results], axis=1)
    scores = np.concatenate([result.scores for result in results], axis=1)
    order = np.lexsort((keys, -scores), axis=1)[:, :k]
    return pad(KnnResult(np.take_along_axis(keys, order, 1), np.take_along_axis(scores, order, 1)), k=k)


def leave_out(found: KnnResult, own: KeyArray, k: int) -> KnnResult:
    """The first `k` slots of each row once its own key, int64 (nq,), is taken out; `NO_KEY` takes nothing out."""
    gone = found.keys == own[:, None]
    order = np.argsort(gone, axis=1, kind="stable")
    scores = np.where(gone, np.float32(-np.inf), found.scores)
    keys = np.where(gone, NO_KEY, found.keys)
    kept = KnnResult(np.take_along_axis(keys, order, 1), np.take_along_axis(scores, order, 1))
    return KnnResult(kept.keys[:, :k], kept.scores[:, :k])


def empty(queries: int, k: int) -> KnnResult:
    """An answer without hits."""
    return KnnResult(np.full((queries, k), NO_KEY, np.int64), np.full((queries, k), -np.inf, np.float32))


def pad(result: KnnResult, *, k: int) -> KnnResult:
    """The same answer with exactly k slots a row."""
    missing = k - result.keys.shape[1]
    if missing <= 0:
        return result
    gap = empty(len(result.keys), missing)
    return KnnResult(np.hstack([result.keys, gap.keys]), np.hstack([result.scores, gap.scores]))
