"""Image-caption retrieval as a task: which captions belong to which documents, and the vectors of both."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from retrieval.collection import Collection
from retrieval.errors import InputError
from retrieval.metadata import scans
from retrieval.types import NO_KEY, CatalogRecord, FloatArray, KeyArray


@dataclass(frozen=True, slots=True)
class CaptionTask:
    """Captions and the documents that they describe, all of them live in one collection.

    `doc_keys` int64 (nd,) ascending with `doc_ids`, are all documents of the collection: every one may be returned.
    `captions` (nc texts) have vectors (nc, dim) and say by `owner`, int64 (nc,), which row of the documents they
    describe. `caption_keys`, int64 (nc,) ascending, are set when the captions are exactly the collection's own, so that
    its caption index can be asked. `stored_keys`, int64 (nc,), are those of captions that the collection has for the
    same documents, `NO_KEY` for others, None where nobody has looked. `missing` counts records of the dataset whose
    image the collection does not have.
    """

    doc_keys: KeyArray
    doc_ids: list[str]
    captions: list[str]
    vectors: FloatArray
    owner: KeyArray
    caption_keys: KeyArray | None
    missing: int = 0
    stored_keys: KeyArray | None = None

    @property
    def query_ids(self) -> list[str]:
        """A name for each caption: its document and its number there, such as `beach.jpg#2`."""
        counts: dict[int, int] = {}
        names = []
        for row in self.owner.tolist():
            number = counts.get(row, 0)
            counts[row] = number + 1
            names.append(f"{self.doc_ids[row]}#{number}")
        return names

    @property
    def described(self) -> KeyArray:
        """Rows of the documents that have captions, ascending int64."""
        return np.unique(self.owner)


def own_captions(collection: Collection) -> CaptionTask:
    """The captions that the collection was indexed with, by their stored vectors."""
    with collection.database.read() as connection:
        view = collection.views.at(connection)
        doc_keys, doc_ids = scans.live_documents(connection, collection.info.id)
        keys, owners, texts = scans.live_captions(connection, collection.info.id)
    if not len(keys) or not collection.info.caption_vectors:
        raise InputError(f"collection {collection.name!r} has no captions with vectors: name a dataset with captions")
    owner = np.searchsorted(doc_keys, owners)
    return CaptionTask(doc_keys, doc_ids, texts, view.vectors(keys), owner, keys, stored_keys=keys)


def captions_of(collection: Collection, records: Iterable[CatalogRecord]) -> CaptionTask:
    """The captions of a dataset, embedded now; its images are found in the collection by doc_id, or by file name.

    Raises:
        InputError: not one of its images is in the collection, or it has no captions.
    """
    with collection.database.read() as connection:
        doc_keys, doc_ids = scans.live_documents(connection, collection.info.id)
        stored = scans.live_captions(connection, collection.info.id)
    rows = {doc_id: row for row, doc_id in enumerate(doc_ids)}
    by_name = _unique_names(doc_ids)
    texts: list[str] = []
    owners: list[int] = []
    missing = seen = 0
    for record in records:
        seen += 1
        row = rows.get(record.doc_id, by_name.get(record.doc_id.rpartition("/")[2]))
        if row is None:
            missing += 1
            continue
        texts += record.captions
        owners += [row] * len(record.captions)
    if not texts:
        raise InputError(
            f"none of the dataset's {seen:,} images with captions is in collection {collection.name!r}: "
            "index them first, under the same file names"
        )
    order = np.argsort(owners, kind="stable")
    texts = [texts[place] for place in order]
    owner = np.array(owners, np.int64)[order]
    known = {(item, text): key for key, item, text in zip(*stored, strict=True)}
    keys = np.array([known.get(pair, NO_KEY) for pair in zip(doc_keys[owner], texts, strict=True)], np.int64)
    return CaptionTask(doc_keys, doc_ids, texts, collection.encoder.encode_texts(texts), owner, None, missing, keys)


def _unique_names(doc_ids: list[str]) -> dict[str, int]:
    """Rows by file name, where no two documents share one."""
    rows: dict[str, int] = {}
    twice = set()
    for row, doc_id in enumerate(doc_ids):
        name = doc_id.rpartition("/")[2]
        twice |= {name} if name in rows else set()
        rows[name] = row
    return {name: row for name, row in rows.items() if name not in twice}
