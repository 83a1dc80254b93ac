"""A table of SQLite's FTS5 for each collection, so that the words of one do not weigh on the scores of another.

It holds the index alone, no texts (`content=''`). Words come cut, without case and accents: FTS5 leaves what is not
ASCII as it is, and stems English ones by Porter's rules.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import Connection, column, desc, func, insert, literal_column, select, table, text

from retrieval.metadata.lexical.index import Ranking
from retrieval.metadata.lexical.query import LexicalQuery, Phrase
from retrieval.metadata.lexical.ranking import parts_of


class SqliteTexts:
    """`TextIndex` on SQLite."""

    def __init__(self, connection: Connection, collection_id: int) -> None:
        self._connection = connection
        self._name = f"texts_{collection_id}"
        self._table = table(self._name, column(self._name), column("rowid"), column("words"))

    def create(self) -> None:
        """As `TextIndex.create`."""
        declared = "fts5(words, content='', tokenize='porter ascii')"
        self._connection.execute(text(f"CREATE VIRTUAL TABLE {self._name} USING {declared}"))

    def drop(self) -> None:
        """As `TextIndex.drop`."""
        self._connection.execute(text(f"DROP TABLE {self._name}"))

    def add(self, documents: Mapping[int, Sequence[str]]) -> None:
        """As `TextIndex.add`."""
        if documents:
            self._connection.execute(insert(self._table), [_row(key, words) for key, words in documents.items()])

    def remove(self, documents: Mapping[int, Sequence[str]]) -> None:
        """As `TextIndex.remove`; an index without texts is told which words to forget."""
        if documents:
            command = {self._name: "delete"}
            rows = [{**command, **_row(key, words)} for key, words in documents.items()]
            self._connection.execute(insert(self._table), rows)

    def ranked(self, query: LexicalQuery, *, most: int | None = None) -> Ranking:
        """As `TextIndex.ranked`; a phrase counts as one word more."""
        score = (-func.bm25(literal_column(self._name))).label("score")
        key = self._table.c.rowid
        found = select(key, score).where(self._table.c[self._name].match(_expression(query)))
        return parts_of(self._connection, found.order_by(desc("score"), key).limit(most))


def _row(key: int, words: Sequence[str]) -> dict[str, object]:
    return {"rowid": key, "words": " ".join(words)}


def _expression(query: LexicalQuery) -> str:
    """In the language of FTS5; quotes keep what stands in them from being read as an operator."""
    wanted = [_any((word,) for word in query.words), *map(_quoted, query.phrases)]
    without = f" NOT {_any(query.excluded)}" if query.excluded else ""
    return f"({' AND '.join(wanted)}){without}"


def _any(phrases: Iterable[Phrase]) -> str:
    return f"({' OR '.join(map(_quoted, phrases))})"


def _quoted(phrase: Phrase) -> str:
    return f'"{" ".join(phrase)}"'
