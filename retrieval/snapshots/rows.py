"""The rows of one collection as JSON lines: an array of values a row, the same for SQLite and PostgreSQL.

Numbers that a database gives by itself (`id`) mean nothing in another one: rows get new ones when they are loaded, and
what refers to them is translated.
"""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import Any

from sqlalchemy import Column, Connection, LargeBinary, Table, insert, select

from retrieval.metadata import names, scans, versions
from retrieval.metadata.batches import batches
from retrieval.metadata.collections import add_row
from retrieval.metadata.database import Database
from retrieval.metadata.tables import (
    UtcDateTime,
    captions,
    collections,
    generations,
    items,
    ledger,
    query_samples,
    runs,
    segments,
    tombstones,
)

TABLES = (items, captions, tombstones, runs, ledger, segments, generations, query_samples)
"""What belongs to a collection, in an order in which it can be loaded. Aliases and evaluations stay where they are."""

BATCH = 5_000

_Row = dict[str, Any]


def dump(connection: Connection, collection_id: int, table: Table) -> Iterator[bytes]:
    """Lines, each a row of this collection, by primary key."""
    owner = collections.c.id if table is collections else table.c.collection_id
    query = select(table).where(owner == collection_id).order_by(*table.primary_key)
    for row in connection.execute(query.execution_options(yield_per=BATCH)):
        values = [_plain(column, value) for column, value in zip(table.columns, row, strict=True)]
        yield json.dumps(values, separators=(",", ":")).encode() + b"\n"


def columns_of(table: Table) -> tuple[str, ...]:
    """The names of the columns, in the order of the values in a line."""
    return tuple(table.columns.keys())


def insert_unfinished(connection: Connection, columns: Sequence[str], line: bytes) -> int:
    """Add the row of a collection, which is not there for anybody yet; returns the number that it gets."""
    row = _row(collections, columns, line)
    del row["id"]
    row["name"] = names.unfinished()
    return add_row(connection, row)


class RowLoader:
    """Loads the rows of one collection, table by table in the order of `TABLES`, a transaction a batch."""

    def __init__(self, database: Database, collection_id: int) -> None:
        self._database = database
        self._collection_id = collection_id
        self._new_ids: dict[str, dict[int, int]] = {"runs": {}, "segments": {}}

    def load(self, table: Table, columns: Sequence[str], lines: Iterable[bytes]) -> None:
        """Add the rows. Columns that they lack get their defaults."""
        rows = (self._mine(table, _row(table, columns, line)) for line in lines)
        while batch := list(islice(rows, BATCH)):
            with self._database.write() as connection:
                if table.name in self._new_ids:
                    self._insert_numbered(connection, table, batch)
                else:
                    connection.execute(insert(table), batch)

    def index_texts(self) -> None:
        """Index the words of the documents, which no snapshot holds: each database keeps that in its own way."""
        with self._database.read() as connection:
            keys, _ = scans.live_documents(connection, self._collection_id)
        for part in batches(keys.tolist(), BATCH):
            with self._database.write() as connection:
                versions.index_texts(connection, self._collection_id, part)

    def _insert_numbered(self, connection: Connection, table: Table, rows: Sequence[_Row]) -> None:
        for row in rows:
            old = row.pop("id")
            new = connection.execute(insert(table).values(row).returning(table.c.id)).scalar_one()
            self._new_ids[table.name][old] = new

    def _mine(self, table: Table, row: _Row) -> _Row:
        """The row as it is to be here: of this collection, and with the numbers of this database."""
        row["collection_id"] = self._collection_id
        if table is ledger:
            row["seen_run"] = self._new_ids["runs"].get(row["seen_run"])
        elif table is generations:
            row["segment_ids"] = [self._new_ids["segments"][old] for old in row["segment_ids"]]
        if table in (generations, query_samples):
            del row["id"]
        return row


def _row(table: Table, columns: Sequence[str], line: bytes) -> _Row:
    values: Mapping[str, Any] = dict(zip(columns, json.loads(line), strict=True))
    return {name: _stored(table.c[name], value) for name, value in values.items()}


def _plain(column: Column[Any], value: Any) -> Any:
    if isinstance(column.type, UtcDateTime):
        return value and value.isoformat()
    return b64encode(value).decode() if isinstance(column.type, LargeBinary) else value


def _stored(column: Column[Any], value: Any) -> Any:
    if isinstance(column.type, UtcDateTime):
        return value and datetime.fromisoformat(value)
    return b64decode(value) if isinstance(column.type, LargeBinary) else value
