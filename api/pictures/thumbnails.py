"""Small copies of the catalogue's pictures, kept on disk by the content that they were made from."""

from __future__ import annotations

import hashlib
import logging
import secrets
from dataclasses import dataclass
from pathlib import Path

from api.pictures.originals import NoPictureError, indexed_sha256
from retrieval.collection import Collection
from retrieval.errors import ImageError
from retrieval.images.decode import DecodeLimits, decoded
from retrieval.images.read import read_image
from retrieval.images.thumbnail import thumbnail

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Thumbnail:
    """A WebP file, and a tag that changes whenever its bytes may; `data` is None where the client has it already."""

    etag: str
    data: bytes | None


class ThumbnailCache:
    """A folder of WebP files named by the SHA-256 of the whole picture and the side. May be emptied at any time."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def find(self, sha256: str, side: int) -> bytes | None:
        """The bytes of a thumbnail that is there and whole."""
        try:
            data = self._path(sha256, side).read_bytes()
        except OSError:
            return None
        return data if _is_whole(data) else None

    def keep(self, sha256: str, side: int, data: bytes) -> None:
        """Write a thumbnail. A full or read-only disk costs the cache and not the answer."""
        path = self._path(sha256, side)
        unfinished = path.with_suffix(f".{secrets.token_hex(4)}.tmp")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            unfinished.write_bytes(data)
            unfinished.replace(path)
        except OSError as error:
            unfinished.unlink(missing_ok=True)
            _log.warning("cannot keep a thumbnail: %s", error)

    def _path(self, sha256: str, side: int) -> Path:
        return self._folder / sha256[:2] / f"{sha256}-{side}.webp"


def thumbnail_of(
    collection: Collection,
    doc_id: str,
    side: int,
    *,
    cache: ThumbnailCache,
    known: frozenset[str],
    limits: DecodeLimits,
) -> Thumbnail:
    """The thumbnail of a document, from the cache where it can be. `known` are the tags of what the client has.

    Raises:
        NotFoundError: there is no such document.
        NoPictureError: its picture cannot be read any more, or never could (vectors that were added without one).
    """
    uri = collection.get(doc_id).image_uri
    indexed = indexed_sha256(collection, doc_id)
    if indexed:
        etag = _etag(indexed, side)
        if etag in known:
            return Thumbnail(etag, None)
        if data := cache.find(indexed, side):
            return Thumbnail(etag, data)
    try:
        picture = read_image(uri, max_bytes=limits.max_bytes)
        with decoded(picture, at_least=side, limits=limits) as image:
            data = thumbnail(image, side=side)
    except ImageError as error:
        raise NoPictureError(doc_id, error) from error
    actual = hashlib.sha256(picture).hexdigest()
    cache.keep(actual, side, data)
    return Thumbnail(_etag(actual, side), data)


def _etag(sha256: str, side: int) -> str:
    return f'"{sha256[:32]}-{side}"'


def _is_whole(data: bytes) -> bool:
    """Whether a WebP file is as long as its header says (a crash may leave an empty one)."""
    return data[:4] == b"RIFF" and int.from_bytes(data[4:8], "little") + 8 == len(data)
