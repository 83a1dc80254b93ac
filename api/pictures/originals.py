"""The catalogue's pictures as they are: only files that are pictures, and by their own type."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from api.errors import ApiError
from retrieval.collection import Collection
from retrieval.errors import ImageError
from retrieval.images.decode import DecodeLimits, decoded
from retrieval.images.formats import FormatName, identify
from retrieval.images.read import read_image
from retrieval.metadata import ledger

MEDIA_TYPES: Mapping[FormatName, str] = {
    "JPEG": "image/jpeg",
    "PNG": "image/png",
    "GIF": "image/gif",
    "WebP": "image/webp",
    "BMP": "image/bmp",
    "TIFF": "image/tiff",
    "AVIF": "image/avif",
}


class NoPictureError(ApiError):
    """The picture of a document cannot be read any more, or never could: vectors that were stored without one."""

    def __init__(self, doc_id: str, error: ImageError) -> None:  # whose message names the file
        message = f"the picture of {doc_id!r} cannot be shown: {error.reason}"
        super().__init__(404, "no_picture", message, detail={"reason": error.reason})


@dataclass(frozen=True, slots=True)
class Original:
    """A picture's file with its media type, and a tag of its bytes; `data` is None where the client has it already."""

    etag: str
    data: bytes | None = None
    media_type: str | None = None


def original_of(collection: Collection, doc_id: str, *, known: frozenset[str], limits: DecodeLimits) -> Original:
    """The file of a document's picture. `known` are the tags of what the client has.

    A file that is not the one that was indexed is decoded first: a path in the catalogue may lead anywhere by now.

    Raises:
        NotFoundError: there is no such document.
        NoPictureError: there is no picture at its place.
    """
    uri = collection.get(doc_id).image_uri
    indexed = indexed_sha256(collection, doc_id)
    if indexed and _etag(indexed) in known:
        return Original(_etag(indexed))
    try:
        data = read_image(uri, max_bytes=limits.max_bytes)
        actual = hashlib.sha256(data).hexdigest()
        if actual != indexed:
            with decoded(data, limits=limits):
                pass
    except ImageError as error:
        raise NoPictureError(doc_id, error) from error
    name = identify(data)
    return Original(_etag(actual), data, MEDIA_TYPES[name] if name else None)


def indexed_sha256(collection: Collection, doc_id: str) -> str | None:
    """The digest of the file that the document was indexed from, where it was recorded."""
    with collection.database.read() as connection:
        entry = ledger.entries(connection, collection.info.id, [doc_id]).get(doc_id)
    return entry.content_sha256 if entry and entry.state == "indexed" else None


def _etag(sha256: str) -> str:
    return f'"{sha256[:32]}"'
