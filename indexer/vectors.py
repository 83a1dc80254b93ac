"""Embeddings that were computed elsewhere, in the folder layout of clip-retrieval, into a collection.

FOLDER/img_emb/img_emb_0.npy        (n, dim), any float type
FOLDER/metadata/metadata_0.parquet  n rows: image_path, caption, and columns that become attributes
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from retrieval.collection import Collection
from retrieval.errors import DependencyError, SourceError
from retrieval.types import AttributeValue, FloatArray

BATCH = 10_000


@dataclass(frozen=True, slots=True)
class EmbeddingShard:
    """One pair of files. `vectors` is mapped, (n, dim)."""

    vectors: FloatArray
    metadata: Path


def find_shards(folder: Path) -> list[EmbeddingShard]:
    """The shards of a folder, by number.

    Raises:
        SourceError: it has none, or one lacks its metadata, or their lengths or dimensions differ.
    """
    paths = sorted(folder.glob("img_emb/img_emb_*.npy"), key=lambda path: (len(path.stem), path.stem))
    if not paths:
        raise SourceError(
            f"{folder}: no img_emb/img_emb_*.npy in it: give the output folder of clip-retrieval inference"
        )
    shards = [_open_shard(folder, path) for path in paths]
    dims = {shard.vectors.shape[1] for shard in shards}
    if len(dims) > 1:
        raise SourceError(f"{folder}: shards of different dimensions, {sorted(dims)}")
    return shards


def import_shards(
    shards: list[EmbeddingShard], collection: Collection, *, on_progress: Callable[[int], None] | None = None
) -> int:
    """Add every vector under its `image_path`; returns how many. Batches that are done stay, whatever comes after."""
    done = 0
    for shard in shards:
        start = 0
        for rows in _metadata_batches(shard.metadata):
            vectors = np.asarray(shard.vectors[start : start + len(rows)], np.float32)
            records = [_split(row) for row in rows]
            doc_ids, captions, attributes = zip(*records, strict=True)
            collection.add_vectors(doc_ids, vectors, captions=captions, attributes=attributes)
            start += len(rows)
            done += len(rows)
            if on_progress:
                on_progress(done)
    return done


def _open_shard(folder: Path, path: Path) -> EmbeddingShard:
    try:
        vectors = np.load(path, mmap_mode="r")
    except (OSError, ValueError) as error:
        raise SourceError(f"{path}: not a NumPy array: {error}") from error
    metadata = folder / "metadata" / path.name.replace("img_emb", "metadata").replace(".npy", ".parquet")
    if vectors.ndim != 2 or vectors.dtype.kind != "f":
        raise SourceError(f"{path}: an array of {vectors.dtype} with shape {vectors.shape}, not vectors")
    if not metadata.is_file():
        raise SourceError(f"{path}: {metadata.relative_to(folder)} is missing beside it")
    rows = _parquet().ParquetFile(metadata)
    if rows.metadata.num_rows != len(vectors):
        raise SourceError(f"{metadata}: {rows.metadata.num_rows} rows for {len(vectors)} vectors")
    if "image_path" not in rows.schema_arrow.names:
        raise SourceError(f"{metadata}: no column image_path, which names the documents")
    return EmbeddingShard(vectors, metadata)


def _metadata_batches(path: Path) -> Iterator[list[dict[str, Any]]]:
    for batch in _parquet().ParquetFile(path).iter_batches(BATCH):
        yield batch.to_pylist()


def _split(row: dict[str, Any]) -> tuple[str, tuple[str, ...], dict[str, AttributeValue]]:
    caption = row.pop("caption", None)
    doc_id = str(row.pop("image_path"))
    attributes = {name: value if _is_plain(value) else str(value) for name, value in row.items() if value is not None}
    return doc_id, (caption,) if caption else (), attributes


def _is_plain(value: object) -> bool:
    return isinstance(value, str | int | float) or (isinstance(value, list) and all(isinstance(v, str) for v in value))


def _parquet() -> Any:
    try:
        import pyarrow.parquet as parquet
    except ImportError as error:
        raise DependencyError("reading Parquet needs pyarrow: pip install 'multimodal-retrieval[parquet]'") from error
    return parquet
