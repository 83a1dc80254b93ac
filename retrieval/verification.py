"""Does what the database says agree with what lies on disk?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from retrieval.errors import CorruptionError
from retrieval.index.files import Damage
from retrieval.index.segment import damages
from retrieval.metadata import generations, scans

if TYPE_CHECKING:
    from retrieval.collection import Collection


@dataclass(frozen=True, slots=True)
class Verified:
    """What was checked: segments, files and the bytes that were read."""

    segments: int
    files: int
    bytes: int


def verify(collection: Collection, *, checksums: bool = True) -> Verified:
    """Check that every file has its recorded content, and every live document exactly one live vector.

    Without `checksums` only the sizes of index files are compared, and kept pictures not at all.

    Raises:
        CorruptionError: it is not so; names all files that are missing or damaged, or the counts that differ.
    """
    with collection.database.read() as connection:
        published = generations.current(connection, collection.info.id).segments
        found = [damage for one in published for damage in damages(collection.folder, one, checksums=checksums)]
        if found:
            raise CorruptionError(_describe(collection.name, found))
        documents, _ = scans.counts(connection, collection.info.id)
        vectors = collection.views.at(connection).rows("image")
        pictures = collection.originals.damaged(connection, collection.info.id) if checksums else ()
    if documents != vectors:
        raise CorruptionError(
            f"collection {collection.name!r} has {documents:,} documents and {vectors:,} vectors: index it again"
        )
    if pictures:
        raise CorruptionError(
            f"collection {collection.name!r} kept pictures of {len(pictures):,} documents that are missing or damaged "
            f"now: send them again: {', '.join(pictures[:20])}{', …' if len(pictures) > 20 else ''}"
        )
    files = [file for segment in published for file in segment.files]
    return Verified(len(published), len(files), sum(file.size for file in files) if checksums else 0)


def _describe(name: str, found: Sequence[Damage]) -> str:
    count = "an index file is" if len(found) == 1 else f"{len(found):,} index files are"
    return f"{count} not as written: {'; '.join(map(str, found))}: run `retrieval repair -c {name}`"
