"""Answers to what is asked again and again, kept as long as nothing is committed to the collection."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from time import perf_counter

from retrieval.errors import InputError
from retrieval.index.generation import GenerationView
from retrieval.lru import LruCache
from retrieval.metadata.collections import CollectionInfo
from retrieval.search.options import SearchOptions
from retrieval.search.ranking import Sought
from retrieval.types import Hit, SearchResult

MOST_ANSWERS = 100_000
OF_AN_ANSWER, OF_A_HIT, OF_A_VALUE = 5_000, 1_000, 200
"""Bytes beside the texts, roughly."""


@dataclass(frozen=True, slots=True)
class Asked:
    """All that an answer depends on: a search, and the committed state that it is made in."""

    collection_id: int
    revision: int
    vector: bytes | None
    asked: bytes | None
    options: SearchOptions

    @classmethod
    def of(cls, info: CollectionInfo, view: GenerationView, sought: Sought, options: SearchOptions) -> Asked:
        """The words that are sought follow from `Sought.asked` and the options."""
        vector = None if sought.vector is None else sought.vector.tobytes()
        return cls(info.id, view.revision, vector, sought.asked, options)


@dataclass(frozen=True, slots=True)
class _Kept:
    answer: SearchResult
    nbytes: int


class AnswerCache:
    """The answers that were given last, up to about `most_bytes` of them. Safe to use from several threads."""

    def __init__(self, *, most_bytes: int, watch: Callable[[bool], None]) -> None:
        """`watch` is told of each answer that is asked for whether it was kept."""
        self._kept: LruCache[Asked, _Kept] = LruCache(most=MOST_ANSWERS, most_bytes=most_bytes)
        self._watch = watch

    def get(self, asked: Asked, since: float) -> SearchResult | None:
        """The answer that is kept; its search took as long as it has been looked for, `since` a `perf_counter()`."""
        found = self._kept.get(asked)
        self._watch(found is not None)
        if found is None:
            return None
        timings = {**dict.fromkeys(found.answer.timings, 0.0), "search": perf_counter() - since}
        return replace(found.answer, timings=timings)

    def put(self, asked: Asked, answer: SearchResult | InputError) -> None:
        """Keep an answer; a mistake is told anew each time."""
        if asked.asked is not None and isinstance(answer, SearchResult):
            self._kept.put(asked, _Kept(answer, _size(answer)))


def _size(answer: SearchResult) -> int:
    facets = sum(OF_A_VALUE * len(facet.values) for facet in answer.facets)
    return OF_AN_ANSWER + len(answer.next_cursor or "") + facets + sum(map(_size_of_hit, answer.hits))


def _size_of_hit(hit: Hit) -> int:
    return OF_A_HIT + sum(map(len, hit.captions)) + sum(len(name) + len(str(it)) for name, it in hit.attributes.items())
