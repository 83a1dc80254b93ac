"""Locks between processes, by files in the data folder. They vanish with the process that holds them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from retrieval.errors import ConflictError, StorageError


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
