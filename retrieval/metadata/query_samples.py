"""Rows of `query_samples`: vectors of text queries that people gave, to tune and to measure the index with."""

from __future__ import annotations

import numpy as np
from sqlalchemy import Connection, delete, insert, select

from retrieval.metadata.tables import query_samples
from retrieval.types import FloatArray

STORED = np.dtype("<f4")


def replace_all(connection: Connection, collection_id: int, vectors: FloatArray) -> None:
    """Keep these, float32 (n, dim), instead of any before."""
    connection.execute(delete(query_samples).where(query_samples.c.collection_id == collection_id))
    rows = [{"collection_id": collection_id, "vector": vector.astype(STORED).tobytes()} for vector in vectors]
    if rows:
        connection.execute(insert(query_samples), rows)


def all_of_them(connection: Connection, collection_id: int, dim: int) -> FloatArray:
    """In the order in which they were given, float32 (n, dim)."""
    stored = connection.execute(
        select(query_samples.c.vector)
        .where(query_samples.c.collection_id == collection_id)
        .order_by(query_samples.c.id)
    ).scalars()
    vectors = [np.frombuffer(one, STORED) for one in stored]
    return np.array(vectors, np.float32).reshape(len(vectors), dim)
