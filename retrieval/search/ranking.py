"""What is looked for, ranked: by vectors, by words, or by both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from sqlalchemy import Connection

from retrieval.certificate import Modality, measured_at
from retrieval.explanation import Explanation
from retrieval.index.generation import Allowed, GenerationView
from retrieval.metadata.collections import CollectionInfo
from retrieval.metadata.lexical.query import LexicalQuery
from retrieval.search.candidates import Candidates
from retrieval.search.execute import execute
from retrieval.search.fusion import reciprocal_rank_fusion
from retrieval.search.lexical import best_by_words
from retrieval.search.options import SearchOptions
from retrieval.search.planner import EXACT, Ask, alternatives, choose
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


class Ranking:
    """Ranks what is sought in one state of a collection, `connection` and `view` being of it."""

    def __init__(
        self, connection: Connection, info: CollectionInfo, view: GenerationView, allowed: Allowed | None
    ) -> None:
        self._connection = connection
        self._info = info
        self._view = view
        self._allowed = allowed
        self._found: dict[tuple[int, SearchOptions], tuple[KnnResult, Plan]] = {}

    def search_together(self, several: Sequence[Sought], options: SearchOptions) -> None:
        """Search for the vectors of several queries in one call for each modality; what is found serves `rank`."""
        for modality in {sought.modality for sought in several}:
            chosen = [sought for sought in several if sought.modality == modality and sought.vector is not None]
            vectors = [sought.vector for sought in chosen if sought.vector is not None]
            if len(vectors) > 1:
                found, plan = self._nearest(np.concatenate(vectors), options, modality)
                for row, sought in enumerate(chosen):
                    of_one = KnnResult(found.keys[row : row + 1], found.scores[row : row + 1])
                    self._found[id(sought), options] = of_one, plan

    def rank(self, sought: Sought, options: SearchOptions) -> tuple[Candidates, Plan]:
        """The best candidates, `options.k` at most (for "hybrid" of each ranking), best first."""
        by_words, view = Candidates.joined([]), self._view
        if sought.words is not None:
            by_words = best_by_words(
                self._connection, view, self._info.id, sought.words, k=options.k, allowed=self._allowed
            )
        if sought.vector is None:
            among = None if self._allowed is None else self._allowed.count
            return by_words, Plan("words", None, view.rows("image"), among, view.generation.number, mode="lexical")
        together = self._found.get((id(sought), options))
        found, plan = together or self._nearest(sought.vector, options, sought.modality)
        by_vector = Candidates.of(found)
        if sought.words is None:
            return by_vector, plan
        fused = reciprocal_rank_fusion(by_vector, by_words, lexical_weight=options.lexical_weight)
        return fused, replace(plan, mode="hybrid", depth=options.k)

    def explain(self, sought: Sought, options: SearchOptions, candidates: int) -> Explanation:
        """What a search for `options.k` candidates was chosen from; `candidates` were left of them."""
        ask = _ask(self._info, self._view, "image", options, self._allowed, sought.modality)
        certificate = self._view.generation.certificates.get("image")
        ways = tuple(alternatives(ask, certificate)) if certificate and sought.vector is not None else ()
        target = None if sought.vector is None or options.exact or options.ef_search else ask.target_recall
        return Explanation(sought.modality, target, ways, candidates)

    def _nearest(
        self, queries: FloatArray, options: SearchOptions, modality: Modality | None
    ) -> tuple[KnnResult, Plan]:
        return nearest(self._info, self._view, "image", queries, options, self._allowed, modality)


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
    ask = _ask(info, view, kind, options, allowed, modality)
    choice = EXACT
    if view.has_graph(kind) and not options.exact:
        choice = choose(ask, view.generation.certificates.get(kind))
        choice = replace(choice, ef_search=max(choice.ef_search, options.k))
    found, choice = execute(view, kind, queries, choice, k=options.k, allowed=allowed)
    rows, among, number = ask.rows, ask.allowed, view.generation.number
    if choice.strategy == "exact":
        return found, Plan("exact", None, rows, among, number)
    at = measured_at(ask.k) if choice.certified else None
    return found, Plan(choice.strategy, choice.ef_search, rows, among, number, choice.certified, at)


def _ask(
    info: CollectionInfo,
    view: GenerationView,
    kind: VectorKind,
    options: SearchOptions,
    allowed: Allowed | None,
    modality: Modality | None,
) -> Ask:
    among = None if allowed is None else allowed.count
    target = options.target_recall or info.index.target_recall
    hits = max(options.k - options.others, 1)  # recall is measured without the document that asks
    return Ask(hits, view.rows(kind), among, modality, options.ef_search, target, info.index.ef_search)
