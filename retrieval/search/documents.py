"""What hits are told with, kept: nothing that is stored under a key ever changes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from retrieval.lru import LruCache
from retrieval.metadata import items
from retrieval.search.stale import StaleViewError
from retrieval.types import Item

MOST_BYTES = 2**26
MOST_ITEMS = 100_000
OF_AN_ITEM = 1_000
"""Bytes of an item beside its texts, roughly."""


@dataclass(frozen=True, slots=True)
class _Kept:
    item: Item
    nbytes: int


class Documents:
    """Versions of one collection by key, up to 64 MiB of those that were looked up last. Safe in several threads."""

    def __init__(self, collection_id: int) -> None:
        self._collection_id = collection_id
        self._kept: LruCache[int, _Kept] = LruCache(most=MOST_ITEMS, most_bytes=MOST_BYTES)

    def get(
        self, connection: Connection, keys: Sequence[int], *, with_captions: bool, with_attributes: bool
    ) -> dict[int, Item]:
        """Versions by key, perhaps with more than is asked for; `StaleViewError` where one has been dropped."""
        kept = {key: one.item for key in keys if (one := self._kept.get(key))}
        missing = [key for key in keys if key not in kept]
        if not missing:
            return kept
        read = items.by_keys(
            connection, self._collection_id, missing, with_captions=with_captions, with_attributes=with_attributes
        )
        if with_captions and with_attributes:
            for key, item in read.items():
                self._kept.put(key, _Kept(item, _size(item)))
        if len(read) < len(set(missing)):
            raise StaleViewError
        return {**kept, **read}


def _size(item: Item) -> int:
    texts = [item.doc_id, item.image_uri, *item.captions, *item.attributes, *map(str, item.attributes.values())]
    return OF_AN_ITEM + sum(map(len, texts))
