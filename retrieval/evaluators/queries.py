"""Queries from a file: words, pictures and stored documents to look for, and their vectors.

A file that ends in .jsonl or .ndjson has an object a line with `query_id` (or `id`, `_id`) and any of `text`, `image`
(a path, from the file's own folder) and `doc_id`; several are mixed with equal weight. Any other file has lines of a
query id, a tab and a text.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from retrieval.certificate import Modality
from retrieval.collection import Collection
from retrieval.errors import ImageError, NotFoundError, SourceError, VectorError
from retrieval.images.decode import decode
from retrieval.images.read import read_image
from retrieval.metadata import items
from retrieval.protocols import Encoder
from retrieval.search.query import combine
from retrieval.types import FloatArray, PixelArray
from retrieval.vectors import unit

ID_FIELDS = ("query_id", "id", "_id")
BATCH = 32


@dataclass(frozen=True, slots=True)
class SearchQuery:
    """What to look for: a text, a picture, a stored document, or several. `place` is the file and line it stands in."""

    query_id: str
    place: str
    text: str | None = None
    image: Path | None = None
    doc_id: str | None = None

    @property
    def modality(self) -> Modality | None:
        """What it is made of, as the planner distinguishes it; None for a mix of text and pictures."""
        if self.image is None and self.doc_id is None:
            return "text"
        return "image" if self.text is None else None

    def __str__(self) -> str:
        given = (self.text, str(self.image) if self.image else None, self.doc_id)
        return " + ".join(part for part in given if part)


def read_queries(path: Path) -> list[SearchQuery]:
    """Every query of a file. Raises `SourceError` with file and line for one that cannot be one, or an id twice."""
    jsonl = path.suffix in (".jsonl", ".ndjson")
    queries: dict[str, SearchQuery] = {}
    for query in _from_objects(path) if jsonl else _from_lines(path):
        earlier = queries.setdefault(query.query_id, query)
        if earlier is not query:
            raise SourceError(
                f"{query.place}: query id {query.query_id!r} a second time; {earlier.place} has it already"
            )
    if not queries:
        raise SourceError(
            f"{path}: no queries in it; a line is a query id, a tab and a text, or a JSON object in .jsonl"
        )
    return list(queries.values())


def json_lines(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each object of a file with its place. Raises `SourceError` for a line that is none."""
    for place, line in _lines(path):
        try:
            fields = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise SourceError(f"{place}: not JSON ({error})") from error
        if not isinstance(fields, dict):
            raise SourceError(f"{place}: not a JSON object; write {{...}} on one line")
        yield place, fields


def query_from(fields: Mapping[str, Any], *, query_id: str, place: str, folder: Path) -> SearchQuery:
    """A query from the `text`, `image` and `doc_id` of a JSON object; pictures are looked for in `folder`."""
    given = {name: fields[name] for name in ("text", "image", "doc_id") if fields.get(name) is not None}
    for name, value in given.items():
        if not isinstance(value, str) or not value.strip():
            raise SourceError(f"{place}: {name} must be a text that is not empty")
    if not given:
        raise SourceError(f"{place}: nothing to look for; give a text, an image or a doc_id")
    image = folder / given["image"] if "image" in given else None
    return SearchQuery(query_id, place, given.get("text"), image, given.get("doc_id"))


def embed_queries(
    collection: Collection,
    queries: Sequence[SearchQuery],
    *,
    encoder: Encoder | None = None,
    stored: Callable[[Sequence[str]], FloatArray] | None = None,
) -> FloatArray:
    """Vectors of queries, float32 (n, dim), of length 1.

    Another `encoder` than the collection's own comes with `stored`, which has its vectors of documents by doc_id.
    Raises `SourceError` for a picture that cannot be read and a document that is not there, with the query's place.
    """
    texts = [(row, query.text) for row, query in enumerate(queries) if query.text is not None]
    images = [(row, query) for row, query in enumerate(queries) if query.image is not None]
    documents = [(row, query) for row, query in enumerate(queries) if query.doc_id is not None]
    total: list[list[FloatArray]] = [[] for _ in queries]
    if texts:
        vectors = (encoder or collection.encoder).encode_texts([text for _, text in texts])
        _put(total, [row for row, _ in texts], vectors)
    for start in range(0, len(images), BATCH):
        part = images[start : start + BATCH]
        chosen = encoder or collection.encoder
        pixels = np.stack([_pixels(chosen, query) for _, query in part])
        _put(total, [row for row, _ in part], chosen.encode_images(pixels))
    if documents:
        doc_ids = _stored(collection, [query for _, query in documents])
        _put(total, [row for row, _ in documents], (stored or collection.vectors)(doc_ids))
    return np.concatenate([combine(np.stack(parts), np.ones(len(parts), np.float32)) for parts in total])


def read_vectors(path: Path, *, dim: int, rows: int | None = None) -> FloatArray:
    """Vectors of `rows` queries (None: as many as there are) from a .npy file, made unit length: float32 (rows, dim).

    Raises `SourceError` for a file that is none or of another shape, and for a vector without a direction.
    """
    try:
        vectors = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise SourceError(f"{path}: cannot be read as a NumPy file of vectors ({error})") from error
    is_table = isinstance(vectors, np.ndarray) and vectors.ndim == 2 and vectors.dtype.kind == "f"
    if not is_table or not len(vectors) or vectors.shape[1] != dim or rows not in (None, len(vectors)):
        shape = getattr(vectors, "shape", "?")
        each = "any number" if rows is None else f"{rows:,}"
        raise SourceError(f"{path}: has the shape {shape}; give floats ({each}, {dim}), a row for each query")
    try:
        return unit(vectors)
    except VectorError as error:
        raise SourceError(f"{path}: {error}") from error


def _from_lines(path: Path) -> Iterator[SearchQuery]:
    for place, line in _lines(path):
        query_id, tab, text = line.partition("\t")
        if not (tab and query_id.strip() and text.strip()):
            raise SourceError(f"{place}: not a query id, a tab and a text (JSON objects go into a .jsonl file)")
        yield SearchQuery(query_id.strip(), place, text.strip())


def _from_objects(path: Path) -> Iterator[SearchQuery]:
    for place, fields in json_lines(path):
        query_id = next((fields[name] for name in ID_FIELDS if name in fields), None)
        if not isinstance(query_id, str | int) or isinstance(query_id, bool) or not str(query_id).strip():
            raise SourceError(f"{place}: no query_id; give each query an id of its own")
        yield query_from(fields, query_id=str(query_id), place=place, folder=path.parent)


def _lines(path: Path) -> Iterator[tuple[str, str]]:
    """Every line that is not blank, with its place."""
    try:
        with path.open("rb") as file:
            for number, raw in enumerate(file, start=1):
                line = raw.decode("utf-8-sig" if number == 1 else "utf-8").strip("\r\n")
                if line.strip():
                    yield f"{path}, line {number}", line
    except UnicodeDecodeError as error:
        raise SourceError(f"{path}, line {number}: not UTF-8 text; save it as UTF-8") from error
    except OSError as error:
        raise SourceError(f"{path}: cannot be read ({error.strerror})") from error


def _put(total: list[list[FloatArray]], rows: Sequence[int], vectors: FloatArray) -> None:
    for row, vector in zip(rows, vectors, strict=True):
        total[row].append(vector)


def _pixels(encoder: Encoder, query: SearchQuery) -> PixelArray:
    try:
        return encoder.preprocess(decode(read_image(str(query.image)), at_least=encoder.image_size))
    except ImageError as error:
        raise SourceError(f"{query.place}: {error}") from error


def _stored(collection: Collection, queries: Sequence[SearchQuery]) -> list[str]:
    """The doc_ids that these queries ask by, all of them there."""
    doc_ids = [query.doc_id or "" for query in queries]
    with collection.database.read() as connection:
        there = items.live_keys(connection, collection.info.id, doc_ids)
    for query in queries:
        if query.doc_id not in there:
            raise SourceError(f"{query.place}: {NotFoundError.of_document(query.doc_id or '', collection.name)}")
    return doc_ids
