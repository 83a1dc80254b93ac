"""From what a source says of an image's place to a URI."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

from indexer.sources.entry import path_uri
from indexer.sources.tars import list_members
from retrieval.errors import ImageError, SourceError
from retrieval.images.uri import has_scheme, parse_uri, tar_member_uri

Locate: TypeAlias = Callable[[str, str], str]
"""(image as written, place for messages) -> URI."""


def files_in(folder: Path) -> Locate:
    """Images are paths, relative to the folder or absolute, or `file:` URIs. None needs to exist."""
    folder = folder.absolute()

    def locate(image: str, place: str) -> str:
        if not has_scheme(image):
            return path_uri(str(folder / image))
        try:
            parse_uri(image)
        except ImageError as error:
            raise SourceError(f"{place}: {error}") from error
        return image

    return locate


def members_of(tar: Path) -> Locate:
    """Images are members of a tar, whose headers are read now. A missing one gets a URI that reads as missing."""
    members = {member.path: member for member in list_members(tar)}

    def locate(image: str, place: str) -> str:  # noqa: ARG001 - the signature of Locate
        member = members.get(image.removeprefix("./"))
        if member is None:
            return tar_member_uri(tar, name=image, offset=None, size=0)
        return tar_member_uri(tar, name=member.name, offset=member.offset, size=member.size)

    return locate
