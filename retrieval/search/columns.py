"""The attributes of a segment's rows in columns: read from the database, or from the file that a merge wrote of them.

The file is one more of the segment's, so its digest is in the database, `retrieval verify` reads it, and it goes with
the segment, and the dead versions with it. The columns are no more than what the database says: without the file they
only take longer. A merge writes them, and not the first reader: one process does, once for all, and with the digest.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from sqlalchemy import Connection

from retrieval.errors import CorruptionError, StorageError
from retrieval.filters import AttributeSnapshot, AttributeTable
from retrieval.filters.storage import load_snapshot, save_snapshot
from retrieval.index.files import COLUMNS, check_digest, write_file
from retrieval.index.segment import Segment
from retrieval.metadata import scans
from retrieval.segments import SegmentFile
from retrieval.types import KeyArray

LEAST_ROWS = 10_000
"""Rows from which a merged segment has the file: fewer are read from the database in a fraction of a second."""


def read_columns(connection: Connection, collection_id: int, keys: KeyArray) -> AttributeSnapshot:
    """The attributes of versions, keys int64 (n,) ascending, from the database; what it does not have is left out."""
    table = AttributeTable()
    for found, rows in scans.attributes_of(connection, collection_id, keys):
        table.append(found, rows)
    return table.snapshot()


def save_columns(folder: Path, columns: AttributeSnapshot) -> SegmentFile:
    """Write the file durably; `StorageError` if that is not possible."""
    return write_file(folder, COLUMNS, lambda path: save_snapshot(columns, path))


def open_columns(connection: Connection, collection_id: int, folder: Path, segment: Segment) -> AttributeSnapshot:
    """The attributes of a segment's rows, in their order. A file that is missing or damaged is written anew.

    Raises:
        CorruptionError: the segment has rows that the database knows nothing of.
    """
    saved = next((file for file in segment.info.files if file.role == COLUMNS), None)
    if saved:
        with suppress(StorageError, OSError):  # OSError: a compaction deletes it at this moment
            check_digest(folder, saved)
            return load_snapshot(folder / saved.name, segment.keys)
    columns = read_columns(connection, collection_id, segment.keys)
    if len(columns.keys) != segment.info.rows:
        missing = segment.info.rows - len(columns.keys)
        raise CorruptionError(f"{missing:,} documents are missing from the database: restore it, or index them again")
    if saved:
        with suppress(StorageError):  # a folder that only others may write to
            save_columns(folder, columns)
    return columns
