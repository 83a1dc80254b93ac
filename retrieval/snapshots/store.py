"""The folder `snapshots` of the data folder: a file a snapshot, named by its collection and the moment it was begun."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from retrieval.errors import NotFoundError
from retrieval.index.files import SUFFIX_UNFINISHED

SUFFIX = ".tar"
ABANDONED_S = 3600.0  # what nothing has been written to for so long is of a process that died

_TIME = "%Y%m%dT%H%M%S%fZ"
_ID = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]*)-(\d{8}T\d{12}Z)", re.ASCII)


@dataclass(frozen=True, slots=True)
class StoredSnapshot:
    """A snapshot in the folder; it stays when its collection is deleted."""

    id: str
    collection: str
    size: int
    created_at: datetime


class SnapshotStore:
    """Names and lists what is in the folder, which need not be there."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def new_path(self, collection: str) -> Path:
        """Where the next snapshot of a collection is to be; removes what was abandoned."""
        self._sweep()
        return self._folder / f"{collection}-{datetime.now(UTC).strftime(_TIME)}{SUFFIX}"

    def path(self, snapshot_id: str) -> Path:
        """The file of a snapshot; `NotFoundError` where there is none."""
        path = self._folder / f"{snapshot_id}{SUFFIX}"
        if not _ID.fullmatch(snapshot_id) or not path.is_file():
            raise NotFoundError(f"no snapshot {snapshot_id[:200]!r}")
        return path

    def of(self, collection: str) -> list[StoredSnapshot]:
        """The snapshots of the collections that had this name, the newest first."""
        mine = (one for one in self._all_of_them() if one.collection == collection)
        return sorted(mine, key=lambda one: one.created_at, reverse=True)

    def delete(self, snapshot_id: str) -> None:
        """Remove a snapshot; `NotFoundError` where there is none."""
        self.path(snapshot_id).unlink(missing_ok=True)

    def _all_of_them(self) -> Iterator[StoredSnapshot]:
        for path in self._folder.glob(f"*{SUFFIX}"):
            if named := _ID.fullmatch(path.stem):
                made = datetime.strptime(named[2], _TIME).replace(tzinfo=UTC)
                with suppress(FileNotFoundError):  # it is deleted at this moment
                    yield StoredSnapshot(path.stem, named[1], path.stat().st_size, made)

    def _sweep(self) -> None:
        for path in self._folder.glob(f"*{SUFFIX_UNFINISHED}"):
            with suppress(FileNotFoundError):  # it has just got its name
                if path.stat().st_mtime < time.time() - ABANDONED_S:
                    path.unlink()
