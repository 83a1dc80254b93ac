"""The full-text index of one collection, in the database of its connection."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from typing import Protocol, TypeAlias

from sqlalchemy import Connection

from retrieval.metadata.lexical.query import LexicalQuery
from retrieval.types import FloatArray, KeyArray

Ranking: TypeAlias = Generator[tuple[KeyArray, FloatArray]]
"""Keys, int64 (n,), and their scores, float32 (n,), part after part: best first, those of one score by key."""


class TextIndex(Protocol):
    """Live documents by their words, as far as the connection's transaction sees them."""

    def create(self) -> None:
        """Make the index of a new collection."""

    def drop(self) -> None:
        """Forget the index, after the rows of its collection are gone."""

    def add(self, documents: Mapping[int, Sequence[str]]) -> None:
        """Index the words of new versions, by key."""

    def remove(self, documents: Mapping[int, Sequence[str]]) -> None:
        """Forget versions, by key, with the words that they were added with."""

    def ranked(self, query: LexicalQuery, *, most: int | None = None) -> Ranking:
        """The documents that match a query, `most` of them at most.

        Scores are those of BM25 with k1 = 1.2 and b = 0.75 (Robertson and Zaragoza, 2009), above 0; a word that more
        than half of the documents have counts next to nothing.
        """


def text_index(connection: Connection, collection_id: int) -> TextIndex:
    """The index of a collection."""
    if connection.dialect.name == "sqlite":
        from retrieval.metadata.lexical.sqlite import SqliteTexts

        return SqliteTexts(connection, collection_id)
    from retrieval.metadata.lexical.postgresql import PostgresTexts

    return PostgresTexts(connection, collection_id)
