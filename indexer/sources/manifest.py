"""A manifest: a CSV, TSV or JSONL file with one row an image."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from indexer.sources.csv_rows import read_csv
from indexer.sources.entry import Entry, signed, unique
from indexer.sources.lines import place_of
from indexer.sources.locate import Locate, files_in, members_of
from indexer.sources.manifest_columns import ManifestColumns
from indexer.sources.rows import Row, parse_list, read_jsonl
from indexer.sources.values import as_doc_id, checked_text, split_fields
from retrieval.errors import SourceError
from retrieval.types import CatalogRecord

MANIFEST_SUFFIXES = (".csv", ".tsv", ".jsonl", ".ndjson")
_DELIMITERS = {".csv": ",", ".tsv": "\t"}


class ManifestSource:
    """The rows of a manifest.

    Images are members of `images_tar`, or files: relative to the folder `images`, or to the manifest's own.
    """

    def __init__(
        self,
        path: Path,
        *,
        columns: ManifestColumns | None = None,
        images: Path | None = None,
        images_tar: Path | None = None,
    ) -> None:
        self._path = path
        self._columns = columns or ManifestColumns()
        self._images = images
        self._images_tar = images_tar

    def check(self) -> int:
        """Read every row; the number of records. Raises `SourceError` naming file, line and remedy."""
        count = sum(1 for _ in unique(self._entries))
        if not count:
            raise SourceError(f"{self._path}: no rows; write one for each image")
        return count

    def records(self) -> Iterator[CatalogRecord]:
        """The rows in their order; the signature is that of the image's file."""
        return signed(unique(self._entries))

    def _entries(self) -> Iterator[Entry]:
        locate = self._locate()
        names: set[str] = set()
        for row in self._rows():
            names.update(row.fields)
            place = place_of(self._path, row.line)
            yield Entry(place, _record(row.fields, self._columns, locate, place))
        never = [name for name in self._columns.captions if names and name not in names]
        if never:
            raise SourceError(f"{self._path}: no row has the caption column {never[0]!r}; name one that is there")

    def _locate(self) -> Locate:
        return files_in(self._images or self._path.parent) if self._images_tar is None else members_of(self._images_tar)

    def _rows(self) -> Iterator[Row]:
        delimiter = _DELIMITERS.get(self._path.suffix.lower())
        if delimiter is None:
            return read_jsonl(self._path)
        columns = self._columns
        return read_csv(self._path, delimiter=delimiter, required=columns.required, is_text=columns.is_text)


def _record(fields: Mapping[str, Any], columns: ManifestColumns, locate: Locate, place: str) -> CatalogRecord:
    image = _image(_required(fields, columns.image, place), columns.image, place)
    id_column = columns.id_column(fields)
    doc_id = as_doc_id(_required(fields, id_column, place), what=repr(id_column), place=place)
    others = {name: value for name, value in fields.items() if name not in (columns.image, id_column)}
    if columns.is_caption("captions") and isinstance(others.get("captions"), str):
        others["captions"] = parse_list(others["captions"], f"{place}: 'captions'")
    captions, attributes = split_fields(others, is_caption=columns.is_caption, exclude=columns.exclude, place=place)
    return CatalogRecord(doc_id, locate(image, place), captions, attributes)


def _required(fields: Mapping[str, Any], name: str, place: str) -> object:
    if name not in fields:
        found = ", ".join(map(repr, fields)) or "none"
        raise SourceError(f"{place}: no field {name!r} among {found}; add it, or name the field to use")
    return fields[name]


def _image(image: object, column: str, place: str) -> str:
    if not isinstance(image, str) or not image.strip():
        raise SourceError(f"{place}: {column!r} must be the path of an image, not {image!r}; complete the row")
    return checked_text(image, what=repr(column), place=place)
