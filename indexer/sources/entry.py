"""What all sources share: a record with its place, unique ids, and the signature of a file."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from indexer.sources.values import is_utf8
from retrieval.errors import SourceError
from retrieval.images.uri import FileLocation, file_uri, parse_uri
from retrieval.types import CatalogRecord


@dataclass(frozen=True, slots=True)
class Entry:
    """A record and where it stands in its source, in words for messages (`photos.csv, line 12`)."""

    place: str
    record: CatalogRecord


def unique(read: Callable[[], Iterator[Entry]]) -> Iterator[CatalogRecord]:
    """The records of `read()`, as long as no `doc_id` comes twice; then `SourceError` naming both places.

    Keeps one 64-bit hash a record instead of the ids. Where a hash comes back the source is read again up to it, to
    find the first place or to see that two different ids merely collide.
    """
    seen: set[int] = set()
    for entry in read():
        fingerprint = hash(entry.record.doc_id)
        if fingerprint in seen:
            _refuse_duplicate(read(), entry)
        seen.add(fingerprint)
        yield entry.record


def signed(records: Iterator[CatalogRecord]) -> Iterator[CatalogRecord]:
    """The records, each with the signature of the file that its URI names."""
    for record in records:
        yield replace(record, signature=uri_signature(record.image_uri))


def file_signature(path: Path) -> str | None:
    """Size and modification time of a file as text, which changes when its bytes do; None where there is no file."""
    try:
        status = path.stat()
    except (OSError, ValueError):  # ValueError: a NUL byte in the path
        return None
    return f"{status.st_size}:{status.st_mtime_ns}"


def path_uri(path: str) -> str:
    """An absolute path as it is, or as a `file://` URI where it is not UTF-8 and could not be stored."""
    return path if is_utf8(path) else file_uri(Path(path))


def uri_signature(uri: str) -> str | None:
    """`file_signature` of the file at a URI, with the place in it for a member of a tar."""
    location = parse_uri(uri)
    signature = file_signature(location.path)
    if isinstance(location, FileLocation) or signature is None:
        return signature
    return f"{location.offset}:{location.size}:{signature}"


def _refuse_duplicate(entries: Iterator[Entry], again: Entry) -> None:
    first = next((entry for entry in entries if entry.record.doc_id == again.record.doc_id), again)
    if first.place != again.place:
        message = f"{again.place}: id {again.record.doc_id!r} was given before ({first.place}); make the ids unique"
        raise SourceError(message)
