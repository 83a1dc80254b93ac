"""Writing files so that a crash or a full disk leaves the old one as it was."""

from __future__ import annotations

import os
from pathlib import Path

from retrieval.errors import StorageError
from retrieval.index.files import sync


def write_atomically(path: Path, content: bytes | memoryview) -> None:
    """Write under another name, flush to the disk, rename. Raises `StorageError`; the old file is then untouched."""
    partial = path.with_name(f".{path.name}.partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with partial.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
        sync(path.parent)
    except OSError as error:
        partial.unlink(missing_ok=True)
        kept = f"; the last {path.name} is intact" if path.exists() else ""
        raise StorageError(
            f"cannot write {path}: {error.strerror or error}{kept}: free some space and resume"
        ) from error
