"""Rows of `items` and `captions`, looked up by key or by doc_id.

What writes them is in `versions`, what reads through all of a collection in `scans`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import BindParameter, Connection, bindparam, select

from retrieval.metadata.batches import batches
from retrieval.metadata.tables import IS_LIVE, captions, items
from retrieval.types import AttributeValue, Item

_COLLECTION: BindParameter[int] = bindparam("collection")
_KEYS: BindParameter[int] = bindparam("keys", expanding=True)
# What every search runs is put together once.
_BARE_ITEMS = select(items.c.key, items.c.doc_id, items.c.image_uri, items.c.width, items.c.height).where(
    items.c.collection_id == _COLLECTION, items.c.key.in_(_KEYS)
)
_ITEMS = _BARE_ITEMS.add_columns(items.c.attributes)
# Not ordered by key: SQLite would walk through all captions of the collection instead of sorting these.
_CAPTIONS = select(captions.c.item_key, captions.c.key, captions.c.text).where(
    captions.c.collection_id == _COLLECTION, captions.c.item_key.in_(_KEYS)
)


@dataclass(frozen=True, slots=True)
class CaptionRow:
    """One caption, and the document that it belongs to."""

    text: str
    doc_id: str


def live_keys(connection: Connection, collection_id: int, doc_ids: Sequence[str]) -> dict[str, int]:
    """The keys of the live versions of these documents; absent ones are left out."""
    found: dict[str, int] = {}
    for part in batches(doc_ids):
        rows = connection.execute(
            select(items.c.doc_id, items.c.key).where(
                items.c.collection_id == collection_id, IS_LIVE, items.c.doc_id.in_(part)
            )
        )
        found.update((doc_id, key) for doc_id, key in rows)
    return found


def by_keys(
    connection: Connection,
    collection_id: int,
    keys: Sequence[int],
    *,
    with_captions: bool = True,
    with_attributes: bool = True,
) -> dict[int, Item]:
    """Versions by key, dead ones included as long as compaction has not dropped them; without some parts if wanted."""
    found: dict[int, Item] = {}
    for part in batches(keys):
        texts = _captions_of(connection, collection_id, part) if with_captions else {}
        query = _ITEMS if with_attributes else _BARE_ITEMS
        for row in connection.execute(query, {"collection": collection_id, "keys": part}):
            said = tuple(texts.get(row.key, ()))
            attributes = row.attributes if with_attributes else {}
            found[row.key] = Item(row.key, row.doc_id, row.image_uri, said, attributes, row.width, row.height)
    return found


def by_doc_id(connection: Connection, collection_id: int, doc_id: str) -> Item | None:
    """The live version of one document."""
    keys = live_keys(connection, collection_id, [doc_id])
    return by_keys(connection, collection_id, [keys[doc_id]])[keys[doc_id]] if keys else None


def without_size(connection: Connection, collection_id: int, doc_ids: Sequence[str]) -> set[str]:
    """Those of some documents whose pictures were never measured: there is none, or a release before that stored it."""
    found: set[str] = set()
    for part in batches(doc_ids):
        chosen = items.c.collection_id == collection_id, IS_LIVE, items.c.doc_id.in_(part)
        found.update(connection.execute(select(items.c.doc_id).where(*chosen, items.c.width.is_(None))).scalars())
    return found


def doc_ids_by_keys(connection: Connection, collection_id: int, keys: Sequence[int]) -> dict[str, int]:
    """The keys of live versions by the ids of their documents."""
    found: dict[str, int] = {}
    for part in batches(keys):
        rows = connection.execute(
            select(items.c.doc_id, items.c.key).where(items.c.collection_id == collection_id, items.c.key.in_(part))
        )
        found.update((doc_id, key) for doc_id, key in rows)
    return found


def caption_keys(connection: Connection, collection_id: int, item_keys: Sequence[int]) -> list[int]:
    """The keys of the captions of some versions, ascending."""
    rows = connection.execute(_CAPTIONS, {"collection": collection_id, "keys": item_keys})
    return sorted(row.key for row in rows)


def captions_by_keys(connection: Connection, collection_id: int, keys: Sequence[int]) -> dict[int, CaptionRow]:
    """Captions by their own keys, each with its document."""
    found: dict[int, CaptionRow] = {}
    for part in batches(keys):
        rows = connection.execute(
            select(captions.c.key, captions.c.text, items.c.doc_id)
            .join(items, (items.c.collection_id == captions.c.collection_id) & (items.c.key == captions.c.item_key))
            .where(captions.c.collection_id == collection_id, captions.c.key.in_(part))
        )
        found.update((key, CaptionRow(text, doc_id)) for key, text, doc_id in rows)
    return found


def attributes_by_keys(
    connection: Connection, collection_id: int, keys: Sequence[int]
) -> dict[int, Mapping[str, AttributeValue]]:
    """Attributes of versions by key, without their captions."""
    found: dict[int, Mapping[str, AttributeValue]] = {}
    for part in batches(keys):
        rows = connection.execute(
            select(items.c.key, items.c.attributes).where(items.c.collection_id == collection_id, items.c.key.in_(part))
        )
        found.update((key, attributes) for key, attributes in rows)
    return found


def _captions_of(connection: Connection, collection_id: int, item_keys: Sequence[int]) -> dict[int, list[str]]:
    texts: dict[int, list[str]] = {}
    rows = connection.execute(_CAPTIONS, {"collection": collection_id, "keys": item_keys})
    for item_key, _, text in sorted(tuple(row) for row in rows):
        texts.setdefault(item_key, []).append(text)
    return texts
