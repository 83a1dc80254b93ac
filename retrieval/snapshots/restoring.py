"""Making a collection of a snapshot. It is there in full or not at all, whatever happens on the way.

Everything is read through and compared with its checksum first. Then the collection's row is added under a name that
none can have, so that nobody sees it; files and rows follow; and last, in one transaction, it gets its name. What a
process leaves that dies before is swept by the next one that opens the data folder.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from retrieval.errors import BusyError, SnapshotError, StorageError
from retrieval.index.files import write_by_content
from retrieval.locks import FOR_EVER, exclusive
from retrieval.metadata import collections, generations, names
from retrieval.metadata.database import Database
from retrieval.metadata.tables import collections as collections_table
from retrieval.snapshots.archive import BLOCK, Archive, Meter, OnProgress, open_archive
from retrieval.snapshots.manifest import IMAGES, SEGMENTS, Member
from retrieval.snapshots.rows import TABLES, RowLoader, insert_unfinished

LOCK = "restore.lock"
BUSY = "another snapshot is being restored: try again when that is done"


class Restoring:
    """Restores into one data folder, one snapshot at a time."""

    def __init__(self, database: Database, data_dir: Path, folder_of: Callable[[int], Path]) -> None:
        """`folder_of` gives the folder of segments of a collection, by its number."""
        self._database = database
        self._lock = data_dir / LOCK
        self._folder_of = folder_of

    def restore(self, path: Path, name: str | None, on_progress: OnProgress) -> str:
        """Make a collection of this name, by default the one that it had, and return the name.

        Raises:
            SnapshotError: the snapshot is damaged, was written by a newer release, or is none.
            InputError: a name that cannot be.
            ConflictError: the name is taken.
            StorageError: the disk is full or the database is gone; nothing is left.
        """
        with open_archive(path) as archive, exclusive(self._lock, wait_s=FOR_EVER, busy=BUSY):
            name = name or archive.manifest.collection
            names.check_name(name)
            with self._database.read() as connection:
                names.check_free(connection, name)
            archive.check(on_progress)
            self._sweep()
            try:
                self._load(archive, name, on_progress)
            except BaseException:  # Ctrl-C too: half a collection is nobody's
                with suppress(StorageError):
                    self._sweep()
                raise
        return name

    def sweep(self) -> None:
        """Remove what processes have left that died while they restored."""
        with self._database.read() as connection:
            if not collections.unfinished(connection):
                return
        with suppress(BusyError), exclusive(self._lock, wait_s=0, busy=BUSY):
            self._sweep()

    def _sweep(self) -> None:
        with self._database.read() as connection:
            left = collections.unfinished(connection)
        for collection_id in left:
            shutil.rmtree(self._folder_of(collection_id).parent, ignore_errors=True)
            with self._database.write() as connection:
                collections.drop(connection, collection_id)

    def _load(self, archive: Archive, name: str, on_progress: OnProgress) -> None:
        columns = archive.manifest.columns
        (row,) = archive.rows(collections_table.name)
        with self._database.write() as connection:
            collection_id = insert_unfinished(connection, columns[collections_table.name], row)
        _load_files(archive, self._folder_of(collection_id), on_progress)
        loader = RowLoader(self._database, collection_id)
        for number, table in enumerate(TABLES):
            on_progress("writing rows", number, len(TABLES))
            if table.name in columns:
                loader.load(table, columns[table.name], archive.rows(table.name))
        loader.index_texts()
        self._check_files(archive, collection_id)
        on_progress("writing rows", len(TABLES), len(TABLES))
        with self._database.write() as connection:
            collections.give_name(connection, collection_id, name)

    def _check_files(self, archive: Archive, collection_id: int) -> None:
        """`SnapshotError` where rows name a file that is none of the snapshot's, and perhaps of another folder."""
        there = {member.name for member in archive.manifest.members}
        with self._database.read() as connection:
            for segment in generations.current(connection, collection_id).segments:
                for file in segment.files:
                    if f"{SEGMENTS}{file.name}" not in there:
                        raise SnapshotError(f"the snapshot lacks a file that it names: {file.name[:100]}")


def _load_files(archive: Archive, folder: Path, on_progress: OnProgress) -> None:
    files = [member for member in archive.manifest.members if member.name.startswith((SEGMENTS, IMAGES))]
    meter = Meter("writing files", sum(member.size for member in files), on_progress)
    for member in files:
        _write(archive, member, folder if member.name.startswith(SEGMENTS) else folder.parent / "images", meter)


def _write(archive: Archive, member: Member, folder: Path, meter: Meter) -> None:
    """Write a file that is named by its content."""

    def copy(path: Path) -> None:
        content = archive.content(member)
        with path.open("wb") as file:
            while block := content.read(BLOCK):
                file.write(block)
                meter(len(block))

    digest, _ = write_by_content(folder, copy, suffix=Path(member.name).suffix)
    if digest != member.sha256:
        raise SnapshotError(f"the snapshot has changed while it was read: {member.name} is another now")
