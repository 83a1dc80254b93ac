"""Queries that wait for the index: those of one collection with equal options are searched for together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from time import perf_counter
from typing import TypeAlias

from api.batching import Batcher
from api.opened import OpenCollections
from api.searching.answers import AnswerCache, Asked
from api.searching.query import Prepared
from retrieval.collection import Collection
from retrieval.errors import InputError, NotFoundError
from retrieval.search.options import SearchOptions
from retrieval.search.ranking import Sought
from retrieval.types import SearchResult


class MovedError(Exception):
    """The name leads to another collection by now."""


@dataclass(frozen=True, slots=True)
class Find:
    """What queries have in common that are searched for together.

    `name` is what has to lead to the collection still; None where it was asked for after the queries had come.
    """

    name: str | None
    collection: Collection
    options: SearchOptions


Found: TypeAlias = SearchResult | InputError | NotFoundError
"""The answer to one query, or what is wrong with it alone."""
Finders: TypeAlias = Batcher[Find, Prepared, Found]
"""The queue before the index."""


@dataclass(frozen=True, slots=True)
class Finder:
    """Answers the queries of one batch."""

    collections: OpenCollections
    answers: AnswerCache

    def find(self, work: Find, queries: Sequence[Prepared]) -> list[Found]:
        """Search for them in one state of the collection, or give what the same state has answered; may block.

        Raises:
            MovedError: the name leads elsewhere by now.
            GoneError: the collection was deleted.
            RetrievalError: what is wrong with the options, and so with all of them.
        """
        prints = [query.fingerprint() for query in queries]
        found = self._kept(work, prints)
        new = [row for row, answer in enumerate(found) if answer is None]
        made = _search(work, [(queries[row], prints[row]) for row in new])
        for row, answer in zip(new, made, strict=True):
            found[row] = answer
            if isinstance(answer, SearchResult) and queries[row].is_of_any_state:
                self.answers.put(_asked(work, answer.revision, prints[row]), answer)
        return [answer for answer in found if answer is not None]

    def _kept(self, work: Find, prints: Sequence[bytes]) -> list[Found | None]:
        if work.name is None:
            return [None] * len(prints)
        started = perf_counter()
        opened, revision = self.collections.at(work.name)
        if opened.collection is not work.collection:
            raise MovedError
        answers = [self.answers.get(_asked(work, revision, one)) for one in prints]
        return [answer and _again(answer, perf_counter() - started) for answer in answers]


def _asked(work: Find, revision: int, fingerprint: bytes) -> Asked:
    info = work.collection.info
    return Asked(info.id, info.index, revision, fingerprint, work.options)


def _again(answer: SearchResult, seconds: float) -> SearchResult:
    """The same with the time that it took now."""
    return replace(answer, timings={**dict.fromkeys(answer.timings, 0.0), "search": seconds})


def _search(work: Find, queries: Sequence[tuple[Prepared, bytes]]) -> list[Found]:
    asked = [_sought(query, fingerprint) for query, fingerprint in queries]
    found = iter(work.collection.engine.search_many([one for one in asked if isinstance(one, Sought)], work.options))
    return [next(found) if isinstance(one, Sought) else one for one in asked]


def _sought(query: Prepared, fingerprint: bytes) -> Sought | InputError | NotFoundError:
    try:
        return query.sought(fingerprint)
    except (InputError, NotFoundError) as error:
        return error
