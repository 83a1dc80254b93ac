"""What is read of all versions of a collection: keys, attributes, texts, counts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import compress

import numpy as np
from sqlalchemy import ColumnElement, Connection, false, func, select

from retrieval.metadata.tables import IS_LIVE, captions, items, tombstones
from retrieval.types import AttributeValue, KeyArray, VectorKind


def attributes_after(
    connection: Connection, collection_id: int, key: int, *, batch: int = 10_000
) -> Iterator[tuple[KeyArray, list[Mapping[str, AttributeValue]]]]:
    """Attributes of all versions with a key above `key`, in key order, a batch at a time."""
    return _attributes(connection, collection_id, items.c.key > key, batch)


def attributes_of(
    connection: Connection, collection_id: int, keys: KeyArray, *, batch: int = 10_000
) -> Iterator[tuple[KeyArray, list[Mapping[str, AttributeValue]]]]:
    """Attributes of the versions with these keys, int64 (n,) ascending, in key order, a batch at a time.

    The range of the keys is read through, which is fast where they lie close together, as those of a segment do.
    """
    within = items.c.key.between(int(keys[0]), int(keys[-1])) if len(keys) else false()
    for read, rows in _attributes(connection, collection_id, within, batch):
        wanted = keys[np.searchsorted(keys, read)] == read  # no key read is beyond the last of `keys`
        yield read[wanted], list(compress(rows, wanted))


def tombstones_after(connection: Connection, collection_id: int, revision: int) -> KeyArray:
    """Keys of vectors that died after `revision`, int64 (n,), sorted."""
    rows = connection.execute(
        select(tombstones.c.key)
        .where(tombstones.c.collection_id == collection_id, tombstones.c.revision > revision)
        .order_by(tombstones.c.key)
    ).scalars()
    return np.fromiter(rows, np.int64)


def version_keys(connection: Connection, collection_id: int, kind: VectorKind) -> KeyArray:
    """Keys of the images or captions of all versions, live and dead, ascending int64 (n,)."""
    table = items if kind == "image" else captions
    rows = connection.execute(
        select(table.c.key).where(table.c.collection_id == collection_id).order_by(table.c.key)
    ).scalars()
    return np.fromiter(rows, np.int64)


def live_documents(connection: Connection, collection_id: int) -> tuple[KeyArray, list[str]]:
    """Keys of all live versions, ascending int64 (n,), and their doc_ids."""
    rows = connection.execute(
        select(items.c.key, items.c.doc_id)
        .where(items.c.collection_id == collection_id, items.c.live)
        .order_by(items.c.key)
    ).all()
    return np.array([row.key for row in rows], np.int64), [row.doc_id for row in rows]


def live_captions(connection: Connection, collection_id: int) -> tuple[KeyArray, KeyArray, list[str]]:
    """Keys of all live captions, ascending int64 (n,), the keys of their items, (n,), and their texts."""
    rows = connection.execute(
        select(captions.c.key, captions.c.item_key, captions.c.text)
        .join(items, (items.c.collection_id == captions.c.collection_id) & (items.c.key == captions.c.item_key))
        .where(captions.c.collection_id == collection_id, items.c.live)
        .order_by(captions.c.key)
    ).all()
    keys, owners = np.array([row.key for row in rows], np.int64), np.array([row.item_key for row in rows], np.int64)
    return keys, owners, [row.text for row in rows]


def image_uris(connection: Connection, collection_id: int, prefix: str) -> list[str]:
    """The addresses of pictures that begin with a prefix, of all versions, live and dead."""
    chosen = (items.c.collection_id == collection_id) & items.c.image_uri.startswith(prefix, autoescape=True)
    return list(connection.execute(select(items.c.image_uri).where(chosen).distinct()).scalars())


def counts(connection: Connection, collection_id: int) -> tuple[int, int]:
    """How many live items there are, and how many captions they have."""
    live = select(items.c.key).where(items.c.collection_id == collection_id, items.c.live).subquery()
    documents = connection.execute(
        select(func.count()).select_from(items).where(items.c.collection_id == collection_id, IS_LIVE)
    ).scalar_one()
    texts = connection.execute(
        select(func.count())
        .select_from(captions.join(live, captions.c.item_key == live.c.key))
        .where(captions.c.collection_id == collection_id)
    ).scalar_one()
    return documents, texts


def _attributes(
    connection: Connection, collection_id: int, chosen: ColumnElement[bool], batch: int
) -> Iterator[tuple[KeyArray, list[Mapping[str, AttributeValue]]]]:
    result = connection.execute(
        select(items.c.key, items.c.attributes)
        .where(items.c.collection_id == collection_id, chosen)
        .order_by(items.c.key)
        .execution_options(yield_per=batch)
    )
    for rows in result.partitions(batch):
        yield np.array([row.key for row in rows], np.int64), [row.attributes for row in rows]
