"""The half of the facade that changes a collection: each call is one or more durable commits."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np

from retrieval.building import OnBuild
from retrieval.compactor import Compactor
from retrieval.embedding import decode_record, decode_records, embed_decoded, embeds_captions
from retrieval.errors import InputError
from retrieval.metadata.collections import CollectionInfo
from retrieval.metadata.ledger import LedgerEntry
from retrieval.originals import original_uri
from retrieval.patching import Patch, patched, settled
from retrieval.protocols import Encoder
from retrieval.records import as_list, check_record
from retrieval.search.catalogue import Catalogue
from retrieval.types import AttributeValue, CatalogRecord, FloatArray
from retrieval.vectors import unit
from retrieval.writer import CollectionWriter, EmbeddedItem, WriteBatch

ADD_BATCH = 256


@dataclass(frozen=True, slots=True)
class AddReport:
    """What `Collection.add` did: how many were indexed, and why others were not."""

    indexed: int
    rejected: tuple[LedgerEntry, ...]


class ChangeableCollection(ABC):
    """Adds, changes and deletes documents; `retrieval.collection.Collection` also finds them."""

    info: CollectionInfo
    catalogue: Catalogue
    writer: CollectionWriter
    compactor: Compactor

    @property
    @abstractmethod
    def encoder(self) -> Encoder:
        """The encoder whose vectors the collection holds."""

    def add(self, records: Iterable[CatalogRecord]) -> AddReport:
        """Read, embed and store images; a document that is there already is replaced.

        An image that cannot be read or decoded is recorded with its reason and skipped. Each batch of 256 is durable
        and searchable once it is done; call `compact` after adding many. For bulk loads `retrieval index` overlaps
        reading, decoding and embedding.
        """
        indexed, rejected = 0, []
        stream = iter(records)
        while part := list(islice(stream, ADD_BATCH)):
            good, bad = decode_records({record.doc_id: record for record in part}.values(), self.encoder)
            items = embed_decoded(good, self.encoder, self.info)
            self.writer.commit(WriteBatch(items=items, ledger=[*(one.entry for one in good), *bad]))
            indexed += len(good)
            rejected += bad
        self.compactor.fold()
        return AddReport(indexed, tuple(rejected))

    def add_vectors(
        self,
        doc_ids: Sequence[str],
        vectors: FloatArray,
        *,
        captions: Sequence[Sequence[str]] | None = None,
        attributes: Sequence[Mapping[str, AttributeValue]] | None = None,
    ) -> None:
        """Store image vectors that were made elsewhere by this collection's encoder.

        `vectors` is float (n, dim) of any length but zero; captions get no vectors of their own.
        """
        doc_ids = as_list(doc_ids, "doc_ids")
        for what, given in (("vectors", vectors), ("captions", captions), ("attributes", attributes)):
            if given is not None and len(given) != len(doc_ids):
                raise InputError(f"{len(doc_ids)} doc_ids, but {len(given)} {what}: give one for each")
        if len(set(doc_ids)) != len(doc_ids):
            raise InputError("a doc_id is given twice: each names one document")
        none = np.empty((0, self.info.spec.dim), np.float32)
        batch = []
        for row, (doc_id, vector) in enumerate(zip(doc_ids, unit(vectors), strict=True)):
            record = CatalogRecord(
                doc_id,
                "",
                as_list(captions[row], "the captions of a document") if captions else (),
                attributes[row] if attributes else {},
            )
            batch.append(EmbeddedItem(check_record(record), vector, none))
        self.writer.commit(WriteBatch(items=batch))
        self.compactor.fold()

    def delete(self, doc_ids: Sequence[str]) -> int:
        """Delete documents; no later search returns them. Returns how many were there."""
        deletes = as_list(doc_ids, "doc_ids")
        return len(self.writer.commit(WriteBatch(deletes=deletes))) if deletes else 0

    def put(
        self,
        doc_id: str,
        image: bytes,
        *,
        captions: Sequence[str] = (),
        attributes: Mapping[str, AttributeValue] | None = None,
    ) -> None:
        """Store a document with its picture, the bytes of an image file, which is kept; one that is there is replaced.

        Raises:
            ImageError: the picture cannot be decoded.
            RecordError: the id, a caption or an attribute cannot be stored.
        """
        record = CatalogRecord(doc_id, original_uri(image), as_list(captions, "captions"), attributes or {})
        decoded = decode_record(check_record(record), image, self.encoder)
        items = embed_decoded([decoded], self.encoder, self.info)
        self.writer.commit(WriteBatch(items=items, ledger=[decoded.entry], pictures=[image]))
        self.compactor.fold()

    def update(
        self,
        doc_id: str,
        *,
        attributes: Mapping[str, AttributeValue] | None = None,
        captions: Sequence[str] | None = None,
    ) -> None:
        """Change what is said of a document; its picture stays, and is not embedded again.

        `attributes` are set one by one, and those that are None removed; `captions` replace all that there are.

        Raises:
            NotFoundError: there is no such document.
            ConflictError: others change it all the time.
            RecordError: a caption or an attribute cannot be stored.
        """
        patch = Patch(attributes or {}, None if captions is None else as_list(captions, "captions"))

        def change() -> None:
            stored = self.catalogue.stored(doc_id)
            record = patch.applied_to(stored.item)
            same = record.captions == stored.item.captions
            self.writer.commit(patched(stored, record, stored.captions if same else self._embed(record.captions)))

        settled(change)
        self.compactor.fold()

    def delete_matching(self, filter: str) -> int:  # noqa: A002
        """Delete the documents that a filter keeps, all at once; returns how many. `FilterError` for a wrong one."""

        def change() -> int:
            found = self.catalogue.matching(filter)
            return len(self.writer.commit(WriteBatch(deletes=list(found), expected=found))) if found else 0

        return settled(change)

    def compact(self, *, exact_rows: int | None = None, on_build: OnBuild | None = None) -> int:
        """Link new vectors into a graph where they are more than `exact_rows`, and drop deleted ones; any time."""
        return self.compactor.compact(exact_rows=exact_rows, on_build=on_build)

    def _embed(self, texts: Sequence[str]) -> FloatArray:
        if not texts or not embeds_captions(self.info):
            return np.empty((0, self.info.spec.dim), np.float32)
        return self.encoder.encode_texts(texts)
