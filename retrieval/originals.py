"""Pictures that were sent to a collection, and not just named: kept beside its index, by the digest of their content.

The catalogue refers to one as `original://SHA256`, which stays true wherever the data folder is moved.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from sqlalchemy import Connection

from retrieval.index import files
from retrieval.metadata import listing, scans

SCHEME = "original://"
_URI = re.compile(rf"{SCHEME}([0-9a-f]{{64}})")


def original_uri(data: bytes) -> str:
    """How the catalogue refers to a picture of these bytes that is kept."""
    return f"{SCHEME}{hashlib.sha256(data).hexdigest()}"


@dataclass(frozen=True, slots=True)
class Originals:
    """The kept pictures of one collection. What changes the folder holds `locks.writing`."""

    folder: Path

    def keep(self, pictures: Iterable[bytes]) -> None:
        """Make these durable, before rows that refer to them are committed. `StorageError` if that is not possible."""
        for data in pictures:
            files.write_by_content(self.folder, partial(_write, data))

    def locate(self, uri: str) -> str:
        """Where the picture of an item is: the path of a kept one; any other URI is where it is."""
        found = _URI.fullmatch(uri)
        return str(self.folder / found[1]) if found else uri

    def damaged(self, connection: Connection, collection_id: int) -> list[str]:
        """The documents whose kept picture is missing, or is not what was sent, by reading all of them through."""
        kept = listing.pictures_at(connection, collection_id, SCHEME)
        bad = {uri for uri in set(kept.values()) if not self._is_whole(uri)}
        return sorted(doc_id for doc_id, uri in kept.items() if uri in bad)

    def collect(self, connection: Connection, collection_id: int) -> None:
        """Delete those that no version refers to, be it live or dead, and what killed writers have left."""
        if self.folder.is_dir():
            uris = scans.image_uris(connection, collection_id, SCHEME)
            files.remove_others(self.folder, [uri.removeprefix(SCHEME) for uri in uris])

    def _is_whole(self, uri: str) -> bool:
        try:
            return files.sha256_of(Path(self.locate(uri))) == uri.removeprefix(SCHEME)
        except OSError:
            return False


def _write(data: bytes, path: Path) -> None:
    path.write_bytes(data)
