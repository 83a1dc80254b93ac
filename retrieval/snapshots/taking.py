"""Taking a snapshot of a collection: one committed state of it, whatever is written or compacted meanwhile."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

from sqlalchemy import Connection, Table

from retrieval.errors import ConflictError, CorruptionError, GoneError, StorageError
from retrieval.index.files import check_size
from retrieval.locks import keeping_files
from retrieval.metadata import generations, scans
from retrieval.metadata.collections import CollectionInfo, revision
from retrieval.metadata.database import SCHEMA_REVISION, Database
from retrieval.metadata.tables import collections
from retrieval.originals import SCHEME
from retrieval.snapshots.archive import OnProgress, write_archive
from retrieval.snapshots.manifest import IMAGES, SEGMENTS, Manifest, Member, rows_name
from retrieval.snapshots.rows import TABLES, columns_of, dump

ALL_TABLES = (collections, *TABLES)


def take(database: Database, info: CollectionInfo, folder: Path, path: Path, on_progress: OnProgress) -> Manifest:
    """Write a snapshot of the collection, whose segments are in `folder`, to `path`, and return what it says.

    Its rows are those of one read transaction. Writers do not wait for it; what they replace is deleted later.

    Raises:
        ConflictError: there is a file of that name already.
        GoneError: the collection was deleted meanwhile.
        CorruptionError: an index file is missing or damaged.
        StorageError: the disk is full or cannot be written to; nothing is left behind.
    """
    if path.exists():
        raise ConflictError(f"there is already a file {path.name}: give another name")
    with keeping_files(folder), _nameless_file(path.parent) as spool:
        with database.read() as connection:
            _check_there(connection, info)
            rows: list[Member] = []
            for table in ALL_TABLES:
                on_progress("reading rows", len(rows), len(ALL_TABLES))
                rows.append(_spool(spool, table, dump(connection, info.id, table)))
            files = dict([*_segment_files(connection, info.id, folder), *_images(connection, info.id, folder)])
            manifest = _manifest(connection, info, (*rows, *files))
        spool.seek(0)
        contents = [spool for _ in rows]  # its parts are read in turn
        try:
            write_archive(path, manifest, _opened(contents, files.values()), on_progress)
        except CorruptionError:
            with database.read() as connection:
                _check_there(connection, info)
            raise
    return manifest


def _check_there(connection: Connection, info: CollectionInfo) -> None:
    if revision(connection, info.id) is None:
        raise GoneError


def _manifest(connection: Connection, info: CollectionInfo, members: tuple[Member, ...]) -> Manifest:
    documents, captions = scans.counts(connection, info.id)
    return Manifest(
        collection=info.name,
        documents=documents,
        captions=captions,
        schema=SCHEMA_REVISION,
        created_at=datetime.now(UTC).isoformat(),
        columns={table.name: columns_of(table) for table in ALL_TABLES},
        members=members,
    )


def _segment_files(connection: Connection, collection_id: int, folder: Path) -> Iterator[tuple[Member, Path]]:
    for segment in generations.current(connection, collection_id).segments:
        for file in segment.files:
            yield Member(f"{SEGMENTS}{file.name}", file.size, file.sha256), check_size(folder, file)


def _images(connection: Connection, collection_id: int, folder: Path) -> Iterator[tuple[Member, Path]]:
    """The pictures that were sent to the collection, as far as they are there."""
    for uri in sorted(scans.image_uris(connection, collection_id, SCHEME)):
        digest = uri.removeprefix(SCHEME)
        path = folder.parent / "images" / digest
        if path.is_file():
            yield Member(f"{IMAGES}{digest}", path.stat().st_size, digest), path


def _opened(first: Iterable[IO[bytes]], paths: Iterable[Path]) -> Iterator[IO[bytes]]:
    """These files, and those at the paths, each open until the next one is asked for."""
    yield from first
    for path in paths:
        try:
            with path.open("rb") as file:
                yield file
        except FileNotFoundError as error:
            raise CorruptionError(f"the index file {path.name} is missing: run `retrieval repair`") from error


@contextmanager
def _nameless_file(folder: Path) -> Iterator[IO[bytes]]:
    """A file that vanishes with its process. The folder is made where it is not there."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=folder) as file:
            yield file
    except OSError as error:
        raise StorageError(f"cannot write to the folder of the snapshot: {error.strerror or error}") from error


def _spool(file: IO[bytes], table: Table, lines: Iterable[bytes]) -> Member:
    """Append the rows of a table to the file."""
    digest, start = sha256(), file.tell()
    for line in lines:
        digest.update(line)
        file.write(line)
    return Member(rows_name(table.name), file.tell() - start, digest.hexdigest())
