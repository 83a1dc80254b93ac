"""Choose the source by what lies at a location."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path

from indexer.sources.coco import CocoCaptionsSource
from indexer.sources.flickr_token import FlickrTokenSource
from indexer.sources.folder import FolderSource
from indexer.sources.karpathy import KarpathySource
from indexer.sources.kinds import Kind, kind_of, shards_at
from indexer.sources.manifest import MANIFEST_SUFFIXES, ManifestSource
from indexer.sources.manifest_columns import ManifestColumns
from indexer.sources.webdataset import WebDatasetSource
from retrieval.errors import SourceError
from retrieval.protocols import CatalogSource
from retrieval.types import CatalogRecord

_TAKES: Mapping[Kind, Collection[str]] = {
    Kind.FOLDER: (),
    Kind.SHARDS: ("exclude",),
    Kind.MANIFEST: ("columns", "images", "exclude"),
    Kind.KARPATHY: ("images", "split", "exclude"),
    Kind.COCO: ("images", "exclude"),
    Kind.FLICKR: ("images",),
}
_PURPOSES = {
    "columns": "columns and images_tar are for manifests",
    "images": "images, the folder that names are relative to, is for manifests and files of captions",
    "split": "split is for Karpathy-style JSON",
    "exclude": "exclude is for fields, and this has no fields to exclude",
}


def open_source(
    location: str | Path,
    *,
    image_column: str | None = None,
    id_column: str | None = None,
    caption_columns: Sequence[str] = (),
    images_tar: str | Path | None = None,
    images: str | Path | None = None,
    split: str | None = None,
    exclude: Collection[str] = (),
) -> CatalogSource:
    """The catalogue source at `location`: images in a folder or in tar shards, a manifest, or a file of captions.

    Manifests are CSV, TSV and JSONL; the columns name theirs (see `ManifestColumns`), and `images_tar` a tar that
    their images are members of. Files of captions are Karpathy-style JSON, of which `split` names one part, COCO
    captions JSON, and Flickr's lists with a caption a line. `images` is the folder that image names in manifests and
    files of captions are relative to; None: the folder of the file. `exclude` names columns, or JSON fields, to leave
    out.

    Raises `SourceError` where there is nothing, nothing that can be indexed, or an option that does not fit.
    """
    path = Path(location)
    columns_asked = image_column is not None or id_column is not None or bool(caption_columns) or images_tar is not None
    given = {"columns": columns_asked, "images": images is not None, "split": split is not None, "exclude": exclude}
    try:
        kind = _kind(path, columns_asked=columns_asked)
        _check_fit(path, kind, [option for option, is_given in given.items() if is_given])
        folder = _images_folder(images, images_tar)
        if kind is Kind.MANIFEST:
            columns = ManifestColumns(image_column or "image", id_column, tuple(caption_columns), frozenset(exclude))
            tar = None if images_tar is None else Path(images_tar)
            return ManifestSource(path, columns=columns, images=folder, images_tar=tar)
        return _open(path, kind, folder, split, exclude)
    except OSError as error:
        raise SourceError(f"{location}: cannot be read ({error.strerror})") from error


def read_records(location: str | Path, *, split: str | None = None) -> Iterator[CatalogRecord]:
    """The records of the source at `location`, which is looked through for mistakes first.

    Raises `SourceError` for one: see `open_source` and `CatalogSource.check`.
    """
    source = open_source(location, split=split)
    source.check()
    return source.records()


def _kind(path: Path, *, columns_asked: bool) -> Kind:
    """A file of rows of which columns are named is a manifest, whatever a closer look would make of it."""
    if columns_asked and path.suffix.lower() in MANIFEST_SUFFIXES and path.is_file():
        return Kind.MANIFEST
    return kind_of(path)


def _check_fit(path: Path, kind: Kind, options: Sequence[str]) -> None:
    for option in options:
        if option not in _TAKES[kind]:
            raise SourceError(f"{path}: {_PURPOSES[option]}; leave it out for {kind.value}")


def _images_folder(images: str | Path | None, images_tar: str | Path | None) -> Path | None:
    if images is None:
        return None
    if images_tar is not None:
        raise SourceError(f"{images}: images lie in a folder or in a tar; give images or images_tar, not both")
    if not Path(images).is_dir():
        raise SourceError(f"{images}: no such folder; give the one that the images' names are relative to")
    return Path(images)


def _open(path: Path, kind: Kind, images: Path | None, split: str | None, exclude: Collection[str]) -> CatalogSource:
    match kind:
        case Kind.KARPATHY:
            return KarpathySource(path, images=images, split=split, exclude=exclude)
        case Kind.COCO:
            return CocoCaptionsSource(path, images=images, exclude=exclude)
        case Kind.FLICKR:
            return FlickrTokenSource(path, images=images)
        case Kind.SHARDS:
            return WebDatasetSource(shards_at(path), exclude=exclude)
        case _:
            return FolderSource(path)
