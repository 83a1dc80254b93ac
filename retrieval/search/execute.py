"""Carrying a plan out, and noticing when it does not hold for a query."""

from __future__ import annotations

import numpy as np

from retrieval.index.generation import Allowed, GenerationView
from retrieval.index.topk import empty, merge
from retrieval.search.planner import EXACT, Choice
from retrieval.types import NO_KEY, BoolArray, FloatArray, KnnResult, VectorKind


def execute(
    view: GenerationView, kind: VectorKind, queries: FloatArray, choice: Choice, *, k: int, allowed: Allowed | None
) -> tuple[KnnResult, Choice]:
    """The k nearest to each query, float32 (nq, dim), and the plan that answered.

    A filter that keeps little of what is near to a query leaves a graph search with too few candidates: such queries
    are answered exactly, and if all are such, that is the plan.
    """
    if choice.strategy == "exact":
        return view.search(kind, queries, k=k, ef_search=0, allowed=allowed, index="exact"), choice
    if allowed is None:
        return view.search(kind, queries, k=k, ef_search=choice.ef_search), choice
    wide = max(k, choice.ef_search)
    if choice.strategy == "hnsw":
        found = view.search(kind, queries, k=wide, ef_search=wide, allowed=allowed)
    else:
        found = _only(view, view.search(kind, queries, k=wide, ef_search=wide), allowed)
    enough = min(max(choice.least_found, k), allowed.count, wide)
    short = np.count_nonzero(found.keys != NO_KEY, axis=1) < enough
    found = KnnResult(found.keys[:, :k], found.scores[:, :k])
    if not short.any():
        return found, choice
    again = view.search(kind, queries[short], k=k, ef_search=0, allowed=allowed, index="exact")
    return _replace(found, short, again), EXACT if short.all() else choice


def _only(view: GenerationView, found: KnnResult, allowed: Allowed) -> KnnResult:
    """Drop the keys that are not allowed; the gaps go to the end."""
    there = view.among(found.keys, allowed)
    passing = KnnResult(np.where(there, found.keys, NO_KEY), np.where(there, found.scores, np.float32(-np.inf)))
    return merge([passing], k=found.keys.shape[1])


def _replace(found: KnnResult, rows: BoolArray, by: KnnResult) -> KnnResult:
    result = empty(len(found.keys), by.keys.shape[1])
    result.keys[:], result.scores[:] = found.keys, found.scores
    result.keys[rows], result.scores[rows] = by.keys, by.scores
    return result
