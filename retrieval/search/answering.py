"""candidate keys -> hits -> metadata: queries in one state of a collection."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
from retrieval.search.documents import Documents
from retrieval.search.grouping import FIRST_ROUND, best_of_groups
from retrieval.search.options import SearchOptions
from retrieval.search.paging import cursor_of, next_cursor, not_given
from retrieval.search.query import MOST_HITS
from retrieval.search.ranking import Ranking, Sought, nearest
from retrieval.search.stale import check_complete, vectors_of
from retrieval.types import AttributeValue, FloatArray, Hit, Item, KeyArray, KnnResult, Match, Plan, SearchResult


def first_round(options: SearchOptions) -> SearchOptions:
    """What the first page of a search asks its ranking for."""
    wanted = options.pool if options.group_by is None else min(FIRST_ROUND * (options.pool + 1), MOST_HITS)
    return options.for_candidates(wanted + options.others)


@dataclass(frozen=True, slots=True, eq=False)
class _Chosen:
    """A query's candidates that become hits, out of the `good` ones; `searched` and `matched` are seconds."""

    sought: Sought
    cursor: Cursor
    plan: Plan
    found: int
    good: Candidates
    hits: Candidates
    match: Match | None
    searched: float
    matched: float


@dataclass(frozen=True, slots=True, eq=False)
class Answering:
    """Answers queries that have the same options; `seconds` is each one's part of the time that was spent on all."""

    info: CollectionInfo
    backgrounds: BackgroundCache
    documents: Documents
    options: SearchOptions
    connection: Connection
    view: GenerationView
    ranking: Ranking
    facets: tuple[Facet, ...]
    seconds: Mapping[str, float]

    def answer(self, several: Sequence[Sought]) -> list[SearchResult | InputError]:
        """The result of each, or what is wrong with it alone. What they are told with is looked up for all at once."""
        chosen = [self._choose(sought) for sought in several]
        started = perf_counter()
        items = self._items([one.hits for one in chosen if isinstance(one, _Chosen)])
        metadata = (perf_counter() - started) / len(several)
        return [self._result(one, items, metadata) if isinstance(one, _Chosen) else one for one in chosen]

    def _choose(self, sought: Sought) -> _Chosen | InputError:
        started = perf_counter()
        try:
            cursor = cursor_of(self.info, sought, self.options)
            found, plan = self._candidates(sought, cursor)
            good = found.at_least(self.options.least_score)
            hits = self._hits(good)
            searched = perf_counter()
            match = None if cursor.hits else self._match(sought, found)
        except InputError as error:
            return error
        return _Chosen(
            sought, cursor, plan, len(found), good, hits, match, searched - started, perf_counter() - searched
        )

    def _result(self, chosen: _Chosen, items: Mapping[int, Item], metadata: float) -> SearchResult:
        sought, cursor, options = chosen.sought, chosen.cursor, self.options
        hits = _with_metadata(chosen.hits, items, cursor.hits + 1)
        timings = {
            "filter": self.seconds["filter"],
            "search": self.seconds["search"] + chosen.searched,
            "match": chosen.matched,
            "metadata": metadata,
        }
        if self.facets:
            timings["facets"] = self.seconds["facets"]
        following = next_cursor(cursor, options, chosen.plan, chosen.good, hits) if sought.asked else None
        asked = options.for_candidates(options.pool + options.others + cursor.hits)
        explanation = self.ranking.explain(sought, asked, chosen.found) if options.explain else None
        told = tuple(map(options.fields.of, hits))
        return SearchResult(
            told, chosen.plan, timings, chosen.match, self.facets, following, explanation, self.view.revision
        )

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

    def _hits(self, good: Candidates) -> Candidates:
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

    def _items(self, several: Sequence[Candidates]) -> dict[int, Item]:
        """With the attributes where these tell the groups, too."""
        return self.documents.get(
            self.connection,
            [key for chosen in several for key in chosen.keys.tolist()],
            with_captions=self.options.fields.captions,
            with_attributes=self.options.fields.attributes or self.options.group_by is not None,
        )


def _with_metadata(chosen: Candidates, items: Mapping[int, Item], first_rank: int) -> tuple[Hit, ...]:
    hits = []
    for (rank, key, score), ranks in zip(chosen.ranked(first_rank), chosen.ranks_by_ranking(), strict=True):
        item = items[key]
        hits.append(Hit(item.doc_id, score, rank, item.captions, dict(item.attributes), ranks, item.width, item.height))
    return tuple(hits)
