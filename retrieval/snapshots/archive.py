"""A snapshot's file: an uncompressed tar of plain files that begins with its manifest."""

from __future__ import annotations

import hashlib
import io
import os
import tarfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, TypeAlias
from uuid import uuid4

from retrieval.errors import CorruptionError, SnapshotError, StorageError
from retrieval.index.files import SUFFIX_UNFINISHED, sync
from retrieval.snapshots.manifest import CHECKSUM, MANIFEST, MOST_BYTES, Manifest, Member

BLOCK = 2**20

OnProgress: TypeAlias = Callable[[str, int, int], None]
"""Called with what is being done, how much of it is done, and of how much: bytes, or tables."""


class Hashing:
    """A file that is read once, from its beginning; `sha256` is of what was read so far."""

    def __init__(self, file: IO[bytes], on_read: Callable[[int], None]) -> None:
        self._file = file
        self._hash = hashlib.sha256()
        self._on_read = on_read

    @property
    def sha256(self) -> str:
        """Hex digest."""
        return self._hash.hexdigest()

    def read(self, size: int = -1) -> bytes:
        """The next bytes."""
        block = self._file.read(size)
        self._hash.update(block)
        self._on_read(len(block))
        return block


class Meter:
    """Adds up bytes of one stage and passes the sum on."""

    def __init__(self, stage: str, total: int, on_progress: OnProgress) -> None:
        self._stage, self._total, self._on_progress = stage, total, on_progress
        self._done = 0

    def __call__(self, size: int) -> None:
        """Count some more."""
        self._done += size
        self._on_progress(self._stage, self._done, self._total)


def write_archive(path: Path, manifest: Manifest, contents: Iterable[IO[bytes]], on_progress: OnProgress) -> None:
    """Write the contents, one for each member of the manifest, durably: the file is there in full or not at all.

    Raises:
        CorruptionError: a content is not what the manifest says.
        StorageError: the disk is full or the folder cannot be written to.
    """
    staged = path.with_name(f"{path.name}.{uuid4().hex}{SUFFIX_UNFINISHED}")
    try:
        with staged.open("xb") as file:
            _write(file, manifest, contents, Meter("writing", manifest.size, on_progress))
            file.flush()
            os.fsync(file.fileno())
        staged.rename(path)
        sync(path.parent)
    except OSError as error:
        raise StorageError(f"cannot write the snapshot {path.name}: {error.strerror or error}") from error
    finally:
        staged.unlink(missing_ok=True)


def _write(file: IO[bytes], manifest: Manifest, contents: Iterable[IO[bytes]], meter: Meter) -> None:
    head = manifest.to_json()
    with tarfile.open(fileobj=file, mode="w", format=tarfile.GNU_FORMAT) as tar:
        for name, data in ((MANIFEST, head), (CHECKSUM, hashlib.sha256(head).hexdigest().encode())):
            tar.addfile(_header(name, len(data)), io.BytesIO(data))
        for member, content in zip(manifest.members, contents, strict=True):
            read = Hashing(content, meter)
            tar.addfile(_header(member.name, member.size), read)
            if read.sha256 != member.sha256:
                raise CorruptionError(f"the index file {Path(member.name).name} is damaged: run `retrieval repair`")


def _header(name: str, size: int) -> tarfile.TarInfo:
    header = tarfile.TarInfo(name)
    header.size = size
    return header


class Archive:
    """A snapshot that is open for reading, and whose parts are where its manifest says."""

    def __init__(self, tar: tarfile.TarFile, name: str) -> None:
        """Raises `SnapshotError` where it is none, or anything in it is not what the manifest says."""
        self._tar = tar
        self._name = name
        head = self._read(self._next(MANIFEST))
        if hashlib.sha256(head).hexdigest().encode() != self._read(self._next(CHECKSUM)):
            raise self._damaged(MANIFEST)
        self.manifest = Manifest.from_json(head)
        self._headers = {member.name: self._next(member.name, member.size) for member in self.manifest.members}

    def check(self, on_progress: OnProgress) -> None:
        """Read everything through; `SnapshotError` names the first member of which a single bit has changed."""
        meter = Meter("checking", self.manifest.size, on_progress)
        for member in self.manifest.members:
            content = Hashing(self.content(member), meter)
            with suppress(tarfile.TarError):  # it ends too early
                while content.read(BLOCK):
                    pass
            if content.sha256 != member.sha256:
                raise self._damaged(member.name)

    def rows(self, table: str) -> Iterable[bytes]:
        """The rows of a table, a line each."""
        return self.content(self.manifest.rows_of(table))

    def content(self, member: Member) -> IO[bytes]:
        """A member, from its beginning."""
        content = self._tar.extractfile(self._headers[member.name])
        if content is None:
            raise self._damaged(member.name)
        return content

    def _next(self, name: str, size: int | None = None) -> tarfile.TarInfo:
        """The header that comes next, which must be this one's: nothing is looked up by a name that the file gives."""
        try:
            header = self._tar.next()
        except tarfile.TarError:
            header = None
        if header is None or not header.isreg() or header.name != name or size not in (None, header.size):
            raise self._damaged(name)
        return header

    def _read(self, header: tarfile.TarInfo) -> bytes:
        content = self._tar.extractfile(header)
        if content is None or header.size > MOST_BYTES:
            raise self._damaged(header.name)
        return content.read()

    def _damaged(self, part: str) -> SnapshotError:
        return SnapshotError(f"the snapshot {self._name} is damaged: {part} is not as it was written")


@contextmanager
def open_archive(path: Path) -> Iterator[Archive]:
    """Open a snapshot.

    Raises:
        SnapshotError: it is none, it is damaged, or a newer release wrote it.
    """
    try:
        with tarfile.open(path, "r:") as tar:
            yield Archive(tar, path.name)
    except tarfile.TarError as error:
        raise SnapshotError(f"{path.name} is damaged or no snapshot: {error}") from error
    except FileNotFoundError as error:
        raise SnapshotError(f"there is no snapshot {path.name}") from error
