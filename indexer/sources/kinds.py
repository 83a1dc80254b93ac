"""What kind of source lies at a path, told by what is in it where the name does not say."""

from __future__ import annotations

import glob
import re
from enum import Enum
from pathlib import Path

from indexer.sources.caption_lines import has_caption_lines, repeats_images
from indexer.sources.folder import walk_images
from indexer.sources.json_images import read_document
from indexer.sources.manifest import MANIFEST_SUFFIXES
from retrieval.errors import SourceError

_KINDS = (
    f"a folder of images, .tar shards (file, folder or pattern), a manifest ({', '.join(MANIFEST_SUFFIXES)}) or a file "
    "of captions (Karpathy-style or COCO .json, Flickr .token or .txt)"
)

# A quote inside a JSON string is escaped, so that these match keys only, wherever they are.
_SENTENCES = re.compile(rb'"sentences"\s*:')
_ANNOTATIONS = re.compile(rb'"annotations"\s*:')


class Kind(Enum):
    """The kinds of source, in words for messages."""

    FOLDER = "a folder of images"
    SHARDS = "tar shards"
    MANIFEST = "a manifest"
    KARPATHY = "a Karpathy-style JSON"
    COCO = "a COCO captions JSON"
    FLICKR = "a list of captions, one a line"


def kind_of(path: Path) -> Kind:
    """The kind of source at a path. Raises `SourceError` where there is nothing, or nothing that can be indexed."""
    if path.is_dir():
        return _kind_of_folder(path)
    if path.is_file():
        return _kind_of_file(path)
    if glob.has_magic(str(path)):
        return Kind.SHARDS
    raise SourceError(f"{path}: no such file or folder; give {_KINDS}")


def shards_at(path: Path) -> list[Path]:
    """The tar, the tars of the folder, or those that a pattern matches, in the order of their names."""
    if path.is_file():
        return [path]
    if path.is_dir():
        return [file for file in _visible(path) if file.suffix.lower() == ".tar"]
    matches = [Path(match) for match in sorted(glob.glob(str(path), recursive=True))]  # noqa: PTH207 - absolute patterns
    if not matches:
        raise SourceError(f"{path}: no file matches this pattern; give {_KINDS}")
    others = [match for match in matches if match.suffix.lower() != ".tar"]
    if others:
        raise SourceError(f"{path}: matches {others[0]}, which is no .tar; a pattern names shards only")
    return matches


def _kind_of_file(path: Path) -> Kind:
    suffix = path.suffix.lower()
    if suffix == ".tar":
        return Kind.SHARDS
    if suffix == ".json":
        return _kind_of_json(path)
    if suffix == ".token" or (suffix == ".txt" and has_caption_lines(path)):
        return Kind.FLICKR
    if suffix in MANIFEST_SUFFIXES:
        return Kind.FLICKR if suffix == ".csv" and repeats_images(path) else Kind.MANIFEST
    raise SourceError(f"{path}: not a kind of file that can be indexed; give {_KINDS}")


def _kind_of_json(path: Path) -> Kind:
    data = path.read_bytes()
    if _SENTENCES.search(data):
        return Kind.KARPATHY
    if _ANNOTATIONS.search(data):
        return Kind.COCO
    read_document(path)  # raises where it is no JSON object at all
    message = "neither Karpathy-style (images with 'sentences') nor COCO captions ('images' and 'annotations')"
    raise SourceError(f"{path}: {message}; rows are read from a .jsonl file, one object a line")


def _kind_of_folder(folder: Path) -> Kind:
    """Images; where there are none, the shards in it."""
    if next(walk_images(folder), None) is not None:
        return Kind.FOLDER
    if shards_at(folder):
        return Kind.SHARDS
    files = [path.name for path in _visible(folder) if path.suffix.lower() in (*MANIFEST_SUFFIXES, ".json", ".token")]
    remedy = f"to index a file of rows or captions, name it ({files[0]})" if files else f"give {_KINDS}"
    raise SourceError(f"{folder}: neither images nor .tar shards in this folder; {remedy}")


def _visible(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if not path.name.startswith("."))
