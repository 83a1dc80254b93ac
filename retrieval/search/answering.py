"""candidate keys -> hits -> metadata: one query in one state of a collection."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from time import perf_counter

from sqlalchemy import Connection

from retrieval.errors import InputError
from retrieval.facets import Facet
from retrieval.index.generation import GenerationView
from retrieval.metadata import items
from retrieval.metadata.collections import CollectionInfo
from retrieval.search.background import BackgroundCache
from retrieval.search.candidates import Candidates
from retrieval.search.cursor import Cursor
from retrieval.search.diversity import maximal_marginal_relevance
from retrieval.search.grouping import FIRST_ROUND, best_of_groups
from retrieval.search.options import SearchOptions
from retrieval.search.paging import cursor_of, next_cursor, not_given
from retrieval.search.query import MOST_HITS
from retrieval.search.ranking import Ranking, Sought, nearest
from retrieval.search.stale import check_complete, vectors_of
from retrieval.types import AttributeValue, FloatArray, Hit, KeyArray, KnnResult, Match, Plan, SearchResult


def first_round(options: SearchOptions) -> SearchOptions:
    """What the first page of a search asks its ranking for."""
    wanted = options.pool if options.group_by is None else min(FIRST_ROUND * (options.pool + 1), MOST_HITS)
    return options.for_candidates(wanted + options.others)


@dataclass(frozen=True, slots=True, eq=False)
class Answering:
    """Answers queries that have the same options; `seconds` is each one's part of the time that was spent on all."""

    info: CollectionInfo
    backgrounds: BackgroundCache
    options: SearchOptions
    connection: Connection
    view: GenerationView
    ranking: Ranking
    facets: tuple[Facet, ...]
    seconds: Mapping[str, float]

    def answer(self, sought: Sought) -> SearchResult | InputError:
        """The result, or what is wrong with this query alone."""
        try:
            return self._answer(sought)
        except InputError as error:
            return error

    def _answer(self, sought: Sought) -> SearchResult:
        started, options = perf_counter(), self.options
        cursor = cursor_of(self.info, sought, options)
        found, plan = self._candidates(sought, cursor)
        good = found.at_least(options.least_score)
        chosen = self._chosen(good)
        searched = perf_counter()
        match = None if cursor.hits else self._match(sought, found)
        matched = perf_counter()
        hits = self._hits(chosen, cursor.hits + 1)
        timings = {
            "filter": self.seconds["filter"],
            "search": self.seconds["search"] + searched - started,
            "match": matched - searched,
            "metadata": perf_counter() - matched,
        }
        if self.facets:
            timings["facets"] = self.seconds["facets"]
        following = next_cursor(cursor, options, plan, good, hits) if sought.asked else None
        asked = options.for_candidates(options.pool + cursor.hits)
        explanation = self.ranking.explain(sought, asked, len(found)) if options.explain else None
        told = tuple(map(options.fields.of, hits))
        return SearchResult(told, plan, timings, match, self.facets, following, explanation)

    def _candidates(self, sought: Sought, cursor: Cursor) -> tuple[Candidates, Plan]:
        """What hits are chosen from, best first: as many as diversity needs, one of a group; none that was given."""
        options = self.options
        left_out = [] if options.without is None else [options.without]
        own = list(items.live_keys(self.connection, self.info.id, left_out).values())

        def search(wanted: int) -> tuple[Candidates, Plan]:
            found, plan = self.ranking.rank(sought, options.for_candidates(wanted + options.others + cursor.hits))
            return not_given(self.connection, self.info, cursor, found.without(own)), plan

        attribute = options.group_by
        if attribute is None:
            return search(options.pool)

        def values_of(keys: KeyArray) -> list[AttributeValue]:
            rows = items.attributes_by_keys(self.connection, self.info.id, keys.tolist())
            check_complete(keys, rows)
            return [cursor.not_given(rows[key].get(attribute)) for key in keys.tolist()]

        # One more than is wanted tells whether there is a next page.
        return best_of_groups(search, values_of, k=options.pool + 1, least=options.least_score)

    def _chosen(self, good: Candidates) -> Candidates:
        options = self.options
        if options.diversity:
            good = good.first(options.pool)
            vectors = vectors_of(self.view, good.keys)
            good = good.take(maximal_marginal_relevance(good.scores, vectors, k=options.k, diversity=options.diversity))
        return good.first(options.k)

    def _match(self, sought: Sought, found: Candidates) -> Match | None:
        if sought.vector is None or sought.words is not None or sought.modality is None or not len(found):
            return None

        def search(queries: FloatArray, k: int) -> KnnResult:
            return nearest(self.info, self.view, "image", queries, SearchOptions(k=k), None, sought.modality)[0]

        background = self.backgrounds.get(self.view, sought.modality, search)
        return background.place(sought.vector[0], vectors_of(self.view, found.keys[:1])[0]) if background else None

    def _hits(self, chosen: Candidates, first_rank: int) -> tuple[Hit, ...]:
        """With the attributes where these tell the groups, too."""
        ranked = chosen.ranked(first_rank)
        rows = items.by_keys(
            self.connection,
            self.info.id,
            [key for _, key, _ in ranked],
            with_captions=self.options.fields.captions,
            with_attributes=self.options.fields.attributes or self.options.group_by is not None,
        )
        check_complete(ranked, rows)
        return tuple(
            Hit(rows[key].doc_id, score, rank, rows[key].captions, rows[key].attributes, ranks)
            for (rank, key, score), ranks in zip(ranked, chosen.ranks_by_ranking(), strict=True)
        )
