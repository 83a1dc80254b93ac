"""query vector -> candidate keys -> hits -> metadata."""

from __future__ import annotations

from collections.abc import Callable, Sequence, Sized
from contextlib import suppress
from pathlib import Path
from time import perf_counter
from typing import TypeVar

import numpy as np
from sqlalchemy import Connection

from retrieval.certificate import Modality
from retrieval.errors import CorruptionError, FilterError, InputError, NotFoundError, StorageError
from retrieval.index.generation import Allowed, GenerationView
from retrieval.metadata import items
from retrieval.metadata.collections import CollectionInfo
from retrieval.metadata.database import Database
from retrieval.search.attributes import AttributeCache
from retrieval.search.background import BackgroundCache
from retrieval.search.candidates import Candidates
from retrieval.search.cursor import Cursor
from retrieval.search.diversity import maximal_marginal_relevance, pool_size
from retrieval.search.facets import FacetCache
from retrieval.search.grouping import best_of_groups, in_some_group
from retrieval.search.options import SearchOptions
from retrieval.search.paging import cursor_of, next_cursor, not_given
from retrieval.search.ranking import Sought, nearest, rank
from retrieval.search.views import ViewCache
from retrieval.types import (
    AttributeValue,
    CaptionHit,
    FloatArray,
    Hit,
    Item,
    KeyArray,
    KnnResult,
    Match,
    Plan,
    SearchResult,
    VectorKind,
)

T = TypeVar("T")

TRIES = 4
"""Small segments are merged every few commits, so that it may happen twice in a row."""


class StaleViewError(StorageError):
    """A compaction has dropped what this search was about to look up; the next try sees the new state."""

    def __init__(self) -> None:
        super().__init__("the collection was compacted while it was searched: try again")


class SearchEngine:
    """Answers queries that are vectors already. Safe to use from several threads."""

    def __init__(self, database: Database, info: CollectionInfo, folder: Path) -> None:
        self._database = database
        self._info = info
        self.views = ViewCache(database, info.id, folder)
        self.attributes = AttributeCache(info.id, folder)
        self.facets = FacetCache(self.attributes)
        self._backgrounds = BackgroundCache()

    def search(self, sought: Sought, options: SearchOptions) -> SearchResult:
        """The k images that fit best, best first unless `diversity` orders them.

        Fewer than k where the collection or the options leave fewer. Where what is sought is a vector of known
        modality, the result says whether its best hit is a good match.
        """

        def attempt(connection: Connection) -> SearchResult:
            started = perf_counter()
            view = self.views.at(connection)
            viewed = perf_counter()
            allowed = self._allowed(connection, view, options)
            filtered = perf_counter()
            cursor = cursor_of(self._info, sought, options)
            found, plan = self._candidates(connection, view, sought, options, allowed, cursor)
            good = found.at_least(options.least_score)
            chosen = _chosen(view, good, options)
            searched = perf_counter()
            match = None if cursor.hits else self._match(view, sought, found)
            matched = perf_counter()
            hits = self._hits(connection, chosen, options, cursor.hits + 1)
            looked_up = perf_counter()
            facets = self.facets.count(connection, view, options.filter, options.facets)
            timings = {
                "filter": filtered - viewed,
                "search": searched - filtered + viewed - started,
                "match": matched - searched,
                "metadata": looked_up - matched,
            }
            if facets:
                timings["facets"] = perf_counter() - looked_up
            following = next_cursor(cursor, options, plan, good, hits) if sought.asked else None
            told = tuple(map(options.fields.of, hits))
            return SearchResult(told, plan, timings, match, facets, following)

        return self.reading(attempt)

    def captions(
        self, query: FloatArray, *, k: int, ef_search: int | None = None, target_recall: float | None = None
    ) -> tuple[CaptionHit, ...]:
        """The k captions nearest to a unit vector, float32 (1, dim), best first."""
        options = SearchOptions(k=k, ef_search=ef_search, target_recall=target_recall)

        def attempt(connection: Connection) -> tuple[CaptionHit, ...]:
            view = self.views.at(connection)
            found, _ = nearest(self._info, view, "caption", query, options, None, "image")
            ranked = Candidates.of(found).ranked()
            rows = items.captions_by_keys(connection, self._info.id, [key for _, key, _ in ranked])
            _check_complete(ranked, rows)
            return tuple(CaptionHit(rows[key].text, rows[key].doc_id, score, rank) for rank, key, score in ranked)

        return self.reading(attempt)

    def nearest(
        self,
        queries: FloatArray,
        *,
        kind: VectorKind = "image",
        k: int,
        ef_search: int | None = None,
        allowed: KeyArray | Allowed | None = None,
        exact: bool = False,
        modality: Modality | None = None,
    ) -> tuple[KnnResult, Plan]:
        """Keys and scores of the k nearest vectors to each of many unit vectors, float32 (nq, dim): (nq, k).

        `allowed` restricts the answer as a filter does: keys, int64 (n,) ascending, or what the newest view has made of
        them, which spares looking them up in every call.
        """
        options = SearchOptions(k=k, ef_search=ef_search, exact=exact)
        view = self.views.latest()
        if isinstance(allowed, np.ndarray):
            allowed = view.allow_keys(kind, allowed)
        return nearest(self._info, view, kind, queries, options, allowed, modality)

    def filtered(self, expression: str) -> KeyArray:
        """Keys of the documents that a filter keeps, ascending int64 (n,); `FilterError` for one that is wrong."""

        def attempt(connection: Connection) -> KeyArray:
            view = self.views.at(connection)
            return view.keys("image", self.attributes.allowed(connection, view, expression))

        return self.reading(attempt)

    def item(self, doc_id: str) -> Item:
        """One document as stored; `NotFoundError` if it is not there."""
        with self._database.read() as connection:
            found = items.by_doc_id(connection, self._info.id, doc_id)
        if found is None:
            raise NotFoundError(f"no document {doc_id!r} in collection {self._info.name!r}")
        return found

    def vectors(self, doc_ids: Sequence[str]) -> FloatArray:
        """The stored image vectors of documents, float32 (n, dim); `NotFoundError` names one that is missing."""

        def attempt(connection: Connection) -> FloatArray:
            view = self.views.at(connection)
            keys = items.live_keys(connection, self._info.id, doc_ids)
            for doc_id in doc_ids:
                if doc_id not in keys:
                    raise NotFoundError(f"no document {doc_id!r} in collection {self._info.name!r}")
            return _vectors(view, np.array([keys[doc_id] for doc_id in doc_ids], np.int64))

        return self.reading(attempt)

    def _allowed(self, connection: Connection, view: GenerationView, options: SearchOptions) -> Allowed | None:
        """What the filter and the grouping leave; a mistake in the filter is told of the filter alone."""
        allowed = self.attributes.allowed(connection, view, options.filter) if options.filter else None
        if options.group_by is None:
            return allowed
        try:
            return self.attributes.allowed(connection, view, in_some_group(options.group_by, options.filter))
        except FilterError as error:
            raise InputError(f"group_by: {error}") from error

    def _candidates(
        self,
        connection: Connection,
        view: GenerationView,
        sought: Sought,
        options: SearchOptions,
        allowed: Allowed | None,
        cursor: Cursor,
    ) -> tuple[Candidates, Plan]:
        """What hits are chosen from, best first: as many as diversity needs, one of a group; none that was given."""
        own = items.live_keys(connection, self._info.id, [options.without]) if options.without is not None else {}

        def search(wanted: int) -> tuple[Candidates, Plan]:
            asked = options.for_candidates(wanted + options.others + cursor.hits)
            found, plan = rank(connection, self._info, view, sought, asked, allowed)
            found = found.without(list(own.values()))
            return not_given(connection, self._info, cursor, found), plan

        wanted = pool_size(options.k) if options.diversity else options.k
        attribute = options.group_by
        if attribute is None:
            return search(wanted)

        def values_of(keys: KeyArray) -> list[AttributeValue]:
            rows = items.attributes_by_keys(connection, self._info.id, keys.tolist())
            _check_complete(keys, rows)
            return [cursor.not_given(rows[key].get(attribute)) for key in keys.tolist()]

        return best_of_groups(search, values_of, k=wanted + 1, least=options.least_score)

    def _match(self, view: GenerationView, sought: Sought, found: Candidates) -> Match | None:
        if sought.vector is None or sought.words is not None or sought.modality is None or not len(found):
            return None

        def search(queries: FloatArray, k: int) -> KnnResult:
            return nearest(self._info, view, "image", queries, SearchOptions(k=k), None, sought.modality)[0]

        background = self._backgrounds.get(view, sought.modality, search)
        return background.place(sought.vector[0], _vectors(view, found.keys[:1])[0]) if background else None

    def _hits(
        self, connection: Connection, chosen: Candidates, options: SearchOptions, first_rank: int
    ) -> tuple[Hit, ...]:
        """With the attributes too where these tell the groups."""
        ranked, fields = chosen.ranked(first_rank), options.fields
        rows = items.by_keys(
            connection,
            self._info.id,
            [key for _, key, _ in ranked],
            with_captions=fields.captions,
            with_attributes=fields.attributes or options.group_by is not None,
        )
        _check_complete(ranked, rows)
        return tuple(
            Hit(rows[key].doc_id, score, rank, rows[key].captions, rows[key].attributes, ranks)
            for (rank, key, score), ranks in zip(ranked, chosen.ranks_by_ranking(), strict=True)
        )

    def reading(self, attempt: Callable[[Connection], T]) -> T:
        """Run on one committed state, and on the next where merges took files or rows of it away meanwhile."""
        for _ in range(TRIES - 1):
            with suppress(StaleViewError, CorruptionError), self._database.read() as connection:
                return attempt(connection)
        with self._database.read() as connection:
            return attempt(connection)


def _chosen(view: GenerationView, good: Candidates, options: SearchOptions) -> Candidates:
    if options.diversity:
        good = good.first(pool_size(options.k))
        vectors = _vectors(view, good.keys)
        good = good.take(maximal_marginal_relevance(good.scores, vectors, k=options.k, diversity=options.diversity))
    return good.first(options.k)


def _vectors(view: GenerationView, keys: KeyArray) -> FloatArray:
    try:
        return view.vectors(keys)
    except KeyError as error:
        raise StaleViewError from error


def _check_complete(wanted: Sized, rows: Sized) -> None:
    if len(rows) < len(wanted):
        raise StaleViewError
