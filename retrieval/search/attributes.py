"""The attributes of a collection in columns, so that a filter over a million items takes milliseconds."""

from __future__ import annotations

from threading import Lock

import numpy as np
from sqlalchemy import Connection

from retrieval.filters.parse import parse_filter
from retrieval.filters.table import AttributeTable
from retrieval.metadata import items
from retrieval.types import KeyArray


class AttributeCache:
    """Keeps the columns of one collection up to date; loads them on the first filter that asks."""

    def __init__(self, collection_id: int) -> None:
        self._collection_id = collection_id
        self._table = AttributeTable()
        self._last_key = 0
        self._lock = Lock()

    def allowed(self, connection: Connection, expression: str) -> KeyArray:
        """Keys of the versions that a filter matches, dead ones included, ascending int64 (n,).

        Raises:
            FilterError: it does not parse, or names what the collection does not have.
        """
        parsed = parse_filter(expression)
        table = self._up_to_date(connection).snapshot()
        table.check(parsed)
        return np.asarray(table.keys[table.mask(parsed)], np.int64)

    def _up_to_date(self, connection: Connection) -> AttributeTable:
        with self._lock:
            for keys, rows in items.attributes_after(connection, self._collection_id, self._last_key):
                self._table.append(keys, rows)
                self._last_key = int(keys[-1])
            return self._table
