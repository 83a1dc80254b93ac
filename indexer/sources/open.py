"""Choose the source by what lies at a location."""

from __future__ import annotations

import glob
from collections.abc import Collection, Sequence
from pathlib import Path

from indexer.sources.folder import FolderSource, walk_images
from indexer.sources.manifest import MANIFEST_SUFFIXES, ManifestSource
from indexer.sources.manifest_columns import ManifestColumns
from indexer.sources.webdataset import WebDatasetSource
from retrieval.errors import SourceError
from retrieval.protocols import CatalogSource

_KINDS = f"a folder of images, .tar shards (file, folder or pattern) or a manifest ({', '.join(MANIFEST_SUFFIXES)})"


def open_source(
    location: str | Path,
    *,
    image_column: str | None = None,
    id_column: str | None = None,
    caption_columns: Sequence[str] = (),
    images_tar: str | Path | None = None,
    exclude: Collection[str] = (),
) -> CatalogSource:
    """The catalogue source at `location`: a folder of images, tar shards, or a CSV, TSV or JSONL manifest.

    The options name columns of a manifest (see `ManifestColumns`), and a tar that its images are members of; `exclude`
    names columns, or JSON fields of shards, to leave out. Raises `SourceError` where there is nothing, nothing that can
    be indexed, or an option that does not fit.
    """
    path = Path(location)
    columns_asked = image_column is not None or id_column is not None or bool(caption_columns) or images_tar is not None
    try:
        if path.suffix.lower() in MANIFEST_SUFFIXES and path.is_file():
            columns = ManifestColumns(image_column or "image", id_column, tuple(caption_columns), frozenset(exclude))
            return ManifestSource(path, columns=columns, images_tar=None if images_tar is None else Path(images_tar))
        if columns_asked:
            raise SourceError(f"{location}: columns and images_tar are for manifests, and this is none; leave them out")
        return _open_images(path, exclude)
    except OSError as error:
        raise SourceError(f"{location}: cannot be read ({error.strerror})") from error


def _open_images(path: Path, exclude: Collection[str]) -> CatalogSource:
    if path.is_dir():
        return _open_folder(path, exclude)
    if path.is_file():
        if path.suffix.lower() != ".tar":
            raise SourceError(f"{path}: not a kind of file that can be indexed; give {_KINDS}")
        return WebDatasetSource([path], exclude=exclude)
    if not glob.has_magic(str(path)):
        raise SourceError(f"{path}: no such file or folder; give {_KINDS}")
    return _open_pattern(str(path), exclude)


def _open_pattern(pattern: str, exclude: Collection[str]) -> WebDatasetSource:
    matches = [Path(match) for match in sorted(glob.glob(pattern, recursive=True))]  # noqa: PTH207 - absolute patterns
    if not matches:
        raise SourceError(f"{pattern}: no file matches this pattern; give {_KINDS}")
    others = [match for match in matches if match.suffix.lower() != ".tar"]
    if others:
        raise SourceError(f"{pattern}: matches {others[0]}, which is no .tar; a pattern names shards only")
    return WebDatasetSource(matches, exclude=exclude)


def _open_folder(folder: Path, exclude: Collection[str]) -> CatalogSource:
    """The images of a folder; where there are none, the shards in it."""
    if next(walk_images(folder), None) is not None:
        if exclude:
            raise SourceError(f"{folder}: a folder of images has no fields to exclude; leave the option out")
        return FolderSource(folder)
    names = sorted(path for path in folder.iterdir() if not path.name.startswith("."))
    shards = [path for path in names if path.suffix.lower() == ".tar"]
    if shards:
        return WebDatasetSource(shards, exclude=exclude)
    manifests = [path.name for path in names if path.suffix.lower() in MANIFEST_SUFFIXES]
    remedy = f"to index a manifest, name it ({manifests[0]})" if manifests else f"give {_KINDS}"
    raise SourceError(f"{folder}: neither images nor .tar shards in this folder; {remedy}")
