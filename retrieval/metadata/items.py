"""Rows of `items`, `captions` and `tombstones`.

A change to an item is a new version under a new key: insert the new, bury the old, in one transaction.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import compress

import numpy as np
from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Connection,
    bindparam,
    delete,
    exists,
    false,
    func,
    insert,
    select,
    update,
)

from retrieval.metadata.batches import batches
from retrieval.metadata.lexical.index import text_index
from retrieval.metadata.lexical.words import document_words
from retrieval.metadata.tables import captions, items, tombstones
from retrieval.types import AttributeValue, Item, KeyArray, VectorKind

_COLLECTION: BindParameter[int] = bindparam("collection")
_KEYS: BindParameter[int] = bindparam("keys", expanding=True)
# What every search runs is put together once.
_ITEMS = select(items.c.key, items.c.doc_id, items.c.image_uri, items.c.attributes).where(
    items.c.collection_id == _COLLECTION, items.c.key.in_(_KEYS)
)
_BARE_ITEMS = _ITEMS.with_only_columns(items.c.key, items.c.doc_id, items.c.image_uri)
_CAPTIONS = (
    select(captions.c.item_key, captions.c.text)
    .where(captions.c.collection_id == _COLLECTION, captions.c.item_key.in_(_KEYS))
    .order_by(captions.c.item_key, captions.c.key)  # by key alone, SQLite would walk through all captions
)


@dataclass(frozen=True, slots=True)
class NewVersion:
    """A version of an item about to be inserted; `caption_keys` has one key a caption."""

    key: int
    doc_id: str
    image_uri: str
    attributes: Mapping[str, AttributeValue]
    captions: Sequence[str]
    caption_keys: Sequence[int]


@dataclass(frozen=True, slots=True)
class CaptionRow:
    """One caption, and the document that it belongs to."""

    text: str
    doc_id: str


def insert_versions(connection: Connection, collection_id: int, versions: Sequence[NewVersion]) -> None:
    """Add live versions. Their documents must have no live version left (see `bury`)."""
    if not versions:
        return
    connection.execute(
        insert(items),
        [
            {
                "collection_id": collection_id,
                "key": version.key,
                "doc_id": version.doc_id,
                "image_uri": version.image_uri,
                "attributes": dict(version.attributes),
                "live": True,
            }
            for version in versions
        ],
    )
    rows = [
        {"collection_id": collection_id, "key": key, "item_key": version.key, "text": text}
        for version in versions
        for key, text in zip(version.caption_keys, version.captions, strict=True)
    ]
    if rows:
        connection.execute(insert(captions), rows)
    text_index(connection, collection_id).add(_words(versions))


def index_texts(connection: Connection, collection_id: int, keys: Sequence[int]) -> None:
    """Index the words of live versions that were added by other means than `insert_versions`."""
    text_index(connection, collection_id).add(_words(by_keys(connection, collection_id, keys).values()))


def bury(connection: Connection, collection_id: int, keys: Sequence[int], *, revision: int) -> None:
    """Make versions dead: no longer found by doc_id, and their vectors tombstoned from this revision on."""
    for part in batches(keys):
        text_index(connection, collection_id).remove(_words(by_keys(connection, collection_id, part).values()))
        chosen = (items.c.collection_id == collection_id) & items.c.key.in_(part)
        connection.execute(update(items).where(chosen).values(live=False))
        dead = [*part, *caption_keys(connection, collection_id, part)]
        connection.execute(
            insert(tombstones), [{"collection_id": collection_id, "key": key, "revision": revision} for key in dead]
        )


def live_keys(connection: Connection, collection_id: int, doc_ids: Sequence[str]) -> dict[str, int]:
    """The keys of the live versions of these documents; absent ones are left out."""
    found: dict[str, int] = {}
    for part in batches(doc_ids):
        rows = connection.execute(
            select(items.c.doc_id, items.c.key).where(
                items.c.collection_id == collection_id, items.c.live, items.c.doc_id.in_(part)
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
            attributes = row.attributes if with_attributes else {}
            found[row.key] = Item(row.key, row.doc_id, row.image_uri, tuple(texts.get(row.key, ())), attributes)
    return found


def by_doc_id(connection: Connection, collection_id: int, doc_id: str) -> Item | None:
    """The live version of one document."""
    keys = live_keys(connection, collection_id, [doc_id])
    return by_keys(connection, collection_id, [keys[doc_id]])[keys[doc_id]] if keys else None


def doc_ids_by_keys(connection: Connection, collection_id: int, keys: Sequence[int]) -> dict[str, int]:
    """The keys of live versions by the ids of their documents."""
    found: dict[str, int] = {}
    for part in batches(keys):
        rows = connection.execute(
            select(items.c.doc_id, items.c.key).where(items.c.collection_id == collection_id, items.c.key.in_(part))
        )
        found.update((doc_id, key) for doc_id, key in rows)
    return found


def image_uris(connection: Connection, collection_id: int, prefix: str) -> list[str]:
    """The addresses of pictures that begin with a prefix, of all versions, live and dead."""
    chosen = (items.c.collection_id == collection_id) & items.c.image_uri.startswith(prefix, autoescape=True)
    return list(connection.execute(select(items.c.image_uri).where(chosen).distinct()).scalars())


def caption_keys(connection: Connection, collection_id: int, item_keys: Sequence[int]) -> list[int]:
    """The keys of the captions of some versions, ascending."""
    return list(
        connection.execute(
            select(captions.c.key)
            .where(captions.c.collection_id == collection_id, captions.c.item_key.in_(item_keys))
            .order_by(captions.c.key)
        ).scalars()
    )


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


def counts(connection: Connection, collection_id: int) -> tuple[int, int]:
    """How many live items there are, and how many captions they have."""
    live = select(items.c.key).where(items.c.collection_id == collection_id, items.c.live).subquery()
    documents = connection.execute(select(func.count()).select_from(live)).scalar_one()
    texts = connection.execute(
        select(func.count())
        .select_from(captions.join(live, captions.c.item_key == live.c.key))
        .where(captions.c.collection_id == collection_id)
    ).scalar_one()
    return documents, texts


def purge(connection: Connection, collection_id: int, keys: Sequence[int]) -> None:
    """Forget tombstones whose vectors are in no segment any more, and the dead versions that they buried."""
    for part in batches(keys):
        connection.execute(
            delete(tombstones).where(tombstones.c.collection_id == collection_id, tombstones.c.key.in_(part))
        )
    buried = exists().where(tombstones.c.collection_id == items.c.collection_id, tombstones.c.key == items.c.key)
    connection.execute(delete(items).where(items.c.collection_id == collection_id, ~items.c.live, ~buried))


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


def _words(versions: Iterable[NewVersion | Item]) -> dict[int, list[str]]:
    """The words of the versions that have some, by key."""
    said = {version.key: document_words(version.captions, version.attributes) for version in versions}
    return {key: words for key, words in said.items() if words}


def _captions_of(connection: Connection, collection_id: int, item_keys: Sequence[int]) -> dict[int, list[str]]:
    texts: dict[int, list[str]] = {}
    rows = connection.execute(_CAPTIONS, {"collection": collection_id, "keys": item_keys})
    for item_key, text in rows:
        texts.setdefault(item_key, []).append(text)
    return texts
