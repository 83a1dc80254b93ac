"""Where sources of jobs may lie on the server: under its source roots, and nowhere else, links followed."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath

from retrieval.errors import ImageError, InputError, SourceError
from retrieval.images.uri import has_scheme, parse_uri
from retrieval.protocols import CatalogSource
from retrieval.types import CatalogRecord


class SourceRoots:
    """The folders that sources may lie in."""

    def __init__(self, folders: Sequence[Path | str]) -> None:
        self._folders = [os.path.realpath(folder) for folder in folders]

    @property
    def folders(self) -> list[str]:
        """The real paths of the folders."""
        return list(self._folders)

    def resolve(self, given: str) -> Path:
        """The real path of the file or folder that `given` names, relative to the first root that has it.

        Raises:
            InputError: there are no roots, or `given` is a URI, absolute, leads out of its root, or is not there.
        """
        if not self._folders:
            raise InputError(
                "this server reads no sources of its own: its operator names the folders in RETRIEVAL_API_SOURCE_ROOTS"
            )
        if has_scheme(given):
            raise InputError(f"{given!r} is remote: only what lies under the server's source roots is read")
        path = PurePosixPath(given)
        if path.is_absolute() or ".." in path.parts or "\0" in given:
            raise InputError(f"{given!r}: write a path relative to a source root, without '..'")
        for folder in self._folders:
            try:
                found = os.path.realpath(Path(folder, given), strict=True)
            except OSError:
                continue
            if not _is_in(found, folder):
                raise InputError(f"{given!r} is a link that leads out of its source root")
            return Path(found)
        raise InputError(f"there is no {given!r} under the server's source roots")

    def has(self, path: Path) -> bool:
        """Whether a path, links followed, lies under a root; it need not exist."""
        found = os.path.realpath(path)
        return any(_is_in(found, folder) for folder in self._folders)

    def hide(self, message: str) -> str:
        """A message with the paths in it relative to their roots, as clients name them."""
        for folder in sorted(self._folders, key=len, reverse=True):  # a root inside of another one first
            whole = rf"{re.escape(folder)}(/|(?=[\s:,;)]|$))"
            message = re.sub(whole, lambda found: "" if found[1] else ".", message)
        return message


class ConfinedSource:
    """A source of which every image lies under the roots, whatever a manifest names or a link points to."""

    def __init__(self, source: CatalogSource, roots: SourceRoots) -> None:
        self._source = source
        self._roots = roots

    def check(self) -> int | None:
        """As the source itself."""
        return self._source.check()

    def records(self) -> Iterator[CatalogRecord]:
        """The records; `SourceError` at the first one whose image lies elsewhere, before it is read."""
        for record in self._source.records():
            if not self._is_inside(record.image_uri):
                raise SourceError(f"the image of {record.doc_id!r} lies outside of the server's source roots")
            yield record

    def _is_inside(self, uri: str) -> bool:
        try:
            return self._roots.has(parse_uri(uri).path)
        except (ImageError, ValueError):  # not an address of a file at all: it is rejected when it is to be read
            return True


def _is_in(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip(os.sep) + os.sep)
