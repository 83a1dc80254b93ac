"""query vector -> candidate keys -> hits -> metadata."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from time import perf_counter
from typing import TypeVar

import numpy as np
from sqlalchemy import Connection

from retrieval.errors import NotFoundError, StorageError
from retrieval.index.generation import Allowed, GenerationView
from retrieval.metadata import items
from retrieval.metadata.collections import CollectionInfo
from retrieval.metadata.database import Database
from retrieval.search.attributes import AttributeCache
from retrieval.search.options import SearchOptions
from retrieval.search.planner import choose
from retrieval.search.query import check_limits
from retrieval.search.views import ViewCache
from retrieval.types import (
    NO_KEY,
    CaptionHit,
    FloatArray,
    Hit,
    Item,
    KeyArray,
    KnnResult,
    Plan,
    SearchResult,
    VectorKind,
)

T = TypeVar("T")


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
        self._attributes = AttributeCache(info.id, folder)

    def search(self, query: FloatArray, options: SearchOptions) -> SearchResult:
        """The k images nearest to a unit vector, float32 (1, dim), best first.

        Fewer than k where the collection or the filter has fewer.
        """

        def attempt(connection: Connection) -> SearchResult:
            started = perf_counter()
            view = self.views.at(connection)
            viewed = perf_counter()
            allowed = self._attributes.allowed(connection, view, options.filter) if options.filter else None
            filtered = perf_counter()
            wanted = options.k if options.without is None else options.k + 1
            found, plan = self._nearest(view, "image", query, wanted, options.ef_search, allowed, exact=options.exact)
            searched = perf_counter()
            hits = self._hits(connection, found, options.k, options.without)
            timings = {
                "filter": filtered - viewed,
                "search": searched - filtered + viewed - started,
                "metadata": perf_counter() - searched,
            }
            return SearchResult(hits, plan, timings)

        return self._reading(attempt)

    def captions(self, query: FloatArray, *, k: int, ef_search: int | None = None) -> tuple[CaptionHit, ...]:
        """The k captions nearest to a unit vector, float32 (1, dim), best first."""
        check_limits(k, ef_search)

        def attempt(connection: Connection) -> tuple[CaptionHit, ...]:
            view = self.views.at(connection)
            found, _ = self._nearest(view, "caption", query, k, ef_search, None, exact=False)
            keys, scores = _filled(found)
            rows = items.captions_by_keys(connection, self._info.id, keys)
            _check_complete(keys, rows)
            return tuple(
                CaptionHit(rows[key].text, rows[key].doc_id, score, rank)
                for rank, (key, score) in enumerate(zip(keys, scores, strict=True), 1)
            )

        return self._reading(attempt)

    def nearest(
        self,
        queries: FloatArray,
        *,
        kind: VectorKind = "image",
        k: int,
        ef_search: int | None = None,
        allowed: KeyArray | Allowed | None = None,
        exact: bool = False,
    ) -> tuple[KnnResult, Plan]:
        """Keys and scores of the k nearest vectors to each of many unit vectors, float32 (nq, dim): (nq, k).

        `allowed` restricts the answer as a filter does: keys, int64 (n,) ascending, or what the newest view has made of
        them, which spares looking them up in every call.
        """
        check_limits(k, ef_search)
        view = self.views.latest()
        if isinstance(allowed, np.ndarray):
            allowed = view.allow_keys(kind, allowed)
        return self._nearest(view, kind, queries, k, ef_search, allowed, exact=exact)

    def filtered(self, expression: str) -> KeyArray:
        """Keys of the documents that a filter keeps, ascending int64 (n,); `FilterError` for one that is wrong."""

        def attempt(connection: Connection) -> KeyArray:
            view = self.views.at(connection)
            return view.keys("image", self._attributes.allowed(connection, view, expression))

        return self._reading(attempt)

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
            try:
                return view.vectors(np.array([keys[doc_id] for doc_id in doc_ids], np.int64))
            except KeyError as error:
                raise StaleViewError from error

        return self._reading(attempt)

    def _nearest(
        self,
        view: GenerationView,
        kind: VectorKind,
        query: FloatArray,
        k: int,
        ef_search: int | None,
        allowed: Allowed | None,
        *,
        exact: bool,
    ) -> tuple[KnnResult, Plan]:
        rows = view.rows(kind)
        among = None if allowed is None else allowed.count
        choice = choose(
            rows=rows,
            allowed=among,
            k=k,
            ef_search=ef_search or self._info.ef_search,
            has_graph=view.has_graph(kind) and not exact,
        )
        found = view.search(kind, query, k=k, ef_search=choice.ef_search, allowed=allowed, exact=choice.exact)
        strategy = "exact" if choice.exact else "hnsw"
        used = None if choice.exact else choice.ef_search
        return found, Plan(strategy, used, rows, among, view.generation.number)

    def _hits(self, connection: Connection, found: KnnResult, k: int, without: str | None) -> tuple[Hit, ...]:
        keys, scores = _filled(found)
        rows = items.by_keys(connection, self._info.id, keys)
        _check_complete(keys, rows)
        kept = [(rows[key], score) for key, score in zip(keys, scores, strict=True) if rows[key].doc_id != without]
        return tuple(
            Hit(item.doc_id, score, rank, item.captions, item.attributes)
            for rank, (item, score) in enumerate(kept[:k], 1)
        )

    def _reading(self, attempt: Callable[[Connection], T]) -> T:
        """Run on one committed state; once more if a compaction finished in between and took files or rows away."""
        try:
            with self._database.read() as connection:
                return attempt(connection)
        except StorageError:
            with self._database.read() as connection:
                return attempt(connection)


def _filled(found: KnnResult) -> tuple[list[int], list[float]]:
    there = found.keys[0] != NO_KEY
    return found.keys[0][there].tolist(), found.scores[0][there].tolist()


def _check_complete(keys: list[int], rows: dict[int, T]) -> None:
    if len(rows) < len(keys):
        raise StaleViewError
