"""Live documents in the order of their ids, to be listed page by page.

Not in the order of their keys: a change gives a document another key, and whoever pages through the catalogue meanwhile
would meet it twice. The order of ids is the database's own (of bytes on SQLite, of its collation on PostgreSQL).
"""

from __future__ import annotations

from collections.abc import Generator, Sequence

import numpy as np
from sqlalchemy import Connection, Select, select

from retrieval.metadata.tables import IS_LIVE, items
from retrieval.types import KeyArray


def keys_after(
    connection: Connection, collection_id: int, doc_id: str, *, batch: int
) -> Generator[KeyArray, None, None]:
    """Keys of the documents with an id above `doc_id`, in the order of their ids, int64 (n,), a batch at a time.

    To be closed where it is not read to its end.
    """
    query = _after(collection_id, doc_id).execution_options(yield_per=batch)
    with connection.execute(query) as result:
        for rows in result.scalars().partitions(batch):
            yield np.array(rows, np.int64)


def keys_among(
    connection: Connection, collection_id: int, keys: Sequence[int], doc_id: str, *, limit: int
) -> list[int]:
    """The first of those with an id above `doc_id` among some versions, as many as fit into one query."""
    return list(connection.execute(_after(collection_id, doc_id).where(items.c.key.in_(keys)).limit(limit)).scalars())


def pictures_at(connection: Connection, collection_id: int, prefix: str) -> dict[str, str]:
    """The addresses of pictures that begin with a prefix, by doc_id."""
    rows = connection.execute(
        select(items.c.doc_id, items.c.image_uri).where(
            items.c.collection_id == collection_id, items.c.live, items.c.image_uri.startswith(prefix, autoescape=True)
        )
    )
    return {doc_id: uri for doc_id, uri in rows}  # noqa: C416  rows are no pairs to the type checker


def _after(collection_id: int, doc_id: str) -> Select[int]:
    return (
        select(items.c.key)
        .where(items.c.collection_id == collection_id, IS_LIVE, items.c.doc_id > doc_id)
        .order_by(items.c.doc_id)
    )
