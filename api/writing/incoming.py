"""What clients send, on its way to be embedded: checked, decoded, each item by itself."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from api.pictures.sent import picture_bytes
from retrieval.collection import Collection
from retrieval.embedding import decode_record, embeds_captions, indexed_entry
from retrieval.errors import ImageError, InputError, VectorError
from retrieval.images.decode import DecodeLimits
from retrieval.metadata.ledger import LedgerEntry
from retrieval.originals import original_uri
from retrieval.records import check_record
from retrieval.types import CatalogRecord, FloatArray, PictureSize, PixelArray
from retrieval.vectors import check_unit_vectors, unit


@dataclass(frozen=True, slots=True, eq=False)
class SentItem:
    """A document with its picture, as the bytes of a file or their base64 text, or with its vector, float32 (n,)."""

    record: CatalogRecord
    content: bytes | str | FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class DecodedItem:
    """The same, checked: with pixels for the encoder, uint8 (s, s, 3), and the file, or with a unit vector (dim,).

    `size` is the picture's own.
    """

    record: CatalogRecord
    entry: LedgerEntry
    picture: bytes | None = None
    pixels: PixelArray | None = None
    vector: FloatArray | None = None
    size: PictureSize | None = None


@dataclass(frozen=True, slots=True)
class RejectedItem:
    """An item that cannot be stored, and why."""

    doc_id: str
    error: ImageError | InputError

    @property
    def reason(self) -> str:
        """A short stable code."""
        match self.error:
            case ImageError():
                return self.error.reason
            case VectorError():
                return "invalid-vector"
            case _:
                return "invalid-input"


def needs_encoder(sent: SentItem, collection: Collection) -> bool:
    """Whether anything of it has to be embedded."""
    is_picture = not isinstance(sent.content, np.ndarray)
    return is_picture or (bool(sent.record.captions) and embeds_captions(collection.info))


def decode_item(sent: SentItem, collection: Collection, limits: DecodeLimits) -> DecodedItem | RejectedItem:
    """Do all that comes before the encoder. Never raises for what was sent."""
    try:
        return _decoded(sent, collection, limits)
    except (ImageError, InputError) as error:
        return RejectedItem(sent.record.doc_id, error)


def _decoded(sent: SentItem, collection: Collection, limits: DecodeLimits) -> DecodedItem:
    if isinstance(sent.content, np.ndarray):
        record = check_record(sent.record)
        vectors = unit(sent.content[None])
        check_unit_vectors(vectors, collection.info.spec.dim)
        return DecodedItem(record, indexed_entry(record, None), vector=vectors[0])
    data = picture_bytes(sent.content)
    record = check_record(replace(sent.record, image_uri=original_uri(data)))
    decoded = decode_record(record, data, collection.encoder, limits)
    return DecodedItem(record, decoded.entry, picture=data, pixels=decoded.pixels, size=decoded.size)
