"""What is looked for, ranked: by vectors, by words, or by both."""

from __future__ import annotations

from dataclasses import dataclass, replace

from sqlalchemy import Connection

from retrieval.certificate import Modality, measured_at
from retrieval.index.generation import Allowed, GenerationView
from retrieval.metadata.collections import CollectionInfo
from retrieval.metadata.lexical.query import LexicalQuery
from retrieval.search.candidates import Candidates
from retrieval.search.execute import execute
from retrieval.search.fusion import reciprocal_rank_fusion
from retrieval.search.lexical import best_by_words
from retrieval.search.options import SearchOptions
from retrieval.search.planner import EXACT, Ask, choose
from retrieval.types import FloatArray, KnnResult, Plan, VectorKind


@dataclass(frozen=True, slots=True, eq=False)
class Sought:
    """A query: a unit vector, float32 (1, dim), for mode "vector", words for "lexical", and both for "hybrid".

    `modality` is that of the vector, None where it is not known or there are several. `asked` is the fingerprint of
    what was asked for (`retrieval.search.cursor`); without it there are no further pages.
    """

    vector: FloatArray | None
    modality: Modality | None = None
    words: LexicalQuery | None = None
    asked: bytes | None = None


def rank(
    connection: Connection,
    info: CollectionInfo,
    view: GenerationView,
    sought: Sought,
    options: SearchOptions,
    allowed: Allowed | None,
) -> tuple[Candidates, Plan]:
    """The best candidates, `options.k` at most (for "hybrid" of each ranking), best first."""
    by_words = Candidates.joined([])
    if sought.words is not None:
        by_words = best_by_words(connection, view, info.id, sought.words, k=options.k, allowed=allowed)
    if sought.vector is None:
        among = None if allowed is None else allowed.count
        return by_words, Plan("words", None, view.rows("image"), among, view.generation.number, mode="lexical")
    found, plan = nearest(info, view, "image", sought.vector, options, allowed, sought.modality)
    by_vector = Candidates.of(found)
    if sought.words is None:
        return by_vector, plan
    fused = reciprocal_rank_fusion(by_vector, by_words, lexical_weight=options.lexical_weight)
    return fused, replace(plan, mode="hybrid", depth=options.k)


def nearest(
    info: CollectionInfo,
    view: GenerationView,
    kind: VectorKind,
    queries: FloatArray,
    options: SearchOptions,
    allowed: Allowed | None,
    modality: Modality | None,
) -> tuple[KnnResult, Plan]:
    """Plan and search: the `options.k` nearest to each query, float32 (nq, dim)."""
    rows = view.rows(kind)
    among = None if allowed is None else allowed.count
    choice = EXACT
    if view.has_graph(kind) and not options.exact:
        target = options.target_recall or info.index.target_recall
        ask = Ask(options.k, rows, among, modality, options.ef_search, target, info.index.ef_search)
        choice = choose(ask, view.generation.certificates.get(kind))
    found, choice = execute(view, kind, queries, choice, k=options.k, allowed=allowed)
    number = view.generation.number
    if choice.strategy == "exact":
        return found, Plan("exact", None, rows, among, number)
    at = measured_at(options.k) if choice.certified else None
    return found, Plan(choice.strategy, choice.ef_search, rows, among, number, choice.certified, at)
