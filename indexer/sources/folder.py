"""A folder tree of images."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from indexer.sources.entry import Entry, path_uri, signed, unique
from indexer.sources.values import as_doc_id, escaped
from retrieval.errors import SourceError
from retrieval.images.formats import IMAGE_SUFFIXES
from retrieval.types import CatalogRecord


class FolderSource:
    r"""Every file with an image suffix below a folder, in the order of names.

    `doc_id` is the path relative to the folder, and the attribute `folder` the part of it before the name. Hidden files
    and folders are skipped. Links are followed, except back into a folder that they lie in. A name that is not UTF-8
    gets an id with its odd bytes written as `\xNN`. A sub-folder that cannot be read is an error and not skipped:
    otherwise synchronising would remove its images from the collection.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder.absolute()

    def check(self) -> int:
        """The number of images. Raises `SourceError` where there is none or a folder cannot be read."""
        count = sum(1 for _ in unique(self._entries))
        if not count:
            raise SourceError(f"{self._folder}: no images in this folder or below it; give another one")
        return count

    def records(self) -> Iterator[CatalogRecord]:
        """One record an image, without captions."""
        return signed(unique(self._entries))

    def _entries(self) -> Iterator[Entry]:
        for relative, path in walk_images(self._folder):
            yield _entry(relative, path)


def walk_images(folder: Path) -> Iterator[tuple[str, str]]:
    """(path relative to `folder`, absolute path) of every image file, depth first in the order of names.

    Raises `SourceError` for a folder that cannot be read.
    """
    identity, entries = _listing(str(folder.absolute()))
    pending = [("", entry, frozenset({identity})) for entry in entries]
    while pending:
        prefix, entry, open_folders = pending.pop()
        if _is_folder(entry):
            identity, entries = _listing(entry.path)
            if identity not in open_folders:
                below = open_folders | {identity}
                pending.extend((f"{prefix}{entry.name}/", child, below) for child in entries)
        elif os.path.splitext(entry.name)[1].lower() in IMAGE_SUFFIXES:  # noqa: PTH122 - a Path for each file is slow
            yield prefix + entry.name, entry.path


def _entry(relative: str, path: str) -> Entry:
    uri = path_uri(path)
    doc_id = as_doc_id(escaped(relative), what="the path in the folder", place=uri)
    folder, _, _ = doc_id.rpartition("/")
    return Entry(uri, CatalogRecord(doc_id, uri, attributes={"folder": folder} if folder else {}))


def _listing(folder: str) -> tuple[tuple[int, int], list[os.DirEntry[str]]]:
    """The identity of a folder (device and inode) and what is not hidden in it, last name first."""
    try:
        status = os.stat(folder)  # noqa: PTH116 - as above
        with os.scandir(folder) as entries:
            visible = [entry for entry in entries if not entry.name.startswith(".")]
    except OSError as error:
        message = f"{escaped(folder)}: this folder cannot be read ({error.strerror}); make it readable or move it away"
        raise SourceError(message) from error
    return (status.st_dev, status.st_ino), sorted(visible, key=lambda entry: entry.name, reverse=True)


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link to itself
        return False
