"""The table `texts`: a tsvector a document, stemmed by the configuration `english`, under a GIN index.

PostgreSQL's own ranks know nothing of how rare a word is, so BM25 is worked out from the vectors that match.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import Connection, bindparam, delete, func, insert, literal_column, text

from retrieval.metadata.batches import batches
from retrieval.metadata.lexical.index import Ranking
from retrieval.metadata.lexical.query import LexicalQuery, Phrase
from retrieval.metadata.lexical.ranking import parts_of
from retrieval.metadata.tables import texts

_INSERT = insert(texts).values(words=func.to_tsvector(literal_column("'english'"), bindparam("said")))
_RANKED = text("""
    WITH whole AS MATERIALIZED (
        SELECT count(*)::float8 AS documents, avg(length)::float8 AS mean FROM texts WHERE collection_id = :collection
    ), asked AS MATERIALIZED (
        SELECT lexeme, (
            SELECT count(*) FROM texts WHERE collection_id = :collection AND words @@ quote_literal(lexeme)::tsquery
        ) AS holders
        FROM unnest(to_tsvector('english', :words))
    ), weighted AS MATERIALIZED (
        SELECT lexeme, greatest(ln((documents - holders + 0.5) / (holders + 0.5)), 1e-6) AS idf FROM asked, whole
    )
    SELECT key, sum(idf * tf * 2.2 / (tf + 1.2 * (0.25 + 0.75 * length / mean)) ORDER BY lexeme) AS score
    FROM whole, texts, LATERAL (
        SELECT lexeme, idf, cardinality(positions) AS tf FROM unnest(texts.words) JOIN weighted USING (lexeme)
    ) AS held
    WHERE collection_id = :collection AND words @@ to_tsquery('english', :expression)
    GROUP BY key
    ORDER BY score DESC, key
    LIMIT :most
""")


class PostgresTexts:
    """`TextIndex` on PostgreSQL."""

    def __init__(self, connection: Connection, collection_id: int) -> None:
        self._connection = connection
        self._collection_id = collection_id

    def create(self) -> None:
        """Nothing: all collections share the table."""

    def drop(self) -> None:
        """Nothing: the rows go with those of `items`."""

    def add(self, documents: Mapping[int, Sequence[str]]) -> None:
        """As `TextIndex.add`."""
        rows = [
            {"collection_id": self._collection_id, "key": key, "said": " ".join(words), "length": len(words)}
            for key, words in documents.items()
        ]
        if rows:
            self._connection.execute(_INSERT, rows)

    def remove(self, documents: Mapping[int, Sequence[str]]) -> None:
        """As `TextIndex.remove`."""
        for keys in batches(list(documents)):
            chosen = (texts.c.collection_id == self._collection_id) & texts.c.key.in_(keys)
            self._connection.execute(delete(texts).where(chosen))

    def ranked(self, query: LexicalQuery, *, most: int | None = None) -> Ranking:
        """As `TextIndex.ranked`; phrases do not count, and words such as "very" are not looked for."""
        asked = {"words": " ".join(query.words), "expression": _expression(query)}
        found = {"collection": self._collection_id, "most": most, **asked}
        return parts_of(self._connection, _RANKED, found)


def _expression(query: LexicalQuery) -> str:
    """In the language of tsquery; quotes keep what stands in them from being read as an operator."""
    wanted = [_any((word,) for word in query.words), *map(_followed, query.phrases)]
    without = [f"!{_any(query.excluded)}"] if query.excluded else []
    return " & ".join([*wanted, *without])


def _any(phrases: Iterable[Phrase]) -> str:
    return f"({' | '.join(map(_followed, phrases))})"


def _followed(phrase: Phrase) -> str:
    quoted = (f"'{word}'" for word in phrase)
    return f"({' <-> '.join(quoted)})"
