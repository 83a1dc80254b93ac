"""Queries and judgements out of a request, where they stand as files do or as JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

from api.jobs.requests import Query
from retrieval.errors import InputError, SourceError
from retrieval.evaluation import Qrel, Qrels, read_qrels
from retrieval.evaluators.queries import SearchQuery, query_from, read_queries

T = TypeVar("T")


def search_queries(given: str | Sequence[Query]) -> list[SearchQuery]:
    """The queries. Raises `SourceError` naming the line or the query that is wrong."""
    if isinstance(given, str):
        return _from_text(read_queries, given, "queries")
    counts = Counter(query.query_id for query in given)
    if twice := [query_id for query_id, count in counts.items() if count > 1]:
        raise SourceError(f"query id {twice[0]!r} a second time")
    return [
        query_from(query.model_dump(), query_id=query.query_id, place=f"query {query.query_id!r}", folder=Path())
        for query in given
    ]


def judgements(given: str | Mapping[str, Mapping[str, int]]) -> Qrels:
    """The judgements. Raises `InputError` for a line that is wrong, and where nothing is judged."""
    if isinstance(given, str):
        return _from_text(read_qrels, given, "qrels")
    judged = [Qrel(query_id, doc_id, grade) for query_id, docs in given.items() for doc_id, grade in docs.items()]
    if not judged:
        raise InputError("the qrels judge nothing: give documents with their relevance")
    return Qrels.from_judgements(judged)


def _from_text(read: Callable[[Path], T], text: str, name: str) -> T:
    """What a reader of files makes of a text; its messages call the file `name`."""
    with TemporaryDirectory() as folder:
        path = Path(folder, name)
        path.write_text(text, encoding="utf-8")
        try:
            return read(path)
        except SourceError as error:
            raise SourceError(str(error).replace(str(path), name)) from None
