"""Queries that wait for the index: those of one collection with equal options are searched for together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from api.batching import Batcher
from api.opened import OpenCollections
from api.searching.query import Prepared
from retrieval.collection import Collection
from retrieval.errors import InputError, NotFoundError
from retrieval.search.answers import AnswerCache
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


def find(collections: OpenCollections, answers: AnswerCache, work: Find, queries: Sequence[Prepared]) -> list[Found]:
    """Search for them in one state of the collection, or give the `answers` of the same state again; may block.

    Raises:
        MovedError: the name leads elsewhere by now.
        GoneError: the collection was deleted.
        RetrievalError: what is wrong with the options, and so with all of them.
    """
    if work.name is not None and collections.get(work.name).collection is not work.collection:
        raise MovedError
    asked = [_sought(one) for one in queries]
    sought = [one for one in asked if isinstance(one, Sought)]
    found = iter(work.collection.engine.search_many(sought, work.options, kept=answers))
    return [next(found) if isinstance(one, Sought) else one for one in asked]


def _sought(query: Prepared) -> Sought | InputError | NotFoundError:
    try:
        return query.sought()
    except (InputError, NotFoundError) as error:
        return error
