"""Does what the database says agree with what lies on disk?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from retrieval.errors import CorruptionError
from retrieval.index.segment import verify_segment
from retrieval.metadata import generations, items

if TYPE_CHECKING:
    from retrieval.collection import Collection


@dataclass(frozen=True, slots=True)
class Verified:
    """What was checked: segments, files and the bytes that were read."""

    segments: int
    files: int
    bytes: int


def verify(collection: Collection, *, checksums: bool = True) -> Verified:
    """Check that every live document has exactly one live vector, and every file its recorded content.

    Raises:
        CorruptionError: it is not so; names the file, or the counts that differ.
        StorageError: a file is missing.
    """
    with collection.database.read() as connection:
        published = generations.current(connection, collection.info.id).segments
        documents, _ = items.counts(connection, collection.info.id)
        vectors = collection.views.at(connection).rows("image")
    if documents != vectors:
        raise CorruptionError(
            f"collection {collection.name!r} has {documents:,} documents and {vectors:,} vectors: index it again"
        )
    files = [file for segment in published for file in segment.files]
    if checksums:
        for segment in published:
            verify_segment(collection.folder, segment)
    return Verified(len(published), len(files), sum(file.size for file in files) if checksums else 0)
