"""The bytes of an image, from where its URI says.

Reasons of an `ImageError`: `missing`, `unreadable`, `too-large`, `truncated`, `changed`, `unsupported-uri`.
"""

from __future__ import annotations

import os
import stat
import tarfile
from pathlib import Path
from typing import BinaryIO

from retrieval.errors import ImageError
from retrieval.images.decode import DEFAULT_LIMITS
from retrieval.images.uri import FileLocation, TarMemberLocation, parse_uri


def read_image(uri: str, *, max_bytes: int = DEFAULT_LIMITS.max_bytes) -> bytes:
    """Read the image at `uri`, of at most `max_bytes` bytes. Raises `ImageError` with a message that names the file."""
    location = parse_uri(uri)
    label = _label(location)
    try:
        if isinstance(location, FileLocation):
            return _read_file(location.path, label, max_bytes)
        return _read_member(location, label, max_bytes)
    except FileNotFoundError as error:
        raise ImageError("missing", f"{label}: no such file") from error
    except (OSError, ValueError) as error:  # ValueError: a NUL byte in the path
        raise ImageError("unreadable", f"{label}: {getattr(error, 'strerror', None) or error}") from error


def _read_file(path: Path, label: str, max_bytes: int) -> bytes:
    with _open_regular(path, label) as file:
        data = file.read(max_bytes + 1)
    _check_size(len(data), label, max_bytes)
    return data


def _read_member(member: TarMemberLocation, label: str, max_bytes: int) -> bytes:
    if member.offset is None:
        raise ImageError("missing", f"{label}: the archive has no such member")
    _check_size(member.size, label, max_bytes)
    with _open_regular(member.path, label) as file:
        file.seek(max(member.offset - tarfile.BLOCKSIZE, 0))
        header = file.read(tarfile.BLOCKSIZE)
        data = file.read(member.size)
    if not _describes(header, member):
        raise ImageError("changed", f"{label}: the archive has changed since it was listed; index it again")
    if len(data) < member.size:
        raise ImageError("truncated", f"{label}: the archive ends inside this member")
    return data


def _open_regular(path: Path, label: str) -> BinaryIO:
    """Open a regular file; opening a pipe would wait for a writer, and a device may never end."""
    if not stat.S_ISREG(path.stat().st_mode):
        raise ImageError("unreadable", f"{label}: not a regular file")
    return path.open("rb")


def _describes(header: bytes, member: TarMemberLocation) -> bool:
    """Whether the tar header right before the data is still that of `member` (a header holds 100 bytes of the name)."""
    try:
        info = tarfile.TarInfo.frombuf(header, "utf-8", "surrogateescape")
    except tarfile.HeaderError:
        return False
    is_short_name = member.name.isascii() and len(member.name) <= tarfile.LENGTH_NAME
    return info.size == member.size and (info.name == member.name or not is_short_name)


def _check_size(size: int, label: str, max_bytes: int) -> None:
    if size > max_bytes:
        raise ImageError("too-large", f"{label}: more than {max_bytes} bytes")


def _label(location: FileLocation | TarMemberLocation) -> str:
    """The place in words, storable as UTF-8 whatever the file is called."""
    text = str(location.path)
    if isinstance(location, TarMemberLocation):
        text = f"{text} ({location.name})"
    return os.fsencode(text).decode("utf-8", "backslashreplace")
