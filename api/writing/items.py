"""sent items -> decoded -> embedded -> committed, each step in the lane it belongs to (see api/workers.py)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TypeVar
from weakref import WeakValueDictionary

import numpy as np

from api.encoding.bulk import BulkEncoder
from api.workers import Workers
from api.writing.commits import Commits
from api.writing.incoming import DecodedItem, RejectedItem, SentItem, decode_item
from retrieval.collection import Collection
from retrieval.embedding import embeds_captions
from retrieval.errors import InputError
from retrieval.images.decode import DecodeLimits
from retrieval.patching import TRIES, Patch, patched
from retrieval.types import CatalogRecord, FloatArray
from retrieval.writer import ChangedMeanwhileError, EmbeddedItem, WriteBatch

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of sent items: those that are stored, which of them were there before, and those that are not."""

    stored: tuple[EmbeddedItem, ...]
    replaced: frozenset[str]
    rejected: tuple[RejectedItem, ...]


class ItemWriter:
    """Changes documents; to be used from one event loop. What it returns is durable and searchable.

    Raises as `Batcher.encode` and `CollectionWriter.commit` do; nothing of the request is stored then.
    """

    def __init__(
        self, workers: Workers, encoder: BulkEncoder, commits: Commits, limits: DecodeLimits, *, decoding: int
    ) -> None:
        """At most `decoding` threads decode, whatever is sent: searches need them too."""
        self._workers = workers
        self._encoder = encoder
        self._commits = commits
        self._limits = limits
        self._decoding = asyncio.Semaphore(decoding)
        self._patching: WeakValueDictionary[tuple[int, str], asyncio.Lock] = WeakValueDictionary()

    async def put(self, collection: Collection, sent: Sequence[SentItem]) -> Outcome:
        """Store documents; one that is there already is replaced. What cannot be decoded is rejected by itself."""
        once, repeated = _each_once(sent)
        outcomes = await asyncio.gather(*(self._decode(one, collection) for one in once))
        good = [one for one in outcomes if isinstance(one, DecodedItem)]
        stored = await self._embedded(collection, good)
        rejected = [*(one for one in outcomes if isinstance(one, RejectedItem)), *repeated]
        replaced: frozenset[str] = frozenset()
        if good:
            batch = WriteBatch(
                items=stored,
                ledger=[one.entry for one in good],
                pictures=[one.picture for one in good if one.picture is not None],
            )
            replaced = await self._commits.commit(collection, batch)
        return Outcome(tuple(stored), replaced, tuple(rejected))

    async def patch(self, collection: Collection, doc_id: str, patch: Patch) -> EmbeddedItem:
        """Change what is said of a document, and return it as it is now. `NotFoundError` where it is not there."""

        async def change() -> EmbeddedItem:
            stored = await self._workers.run(collection.catalogue.stored, doc_id)
            record = patch.applied_to(stored.item)
            same = record.captions == stored.item.captions
            (captions,) = [stored.captions] if same else await self._caption_vectors(collection, [record])
            batch = patched(stored, record, captions)
            await self._commits.commit(collection, batch)
            return batch.items[0]

        turn = self._patching.setdefault((collection.info.id, doc_id), asyncio.Lock())
        async with turn:  # those of one document would only get in one another's way
            return await _settled(change)

    async def delete(self, collection: Collection, doc_ids: Sequence[str]) -> int:
        """Delete documents; returns how many were there."""
        return len(await self._commits.commit(collection, WriteBatch(deletes=doc_ids)))

    async def delete_matching(self, collection: Collection, expression: str) -> int:
        """Delete what a filter keeps, all at once; returns how many. `FilterError` for one that is wrong."""

        async def change() -> int:
            found = await self._workers.run(collection.catalogue.matching, expression)
            batch = WriteBatch(deletes=list(found), expected=found)
            return len(await self._commits.commit(collection, batch)) if found else 0

        return await _settled(change)

    async def _decode(self, sent: SentItem, collection: Collection) -> DecodedItem | RejectedItem:
        async with self._decoding:
            return await self._workers.run(decode_item, sent, collection, self._limits)

    async def _embedded(self, collection: Collection, good: Sequence[DecodedItem]) -> list[EmbeddedItem]:
        pixels = [one.pixels for one in good if one.pixels is not None]
        made = iter(await self._encoder.images(collection.encoder, pixels) if pixels else ())
        images = [next(made) if one.vector is None else one.vector for one in good]
        captions = await self._caption_vectors(collection, [one.record for one in good])
        return [
            EmbeddedItem(one.record, image, texts, one.size)
            for one, image, texts in zip(good, images, captions, strict=True)
        ]

    async def _caption_vectors(self, collection: Collection, records: Sequence[CatalogRecord]) -> list[FloatArray]:
        """Vectors of the captions of each record, float32 (n, dim)."""
        counts = [len(record.captions) if embeds_captions(collection.info) else 0 for record in records]
        texts = [text for record, count in zip(records, counts, strict=True) for text in record.captions[:count]]
        if not texts:
            return [np.empty((0, collection.info.spec.dim), np.float32) for _ in records]
        return np.split(await self._encoder.texts(collection.encoder, texts), np.cumsum(counts)[:-1])


async def _settled(change: Callable[[], Awaitable[T]]) -> T:
    """As `retrieval.patching.settled`."""
    for _ in range(TRIES - 1):
        with suppress(ChangedMeanwhileError):
            return await change()
    return await change()


def _each_once(sent: Iterable[SentItem]) -> tuple[list[SentItem], list[RejectedItem]]:
    once: dict[str, SentItem] = {}
    repeated = []
    for one in sent:
        doc_id = one.record.doc_id
        if once.setdefault(doc_id, one) is not one:
            error = InputError("the request has a document of this id already: give each its own")
            repeated.append(RejectedItem(doc_id, error))
    return list(once.values()), repeated
