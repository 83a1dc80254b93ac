"""Members of a tar archive and where their bytes lie, from the headers alone."""

from __future__ import annotations

import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from retrieval.errors import SourceError

_LEAKS = (ValueError, OverflowError, RecursionError)
"""What tarfile lets out on damaged headers, besides its own errors."""


@dataclass(frozen=True, slots=True)
class TarMember:
    """A file in a tar: `size` bytes from `offset` on."""

    name: str
    offset: int
    size: int

    @property
    def path(self) -> str:
        """The name without the `./` that `tar` writes before it when it packs the current folder."""
        return self.name.removeprefix("./")


def list_members(path: Path) -> Iterator[TarMember]:
    """Every regular file in an uncompressed tar, in its order. Raises `SourceError` for a damaged or packed archive."""
    try:
        with path.open("rb") as file, tarfile.open(fileobj=file, mode="r:") as tar:
            yield from _members(tar, path)
            _check_end(file, tar.offset, path)
    except OSError as error:
        raise SourceError(f"{path}: cannot be read ({error.strerror})") from error
    except (tarfile.TarError, *_LEAKS) as error:
        text = " ".join(str(error).split())
        message = f"{path}: not a whole uncompressed tar ({text}); unpack a compressed one, copy a broken one again"
        raise SourceError(message) from error


def _members(tar: tarfile.TarFile, path: Path) -> Iterator[TarMember]:
    end = -1
    while (info := tar.next()) is not None:
        if tar.offset <= end:  # a negative size would lead back to members that were there before
            raise tarfile.ReadError(f"negative size at byte {info.offset}")
        end = tar.offset
        tar.members.clear()  # type: ignore[attr-defined] # tarfile keeps every header that it has read
        if info.issparse():
            raise SourceError(
                f"{path}: {info.name!r} is a sparse member, with holes; pack the tar again without --sparse"
            )
        if info.isreg():
            yield TarMember(info.name, info.offset_data, info.size)


def _check_end(file: IO[bytes], offset: int, path: Path) -> None:
    """tarfile takes a damaged header for the end of the archive; the real end is a block of zeros, or of the file."""
    file.seek(offset)
    if any(file.read(tarfile.BLOCKSIZE)):
        raise SourceError(f"{path}: damaged at byte {offset}, where a header should be; copy or pack it again")
