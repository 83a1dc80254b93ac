"""Image addresses: a plain path, `file:///path`, or a member of a tar, `file:///shard.tar#offset=N&size=M&name=KEY.jpg`.

A tar member carries the place of its bytes, so that reading it is one seek and needs no index of the archive.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, quote, quote_from_bytes, unquote_to_bytes, urlsplit

from retrieval.errors import ImageError

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")


@dataclass(frozen=True, slots=True)
class FileLocation:
    """A whole file."""

    path: Path


@dataclass(frozen=True, slots=True)
class TarMemberLocation:
    """The `size` bytes from `offset` on in the tar at `path`; `offset` is None where the tar has no such member."""

    path: Path
    name: str
    offset: int | None
    size: int


def has_scheme(uri: str) -> bool:
    """Whether this is a URI (`file://`, `https://` ...) and not a plain path."""
    return _SCHEME.match(uri) is not None


def file_uri(path: Path) -> str:
    """The `file://` URI of a file; any file name, valid UTF-8 or not, gives ASCII text."""
    return f"file://{quote_from_bytes(os.fsencode(path.absolute()), safe='/')}"


def tar_member_uri(tar: Path, *, name: str, offset: int | None, size: int) -> str:
    """The URI of a tar member whose data begins at byte `offset`; None says that the tar has no such member."""
    place = "" if offset is None else f"offset={offset}&size={size}&"
    return f"{file_uri(tar)}#{place}name={quote(name, errors='surrogateescape')}"


def parse_uri(uri: str) -> FileLocation | TarMemberLocation:
    """Where the bytes of `uri` are. Raises `ImageError` (`unsupported-uri`) for anything but a path or `file:` URI."""
    if not has_scheme(uri):
        return FileLocation(Path(uri))
    parts = urlsplit(uri)
    if parts.scheme != "file" or parts.netloc not in ("", "localhost"):
        raise ImageError("unsupported-uri", f"{uri}: only local files are read; download it first")
    path = Path(os.fsdecode(unquote_to_bytes(parts.path)))
    if not parts.fragment:
        return FileLocation(path)
    try:
        return _tar_member(path, parse_qs(parts.fragment, strict_parsing=True, errors="surrogateescape"))
    except (KeyError, ValueError) as error:
        raise ImageError("unsupported-uri", f"{uri}: the part after # is not offset=N&size=M&name=NAME") from error


def _tar_member(path: Path, fields: dict[str, list[str]]) -> TarMemberLocation:
    name = fields["name"][0]
    if "offset" not in fields:
        return TarMemberLocation(path, name, None, 0)
    offset, size = int(fields["offset"][0]), int(fields["size"][0])
    if offset < 0 or size < 0:
        raise ValueError("negative offset or size")
    return TarMemberLocation(path, name, offset, size)
