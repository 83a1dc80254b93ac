"""record -> decoded image -> embedded item: what has to happen before something can be written."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from retrieval.errors import ImageError
from retrieval.images.decode import DEFAULT_LIMITS, DecodeLimits, decoded
from retrieval.images.read import read_image
from retrieval.metadata.collections import CollectionInfo
from retrieval.metadata.ledger import LedgerEntry
from retrieval.protocols import Encoder
from retrieval.records import check_record, record_sha256
from retrieval.types import CatalogRecord, FloatArray, PictureSize, PixelArray
from retrieval.writer import EmbeddedItem

LONGEST_DETAIL = 1_000


@dataclass(frozen=True, slots=True)
class DecodedRecord:
    """A record with its picture ready for the encoder, uint8 (s, s, 3), and what the ledger will say of it.

    `size` is the picture's own.
    """

    record: CatalogRecord
    pixels: PixelArray
    size: PictureSize
    entry: LedgerEntry


def decode_records(records: Iterable[CatalogRecord], encoder: Encoder) -> tuple[list[DecodedRecord], list[LedgerEntry]]:
    """Read and decode; what cannot be is returned as ledger entries with their reasons."""
    good, bad = [], []
    for record in records:
        try:
            good.append(decode_record(record, read_image(check_record(record).image_uri), encoder))
        except ImageError as error:
            bad.append(rejected_entry(record, error))
    return good, bad


def decode_record(
    record: CatalogRecord,
    data: bytes,
    encoder: Encoder,
    limits: DecodeLimits = DEFAULT_LIMITS,
    *,
    entry: LedgerEntry | None = None,
) -> DecodedRecord:
    """Decode the picture of a record from its file's bytes; `ImageError` says what is wrong with it.

    `entry` is its `indexed_entry`, where somebody has made it already: it digests all of `data`.
    """
    with decoded(data, at_least=encoder.image_size, limits=limits) as image:
        pixels = encoder.preprocess(image)
    return DecodedRecord(record, pixels, image.size, entry or indexed_entry(record, data))


def indexed_entry(record: CatalogRecord, data: bytes | None, *, seen_run: int | None = None) -> LedgerEntry:
    """What the ledger says of a stored document; `data` is its picture's file, None where only a vector was given."""
    return LedgerEntry(
        record.doc_id,
        "indexed",
        signature=record.signature,
        content_sha256=None if data is None else hashlib.sha256(data).hexdigest(),
        record_sha256=record_sha256(record),
        seen_run=seen_run,
    )


def rejected_entry(record: CatalogRecord, error: ImageError, *, seen_run: int | None = None) -> LedgerEntry:
    """Why a document was not stored. Its id may be why: what no database holds in it is replaced."""
    doc_id = record.doc_id.replace("\0", "\ufffd").encode("utf-8", "replace").decode()
    return LedgerEntry(doc_id, "rejected", reason=error.reason, detail=str(error)[:LONGEST_DETAIL], seen_run=seen_run)


def embeds_captions(info: CollectionInfo) -> bool:
    """Whether captions get vectors: not where the encoder is elsewhere."""
    return info.caption_vectors and not info.spec.is_external


def embed_decoded(decoded: Sequence[DecodedRecord], encoder: Encoder, info: CollectionInfo) -> list[EmbeddedItem]:
    """Run the encoder over pictures and captions."""
    if not decoded:
        return []
    images = encoder.encode_images(np.stack([one.pixels for one in decoded]))
    return embedded_items(encoder, [one.record for one in decoded], images, [one.size for one in decoded], info)


def embedded_items(
    encoder: Encoder,
    records: Sequence[CatalogRecord],
    images: FloatArray,
    sizes: Sequence[PictureSize | None],
    info: CollectionInfo,
) -> list[EmbeddedItem]:
    """Join records, their image vectors (n, dim), freshly embedded captions and the sizes of their pictures."""
    counts = [len(record.captions) if info.caption_vectors else 0 for record in records]
    texts = [text for record, count in zip(records, counts, strict=True) for text in record.captions[:count]]
    vectors = encoder.encode_texts(texts) if texts else np.empty((0, info.spec.dim), np.float32)
    parts = np.split(vectors, np.cumsum(counts)[:-1])
    return [EmbeddedItem(*row) for row in zip(records, images, parts, sizes, strict=True)]
