"""Locks between processes, by files in the data folder. They vanish with the process that holds them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from retrieval.errors import ConflictError, StorageError

PATIENCE_S = 300.0


def writing(folder: Path) -> AbstractContextManager[None]:
    """Hold what every commit to the collection whose segments are in `folder` takes, for the moment of the commit."""
    busy = "another process has been writing to this collection for minutes: try again when it has finished"
    return exclusive(folder.parent / "write.lock", wait_s=PATIENCE_S, busy=busy)


def compacting(folder: Path) -> AbstractContextManager[None]:
    """Hold what replaces segments of that collection by others; commits go on."""
    busy = "another process is compacting this collection: try again when it has finished"
    return exclusive(folder.parent / "compact.lock", wait_s=PATIENCE_S, busy=busy)


@contextmanager
def exclusive(path: Path, *, wait_s: float, busy: str) -> Iterator[None]:
    """Hold the lock file for the block, waiting at most `wait_s` seconds; `ConflictError(busy)` after that."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(path)
        lock.acquire(timeout=wait_s)
    except Timeout as error:
        raise ConflictError(busy) from error
    except OSError as error:
        raise StorageError(f"cannot write to {path.parent}: {error.strerror}") from error
    try:
        yield
    finally:
        lock.release()
