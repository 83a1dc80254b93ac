"""Searches of a collection: each, with all that it looks up, in one committed state."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from time import perf_counter
from typing import TypeVar

import numpy as np
from sqlalchemy import Connection

from retrieval.certificate import Modality
from retrieval.errors import CorruptionError, FilterError, InputError, NotFoundError
from retrieval.index.generation import Allowed, GenerationView
from retrieval.metadata import items
from retrieval.metadata.collections import CollectionInfo
from retrieval.metadata.database import Database
from retrieval.search.answering import Answering, first_round
from retrieval.search.attributes import AttributeCache
from retrieval.search.background import BackgroundCache
from retrieval.search.candidates import Candidates
from retrieval.search.documents import Documents
from retrieval.search.facets import FacetCache
from retrieval.search.grouping import in_some_group
from retrieval.search.options import SearchOptions
from retrieval.search.ranking import Ranking, Sought, nearest
from retrieval.search.stale import StaleViewError, check_complete, vectors_of
from retrieval.search.views import ViewCache
from retrieval.types import (
    CaptionHit,
    FloatArray,
    Item,
    KeyArray,
    KnnResult,
    Plan,
    SearchResult,
    VectorKind,
)

T = TypeVar("T")

TRIES = 4
"""Small segments are merged every few commits, so that it may happen twice in a row."""


class SearchEngine:
    """Answers queries that are vectors already. Safe to use from several threads."""

    def __init__(self, database: Database, info: CollectionInfo, folder: Path) -> None:
        self._database = database
        self._info = info
        self.views = ViewCache(database, info.id, folder)
        self.attributes = AttributeCache(info.id, folder)
        self.facets = FacetCache(self.attributes)
        self._backgrounds = BackgroundCache()
        self._documents = Documents(info.id)

    def search(self, sought: Sought, options: SearchOptions) -> SearchResult:
        """The k images that fit best, best first unless `diversity` orders them.

        Fewer than k where the collection or the options leave fewer. Where what is sought is a vector of known
        modality, the result says whether its best hit is a good match.
        """
        (found,) = self.search_many([sought], options)
        if isinstance(found, InputError):
            raise found
        return found

    def search_many(self, several: Sequence[Sought], options: SearchOptions) -> list[SearchResult | InputError]:
        """Searches with the same options, in one state of the collection; vectors are searched for in one call.

        What is wrong with one of them alone is in its place. The times of what is done together count in equal parts.
        """

        def attempt(connection: Connection) -> list[SearchResult | InputError]:
            started = perf_counter()
            view = self.views.at(connection)
            viewed = perf_counter()
            allowed = self._allowed(connection, view, options)
            filtered = perf_counter()
            ranking = Ranking(connection, self._info, view, allowed)
            ranking.search_together(several, first_round(options))
            searched = perf_counter()
            facets = self.facets.count(connection, view, options.filter, options.facets)
            shared = {
                "filter": filtered - viewed,
                "search": searched - filtered + viewed - started,
                "facets": perf_counter() - searched,
            }
            answering = Answering(
                info=self._info,
                backgrounds=self._backgrounds,
                documents=self._documents,
                options=options,
                connection=connection,
                view=view,
                ranking=ranking,
                facets=facets,
                seconds={name: seconds / len(several) for name, seconds in shared.items()},
            )
            return answering.answer(several)

        return self.reading(attempt) if several else []

    def captions(
        self,
        query: FloatArray,
        *,
        k: int,
        filter: str | None = None,  # noqa: A002  the word that users write
        ef_search: int | None = None,
        target_recall: float | None = None,
    ) -> tuple[CaptionHit, ...]:
        """The k captions nearest to a unit vector, float32 (1, dim), best first; of the documents a filter keeps."""
        options = SearchOptions(k=k, ef_search=ef_search, target_recall=target_recall)

        def attempt(connection: Connection) -> tuple[CaptionHit, ...]:
            view = self.views.at(connection)
            allowed = self.attributes.allowed_captions(connection, view, filter) if filter else None
            found, _ = nearest(self._info, view, "caption", query, options, allowed, "image")
            ranked = Candidates.of(found).ranked()
            rows = items.captions_by_keys(connection, self._info.id, [key for _, key, _ in ranked])
            check_complete(ranked, rows)
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
            raise NotFoundError.of_document(doc_id, self._info.name)
        return found

    def vectors(self, doc_ids: Sequence[str]) -> FloatArray:
        """The stored image vectors of documents, float32 (n, dim); `NotFoundError` names one that is missing."""

        def attempt(connection: Connection) -> FloatArray:
            view = self.views.at(connection)
            keys = items.live_keys(connection, self._info.id, doc_ids)
            for doc_id in doc_ids:
                if doc_id not in keys:
                    raise NotFoundError.of_document(doc_id, self._info.name)
            return vectors_of(view, np.array([keys[doc_id] for doc_id in doc_ids], np.int64))

        return self.reading(attempt)

    def _allowed(self, connection: Connection, view: GenerationView, options: SearchOptions) -> Allowed | None:
        """What the filter and the grouping leave; a mistake in the filter is told of the filter alone."""
        allowed = self.attributes.allowed(connection, view, options.filter) if options.filter else None
        if options.group_by is None:
            return allowed
        try:
            return self.attributes.allowed(connection, view, in_some_group(options.group_by, options.filter))
        except FilterError as error:
            raise InputError(f"group_by: {error.problem}") from error

    def reading(self, attempt: Callable[[Connection], T]) -> T:
        """Run on one committed state, and on the next where merges took files or rows of it away meanwhile."""
        for _ in range(TRIES - 1):
            with suppress(StaleViewError, CorruptionError), self._database.read() as connection:
                return attempt(connection)
        with self._database.read() as connection:
            return attempt(connection)
