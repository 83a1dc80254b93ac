"""Answers to what is asked again and again, kept as long as nothing is committed to the collection."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from retrieval.lru import LruCache
from retrieval.search.options import SearchOptions
from retrieval.types import Hit, IndexParams, SearchResult

MOST_ANSWERS = 100_000
OF_AN_ANSWER, OF_A_HIT, OF_A_VALUE = 3_000, 1_000, 200
"""Bytes beside the texts, roughly."""


@dataclass(frozen=True, slots=True)
class Asked:
    """All that an answer depends on: a search, by its fingerprint, and the committed state that it is made in."""

    collection_id: int
    index: IndexParams
    revision: int
    fingerprint: bytes
    options: SearchOptions


@dataclass(frozen=True, slots=True)
class _Kept:
    answer: SearchResult
    nbytes: int


class AnswerCache:
    """The answers that were given last, up to about `most_bytes` of them. Safe to use from several threads."""

    def __init__(self, *, most_bytes: int, watch: Callable[[bool], None]) -> None:
        """`watch` is told of each answer that is looked for whether it was kept."""
        self._kept: LruCache[Asked, _Kept] = LruCache(most=MOST_ANSWERS, most_bytes=most_bytes)
        self._watch = watch

    def get(self, asked: Asked) -> SearchResult | None:
        """The answer that is kept, with the timings of the search that made it."""
        found = self._kept.get(asked)
        self._watch(found is not None)
        return None if found is None else found.answer

    def put(self, asked: Asked, answer: SearchResult) -> None:
        """Keep an answer."""
        self._kept.put(asked, _Kept(answer, _size(answer)))


def _size(answer: SearchResult) -> int:
    facets = sum(OF_A_VALUE * len(facet.values) for facet in answer.facets)
    return OF_AN_ANSWER + len(answer.next_cursor or "") + facets + sum(map(_size_of_hit, answer.hits))


def _size_of_hit(hit: Hit) -> int:
    return OF_A_HIT + sum(map(len, hit.captions)) + sum(len(name) + len(str(it)) for name, it in hit.attributes.items())
