"""Locks between processes, by files in the data folder. They vanish with the process that holds them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from retrieval.errors import BusyError, StorageError

PATIENCE_S = 300.0
FOR_EVER = -1.0
"""A graph takes as long to build as it takes, and whoever dies over it leaves no lock behind."""


def writing(folder: Path, *, wait_s: float = PATIENCE_S) -> AbstractContextManager[None]:
    """Hold what every commit to the collection whose segments are in `folder` takes, for the moment of the commit."""
    busy = "others are writing to this collection: try again when they have finished"
    return exclusive(folder.parent / "write.lock", wait_s=wait_s, busy=busy)


def compacting(folder: Path, *, wait_s: float = FOR_EVER) -> AbstractContextManager[None]:
    """Hold what replaces segments of that collection by others; commits go on. `BusyError` after `wait_s` seconds."""
    busy = "another process is compacting this collection: try again when it has finished"
    return exclusive(folder.parent / "compact.lock", wait_s=wait_s, busy=busy)


def keeping_files(folder: Path, *, wait_s: float = FOR_EVER) -> AbstractContextManager[None]:
    """Hold what keeps files of that collection from being deleted, although nothing refers to them any more."""
    busy = "a snapshot of this collection is being taken: try again when it is done"
    return exclusive(folder.parent / "files.lock", wait_s=wait_s, busy=busy)


@contextmanager
def exclusive(path: Path, *, wait_s: float, busy: str) -> Iterator[None]:
    """Hold the lock file for the block, waiting at most `wait_s` seconds; `BusyError(busy)` after that."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(path)
        lock.acquire(timeout=wait_s)
    except Timeout as error:
        raise BusyError(busy) from error
    except OSError as error:
        raise StorageError(f"cannot write to {path.parent}: {error.strerror}") from error
    try:
        yield
    finally:
        lock.release()
