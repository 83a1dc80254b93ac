"""The one way in which documents change: bulk runs, Python and HTTP all write through here.

A commit is one database transaction around freshly written, synced files: after a crash at any instant either all of
it is there or nothing. Rules in docs/architecture.md. What merges the segments that commits add is in
`retrieval.compactor`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from sqlalchemy import Connection

from retrieval.errors import ConflictError
from retrieval.index.segment import write_segment
from retrieval.locks import PATIENCE_S, writing
from retrieval.metadata import collections, generations, items, ledger, versions
from retrieval.metadata.collections import CollectionInfo
from retrieval.metadata.database import Database
from retrieval.metadata.ledger import LedgerEntry
from retrieval.metadata.versions import NewVersion
from retrieval.originals import Originals
from retrieval.types import VECTOR_KINDS, CatalogRecord, FloatArray, PictureSize, VectorKind
from retrieval.vectors import check_unit_vectors


@dataclass(frozen=True, slots=True)
class EmbeddedItem:
    """A record with its vectors: `image` float32 (dim,), `captions` float32 (n, dim), all of length 1.

    n is the number of captions, or 0 in a collection without caption vectors. `size` is the picture's, if there is one.
    """

    record: CatalogRecord
    image: FloatArray
    captions: FloatArray
    size: PictureSize | None = None


@dataclass(frozen=True, slots=True)
class WriteBatch:
    """What one commit changes. A document that exists already is replaced.

    `pictures` are to be kept, as `items` refer to them. `sizes` are those of pictures, by doc_id, that were stored
    without. `expected` are the keys that documents must still have, by doc_id, for the commit to be made at all: of
    versions that the change was worked out from.
    """

    items: Sequence[EmbeddedItem] = ()
    deletes: Sequence[str] = ()
    ledger: Sequence[LedgerEntry] = ()
    pictures: Sequence[bytes] = ()
    sizes: Mapping[str, PictureSize] = field(default_factory=dict)
    expected: Mapping[str, int] = field(default_factory=dict)


class ChangedMeanwhileError(ConflictError):
    """A document is not the version any more that a change was worked out from; nothing was written."""

    def __init__(self, doc_id: str) -> None:
        super().__init__(f"document {doc_id!r} is being changed by others: try again")


@dataclass(slots=True)
class _Rows:
    keys: list[int] = field(default_factory=list)
    vectors: list[FloatArray] = field(default_factory=list)


class CollectionWriter:
    """Commits to one collection. Safe to use from several threads and processes at once."""

    def __init__(self, database: Database, info: CollectionInfo, folder: Path, originals: Originals) -> None:
        self._database = database
        self._info = info
        self._folder = folder
        self._originals = originals

    def commit(self, batch: WriteBatch, *, wait_s: float = PATIENCE_S) -> frozenset[str]:
        """Make a batch durable and searchable; returns the documents that it replaced or deleted.

        When this returns, the change survives a crash, and every search that starts later sees it.

        Raises:
            VectorError: a vector of another dimension, not finite or not of length 1; nothing is written.
            ChangedMeanwhileError: a document is not the `expected` version; nothing is written.
            BusyError: others were writing for all of `wait_s` seconds; nothing is written.
            StorageError: the disk is full or the database is gone; nothing is written.
        """
        for item in batch.items:
            check_unit_vectors(item.image[None], self._info.spec.dim)
            check_unit_vectors(item.captions, self._info.spec.dim)
        with writing(self._folder, wait_s=wait_s):
            self._originals.keep(batch.pictures)
            with self._database.write() as connection:
                return self._commit(connection, batch)

    def _commit(self, connection: Connection, batch: WriteBatch) -> frozenset[str]:
        collection_id = self._info.id
        wanted = sum(1 + len(item.record.captions) for item in batch.items)
        first_key, revision = collections.begin_write(connection, collection_id, keys=wanted)
        replaced = items.live_keys(
            connection, collection_id, [*(item.record.doc_id for item in batch.items), *batch.deletes]
        )
        for doc_id, key in batch.expected.items():
            if replaced.get(doc_id) != key:
                raise ChangedMeanwhileError(doc_id)
        versions.bury(connection, collection_id, list(replaced.values()), revision=revision)
        if batch.items:
            rows = self._insert(connection, batch.items, first_key)
            self._publish_rows(connection, rows)
        versions.fill_in_sizes(connection, collection_id, batch.sizes)
        ledger.remove(connection, collection_id, batch.deletes)
        ledger.put(connection, collection_id, batch.ledger)
        return frozenset(replaced)

    def _insert(self, connection: Connection, new: Sequence[EmbeddedItem], first_key: int) -> dict[VectorKind, _Rows]:
        """Insert the metadata of new versions; returns the vectors to write, by kind, in key order."""
        rows: dict[VectorKind, _Rows] = {kind: _Rows() for kind in VECTOR_KINDS}
        inserted = []
        key = first_key
        for item in new:
            record = item.record
            caption_keys = range(key + 1, key + 1 + len(record.captions))
            version = NewVersion(
                key, record.doc_id, record.image_uri, record.attributes, record.captions, caption_keys, item.size
            )
            inserted.append(version)
            rows["image"].keys.append(key)
            rows["image"].vectors.append(item.image[None])
            if len(item.captions):
                rows["caption"].keys.extend(caption_keys)
                rows["caption"].vectors.append(item.captions)
            key += 1 + len(record.captions)
        versions.insert_versions(connection, self._info.id, inserted)
        return rows

    def _publish_rows(self, connection: Connection, rows: dict[VectorKind, _Rows]) -> None:
        published = [segment.segment_id for segment in generations.current(connection, self._info.id).segments]
        for kind, part in rows.items():
            if part.keys:
                segment = write_segment(self._folder, kind, np.array(part.keys, np.int64), np.concatenate(part.vectors))
                published.append(generations.add_segment(connection, self._info.id, segment))
        generations.publish(connection, self._info.id, published)
