"""The files of the search page, read once and named by their content, so that browsers may keep them for good."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable

_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}


@dataclass(frozen=True, slots=True)
class Asset:
    """A file and its media type."""

    data: bytes
    media_type: str


@dataclass(frozen=True, slots=True)
class Assets:
    """Every file of the page by its path, and 16 hex digits that change with any of them."""

    version: str
    by_path: Mapping[str, Asset]


@cache
def load_assets() -> Assets:
    """Read them from the package."""
    found = dict(sorted(_under(files("api.page") / "static")))
    digest = hashlib.sha256()
    for path, asset in found.items():
        digest.update(f"{path}\0{len(asset.data)}\0".encode() + asset.data)
    return Assets(digest.hexdigest()[:16], found)


def _under(folder: Traversable, prefix: str = "") -> list[tuple[str, Asset]]:
    found: list[tuple[str, Asset]] = []
    for entry in folder.iterdir():
        path = f"{prefix}{entry.name}"
        if entry.is_dir():
            found += _under(entry, f"{path}/")
        elif (kind := _TYPES.get(f".{entry.name.rpartition('.')[2]}")) is not None:
            found.append((path, Asset(entry.read_bytes(), kind)))
    return found
