"""Saved searches that must find what they are known to find: a gate before a new index or model is put to use.

A file has a JSON object a line: any of `text`, `image` (a path, from the file's own folder) and `doc_id` (left out of
its own results), perhaps a `filter` and a `name`; `expected`, the doc_ids that are to be found; and what is required,
by measure: `"recall@10": 0.8`, `"hit@1": 1`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from retrieval.collection import Collection
from retrieval.errors import FilterError, InputError, SourceError
from retrieval.evaluation import Measure, Qrel, Qrels, Run, ScoredDoc, parse_measure
from retrieval.evaluation.ranks import rank_relevant
from retrieval.evaluation.statistics import TIE
from retrieval.evaluators.queries import SearchQuery, embed_queries, json_lines, query_from
from retrieval.metadata import items
from retrieval.search.options import SearchOptions
from retrieval.search.ranking import Sought
from retrieval.types import FloatArray

FIELDS = ("name", "text", "image", "doc_id", "filter", "expected")


@dataclass(frozen=True, slots=True)
class SavedSearch:
    """What to look for, the `expected` doc_ids, and the least score `required` of each measure."""

    name: str
    query: SearchQuery
    expected: tuple[str, ...]
    required: Mapping[Measure, float]
    filter: str | None = None

    @property
    def depth(self) -> int:
        """How many results the measures look at."""
        return max(measure.cutoff or 0 for measure in self.required)


@dataclass(frozen=True, slots=True)
class Checked:
    """How a saved search did: its `scores` by measure, and where it found what it expected.

    `found` maps expected doc_ids to their ranks; `missed` are not among the first results though they are in the
    collection, and `absent` are not in the collection.
    """

    search: SavedSearch
    scores: Mapping[Measure, float]
    found: Mapping[str, int]
    missed: tuple[str, ...]
    absent: tuple[str, ...]

    @property
    def passed(self) -> bool:
        """Whether every measure reaches what is required."""
        return all(self.scores[measure] >= least - TIE for measure, least in self.search.required.items())


def read_saved_searches(path: Path) -> list[SavedSearch]:
    """Every saved search of a file. Raises `SourceError` with the line of one that is wrong or can never pass."""
    searches = [_saved(fields, place, path.parent) for place, fields in json_lines(path)]
    if not searches:
        raise SourceError(
            f'{path}: no saved searches; a line is {{"text": "a dog", "expected": ["7.jpg"], "hit@5": 1}}'
        )
    return searches


def check_searches(
    collection: Collection, searches: Sequence[SavedSearch], *, ef_search: int | None = None
) -> Iterator[Checked]:
    """Run saved searches as users run them: through the index, each with its own filter."""
    vectors = embed_queries(collection, [search.query for search in searches])
    for search, vector in zip(searches, vectors, strict=True):
        results = _search(collection, search, vector[None], ef_search)
        with collection.database.read() as connection:
            there = items.live_keys(connection, collection.info.id, search.expected)
        found = {doc_id: rank for rank, doc_id in enumerate(results, 1) if doc_id in search.expected}
        missing = [doc_id for doc_id in search.expected if doc_id not in found]
        yield Checked(
            search,
            _scores(search.required, search.expected, results),
            found,
            tuple(doc_id for doc_id in missing if doc_id in there),
            tuple(doc_id for doc_id in missing if doc_id not in there),
        )


def _search(collection: Collection, search: SavedSearch, vector: FloatArray, ef_search: int | None) -> list[str]:
    try:
        options = SearchOptions(k=search.depth, ef_search=ef_search, filter=search.filter, without=search.query.doc_id)
        result = collection.engine.search(Sought(vector), options)
    except FilterError as error:
        raise SourceError(f"{search.query.place}: {error}") from error
    return [hit.doc_id for hit in result.hits]


def _scores(measures: Mapping[Measure, float], expected: Sequence[str], results: Sequence[str]) -> dict[Measure, float]:
    if not results:
        return dict.fromkeys(measures, 0.0)
    qrels = Qrels.from_judgements(Qrel("q", doc_id, 1) for doc_id in expected)
    run = Run.from_scored(ScoredDoc("q", doc_id, float(-rank)) for rank, doc_id in enumerate(results))
    ranks = rank_relevant(qrels, run)
    return {measure: float(measure.per_query(ranks)[0]) for measure in measures}


def _saved(fields: Mapping[str, Any], place: str, folder: Path) -> SavedSearch:
    required = dict(_requirement(name, value, place) for name, value in fields.items() if name not in FIELDS)
    if not required:
        raise SourceError(f'{place}: nothing is required; add "hit@5": 1 or "recall@10": 0.8, for example')
    for name in ("name", "filter"):
        if not isinstance(fields.get(name), str | None):
            raise SourceError(f"{place}: {name} must be a text")
    query = query_from(fields, query_id=place, place=place, folder=folder)
    expected = _expected(fields.get("expected"), place)
    for measure, best in _scores(required, expected, expected).items():
        if required[measure] > best + TIE:
            raise SourceError(f"{place}: {measure} is at most {best:.3f} with {len(expected):,} expected documents")
    return SavedSearch(fields.get("name") or str(query), query, expected, required, fields.get("filter"))


def _requirement(name: str, value: object, place: str) -> tuple[Measure, float]:
    if "@" not in name:
        known = ", ".join(FIELDS)
        raise SourceError(f"{place}: unknown field {name!r}; there are {known}, and measures such as recall@10")
    try:
        measure = parse_measure(name)
    except InputError as error:
        raise SourceError(f"{place}: {error}") from error
    if not measure.higher_is_better:
        raise SourceError(f"{place}: {measure} cannot be required: lower is better; take hit@k or RR@k")
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= 1:
        raise SourceError(f"{place}: {measure} requires a number above 0, up to 1, not {value!r}")
    return measure, float(value)


def _expected(value: object, place: str) -> tuple[str, ...]:
    if not isinstance(value, list) or not value or not all(isinstance(doc_id, str) for doc_id in value):
        raise SourceError(f'{place}: expected must be a list of doc_ids, such as ["7.jpg"]')
    if len(set(value)) != len(value):
        raise SourceError(f"{place}: expected names a document twice")
    return tuple(value)
