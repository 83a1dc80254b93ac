"""What the sources made of one file of images with their captions have in common."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path

from indexer.sources.entry import Entry, signed, unique
from indexer.sources.locate import files_in
from retrieval.errors import SourceError
from retrieval.types import CatalogRecord


class CaptionFileSource(ABC):
    """A record an image, with all its captions.

    Image names are relative to the folder `images`, or to that of the file, and are the `doc_id` as they are written.
    The file is read once, when it is first needed, and its records are kept: what was checked is what is indexed.
    """

    def __init__(self, path: Path, *, images: Path | None = None) -> None:
        self._path = path
        self._locate = files_in(images or path.parent)

    def check(self) -> int:
        """Read the file; the number of images. Raises `SourceError` naming file, place and remedy."""
        if not self._records:
            raise SourceError(f"{self._path}: no images; give a file with one at least")
        return len(self._records)

    def records(self) -> Iterator[CatalogRecord]:
        """The images in the order of the file; the signature is that of the image's file."""
        return signed(iter(self._records))

    @cached_property
    def _records(self) -> tuple[CatalogRecord, ...]:
        return tuple(unique(self._entries))

    @abstractmethod
    def _entries(self) -> Iterator[Entry]:
        """Read the file."""
