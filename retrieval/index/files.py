"""Immutable files, named by their content: written aside, synced, renamed, and only then referred to."""

from __future__ import annotations

import errno
import hashlib
import os
import sys
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from retrieval.errors import BusyError, CorruptionError, StorageError
from retrieval.locks import keeping_files
from retrieval.segments import SegmentFile

SUFFIX_UNFINISHED = ".unfinished"
COLUMNS = "attributes"
"""Role of the one file that searches can do without: see `retrieval.search.columns`."""
READ_AHEAD = 2**17
"""Bytes: Linux reads no more at a time than its devices are set up for, and this at the least."""


def write_file(folder: Path, role: str, write: Callable[[Path], None]) -> SegmentFile:
    """Let `write` fill a file, then make it durable under the name `<sha256>.<role>`; raises as `write_by_content`."""
    digest, size = write_by_content(folder, write, suffix=f".{role}")
    return SegmentFile(role, f"{digest}.{role}", digest, size)


def write_by_content(folder: Path, write: Callable[[Path], None], *, suffix: str = "") -> tuple[str, int]:
    """Let `write` fill a file, then make it durable under its SHA-256 and a suffix; returns digest and bytes.

    Raises:
        StorageError: the disk is full or the folder cannot be written to; nothing is left behind.
    """
    staged = folder / f"{uuid4().hex}{SUFFIX_UNFINISHED}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write(staged)
        sync(staged)
        digest, size = sha256_of(staged), staged.stat().st_size
        staged.rename(folder / f"{digest}{suffix}")
        sync(folder)
    except (OSError, RuntimeError) as error:  # RuntimeError is how FAISS reports a failed write
        staged.unlink(missing_ok=True)
        raise StorageError(_explain(error, folder)) from error
    return digest, size


def sync(path: Path) -> None:
    """Wait until a file's content, or a folder's names, are on the disk; `OSError` where that fails."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sha256_of(path: Path) -> str:
    """Hex digest of a file's content."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@dataclass(frozen=True, slots=True)
class Damage:
    """A file that is not as it was written, and in what respect: "is missing", for one."""

    file: SegmentFile
    problem: str

    def __str__(self) -> str:
        return f"{self.file.name} {self.problem}"


def damage_of(folder: Path, file: SegmentFile, *, checksum: bool = True) -> Damage | None:
    """What is wrong with a file, None if nothing is; without `checksum` its content is not read."""
    path = folder / file.name
    try:
        size = path.stat().st_size
        if size != file.size:
            return Damage(file, f"has {size:,} bytes instead of {file.size:,}")
        if checksum and sha256_of(path) != file.sha256:
            return Damage(file, "is damaged: its checksum is another")
    except FileNotFoundError:
        return Damage(file, "is missing")
    except OSError as error:
        return Damage(file, f"cannot be read: {error.strerror}")
    return None


def check_size(folder: Path, file: SegmentFile) -> Path:
    """The path of a file that is there with its recorded size; `CorruptionError` otherwise."""
    _raise_if(damage_of(folder, file, checksum=False))
    return folder / file.name


def check_digest(folder: Path, file: SegmentFile) -> None:
    """Read a file through; `CorruptionError` if a single bit of it has changed."""
    _raise_if(damage_of(folder, file))


def read_ahead(paths: Sequence[Path]) -> None:
    """Have the system read files into memory, without waiting for it, where all of them fit into half of that.

    Mapped files that are read here and there would be fetched from the disk a page at a time.
    """
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    if sys.platform != "linux" or sum(path.stat().st_size for path in paths) > memory // 2:
        return
    for path in paths:
        with path.open("rb") as file:
            for start in range(0, path.stat().st_size, READ_AHEAD):
                os.posix_fadvise(file.fileno(), start, READ_AHEAD, os.POSIX_FADV_WILLNEED)


def remove_others(folder: Path, keep: Iterable[str]) -> int:
    """Delete the files of a collection's folder that nothing refers to; returns how many. It need not be there.

    None are while a snapshot is taken, which may still read them.
    """
    if not folder.is_dir():
        return 0
    kept, removed = set(keep), 0
    with suppress(BusyError), keeping_files(folder, wait_s=0):
        for path in folder.iterdir():
            if path.is_file() and path.name not in kept:
                path.unlink(missing_ok=True)
                removed += 1
    return removed


def _raise_if(damage: Damage | None) -> None:
    if damage:
        raise CorruptionError(f"the index file {damage}: run `retrieval repair`")


def _explain(error: OSError | RuntimeError, folder: Path) -> str:
    if isinstance(error, OSError) and error.errno != errno.ENOSPC:
        return f"cannot write to {folder}: {error.strerror}"
    return f"no room to write to {folder}: free some space and run the command again; it continues where it was"
