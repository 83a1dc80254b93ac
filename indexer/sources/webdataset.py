"""WebDataset shards: tars in which the files of one sample share a key (`KEY.jpg`, `KEY.json`, `KEY.txt`, `KEY.cls`).

The key is the name without its last suffix, and the files of a sample may lie anywhere in their shard. Shards that
img2dataset wrote are read as they are, and so is any tar of images.
"""

from __future__ import annotations

import posixpath
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO

from indexer.sources.cells import parse_integer
from indexer.sources.entry import Entry, file_signature, unique
from indexer.sources.rows import parse_object
from indexer.sources.tars import TarMember, list_members
from indexer.sources.values import as_doc_id, escaped, split_fields
from retrieval.errors import SourceError
from retrieval.images.formats import IMAGE_SUFFIXES
from retrieval.images.uri import tar_member_uri
from retrieval.types import CatalogRecord

_SIDECAR_SUFFIXES = frozenset({".json", ".txt", ".cls"})
_MAX_SIDECAR_BYTES = 16 * 2**20


class WebDatasetSource:
    """Every image of the shards; `doc_id` is its name in its shard. JSON fields that `exclude` names are left out."""

    def __init__(self, shards: Sequence[Path], *, exclude: Collection[str] = ()) -> None:
        self._shards = tuple(shards)
        self._exclude = frozenset(exclude)

    def check(self) -> int:
        """Read all headers, captions and attributes; the number of images. Raises `SourceError` naming the member."""
        count = sum(1 for _ in self.records())
        if not count:
            shards = ", ".join(map(str, self._shards[:3]))
            raise SourceError(f"{shards}: no images inside; a shard holds KEY.jpg files, with KEY.json beside them")
        return count

    def records(self) -> Iterator[CatalogRecord]:
        """The images in the order of the shards and of their members."""
        return unique(self._entries)

    def _entries(self) -> Iterator[Entry]:
        for shard in self._shards:
            yield from _shard_entries(shard.absolute(), self._exclude)


def _shard_entries(shard: Path, exclude: Collection[str]) -> Iterator[Entry]:
    images, sidecars = _sorted_members(shard)
    signature = file_signature(shard)
    with shard.open("rb") as file:
        for key, image in images:
            place = f"{shard}, {escaped(image.name)} at byte {image.offset}"
            fields = _sample_fields(file, sidecars.get(key, {}), shard)
            captions, attributes = split_fields(fields, is_caption=_is_caption, exclude=exclude, place=place)
            record = CatalogRecord(
                doc_id=as_doc_id(escaped(image.path), what="the member's name", place=place),
                image_uri=tar_member_uri(shard, name=image.name, offset=image.offset, size=image.size),
                captions=captions,
                attributes=attributes,
                signature=f"{image.offset}:{image.size}:{signature}",
            )
            yield Entry(place, record)


def _sorted_members(shard: Path) -> tuple[list[tuple[str, TarMember]], dict[str, dict[str, TarMember]]]:
    """The images with their keys, and the sidecars by key and suffix; other files and hidden ones are left out."""
    images: list[tuple[str, TarMember]] = []
    sidecars: dict[str, dict[str, TarMember]] = {}
    for member in list_members(shard):
        key, suffix = posixpath.splitext(member.path)
        if "/." in f"/{key}":
            continue
        if suffix.lower() in IMAGE_SUFFIXES:
            images.append((key, member))
        elif suffix.lower() in _SIDECAR_SUFFIXES:
            sidecars.setdefault(key, {})[suffix.lower()] = member
    return images, sidecars


def _sample_fields(file: BinaryIO, sidecars: dict[str, TarMember], shard: Path) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for suffix in sorted(sidecars):  # .cls, .json, .txt: what the JSON says of the class wins
        member = sidecars[suffix]
        place = f"{shard}, {escaped(member.name)}"
        text = _text(file, member, place)
        if suffix == ".json":
            fields.update(parse_object(text, place))
        elif suffix == ".txt":
            fields[suffix] = text
        else:
            fields["cls"] = _class_label(text.strip())
    return fields


def _class_label(text: str) -> int | str:
    try:
        return parse_integer(text)
    except ValueError:
        return text


def _is_caption(field: str) -> bool:
    return field in ("caption", "captions", ".txt")


def _text(file: BinaryIO, member: TarMember, place: str) -> str:
    if member.size > _MAX_SIDECAR_BYTES:
        raise SourceError(f"{place}: {member.size} bytes of text for one image; take it out of the shard")
    file.seek(member.offset)
    try:
        return file.read(member.size).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise SourceError(f"{place}: not UTF-8 text; save it as UTF-8") from error
