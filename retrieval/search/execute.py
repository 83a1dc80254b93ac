"""Carrying a plan out, and noticing when it does not hold for a query."""

from __future__ import annotations

from retrieval.index.generation import Allowed, GenerationView
from retrieval.search.planner import EXACT, Choice
from retrieval.types import FloatArray, KnnResult, VectorKind


def execute(
    view: GenerationView, kind: VectorKind, queries: FloatArray, choice: Choice, *, k: int, allowed: Allowed | None
) -> tuple[KnnResult, Choice]:
    """The k nearest to each query, float32 (nq, dim), and the plan that answered.

    Where little of what is near to a query is live and passes the filter, too few of a graph's candidates are left:
    such queries are answered exactly, and if all are such, that is the plan. It is so at once for a filter with which
    that has been usual, unless the number of candidates was asked for.
    """
    shortfalls = allowed.shortfalls if allowed is not None and choice.certified else None
    if choice.strategy == "exact" or (shortfalls and shortfalls.are_usual()):
        return view.search(kind, queries, k=k, ef_search=0, allowed=allowed, index="exact"), EXACT
    found, full = view.walk(kind, queries, k=k, ef_search=choice.ef_search, allowed=allowed)
    if shortfalls:
        shortfalls.note(full)
    if full.all():
        return found, choice
    again = view.search(kind, queries[~full], k=k, ef_search=0, allowed=allowed, index="exact")
    found.keys[~full], found.scores[~full] = again.keys, again.scores
    return found, choice if full.any() else EXACT
