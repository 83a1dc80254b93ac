"""Versions written: rows of `items`, `captions` and `tombstones`, and the words of both.

A change to an item is a new version under a new key: insert the new, bury the old, in one transaction.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, and_, bindparam, delete, exists, insert, update

from retrieval.metadata.batches import batches
from retrieval.metadata.items import by_keys, caption_keys
from retrieval.metadata.lexical.index import text_index
from retrieval.metadata.lexical.words import document_words
from retrieval.metadata.tables import IS_LIVE, captions, items, tombstones
from retrieval.types import AttributeValue, Item, PictureSize


@dataclass(frozen=True, slots=True)
class NewVersion:
    """A version of an item about to be inserted; `caption_keys` has one key a caption, `size` is its picture's."""

    key: int
    doc_id: str
    image_uri: str
    attributes: Mapping[str, AttributeValue]
    captions: Sequence[str]
    caption_keys: Sequence[int]
    size: PictureSize | None = None


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
                "width": version.size and version.size.width,
                "height": version.size and version.size.height,
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


def fill_in_sizes(connection: Connection, collection_id: int, sizes: Mapping[str, PictureSize]) -> None:
    """Tell the sizes of pictures, by doc_id, of live versions that have none; those that have one keep it."""
    if not sizes:
        return
    chosen = and_(items.c.collection_id == collection_id, IS_LIVE, items.c.width.is_(None))
    connection.execute(
        update(items)
        .where(chosen, items.c.doc_id == bindparam("document"))
        .values(width=bindparam("across"), height=bindparam("down")),
        [{"document": doc_id, "across": size.width, "down": size.height} for doc_id, size in sizes.items()],
    )


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


def purge(connection: Connection, collection_id: int, keys: Sequence[int]) -> None:
    """Forget tombstones whose vectors are in no segment any more, and the dead versions that they buried."""
    for part in batches(keys):
        connection.execute(
            delete(tombstones).where(tombstones.c.collection_id == collection_id, tombstones.c.key.in_(part))
        )
    buried = exists().where(tombstones.c.collection_id == items.c.collection_id, tombstones.c.key == items.c.key)
    connection.execute(delete(items).where(items.c.collection_id == collection_id, ~items.c.live, ~buried))


def _words(versions: Iterable[NewVersion | Item]) -> dict[int, list[str]]:
    """The words of the versions that have some, by key."""
    said = {version.key: document_words(version.captions, version.attributes) for version in versions}
    return {key: words for key, words in said.items() if words}
