"""Making a collection whole again when index files are damaged or missing.

What only makes searches faster (graph, codes, columns) is dropped and made anew from the vectors. Vectors are made anew
from the stored pictures and captions, keys from the database. First all that is left is published, searchable exactly;
then it is linked.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from retrieval.building import OnBuild
from retrieval.collection import Collection
from retrieval.embedding import decode_records
from retrieval.errors import CorruptionError
from retrieval.index.files import COLUMNS, Damage
from retrieval.index.segment import damages, read_keys, write_keys, write_segment
from retrieval.locks import compacting
from retrieval.mending import Mending, mend
from retrieval.metadata import generations, items, scans
from retrieval.search import columns
from retrieval.segments import SegmentFile, SegmentInfo
from retrieval.types import VECTOR_KINDS, CatalogRecord, FloatArray, Item, KeyArray, VectorKind

ESSENTIAL = {"keys", "nodes", "vectors"}
OF_A_GRAPH = {"graph", "codes", "basis"}
BATCH = 32
MOST_NAMED = 5

OnProgress = Callable[[int, int], None]
"""Called while vectors are made anew: how many are done, and of how many."""


@dataclass(frozen=True, slots=True)
class Repaired:
    """What was wrong, how many vectors were embedded again, and the documents that could not be: they are deleted."""

    damaged: tuple[Damage, ...]
    embedded: int
    lost: tuple[str, ...]


def repair(
    collection: Collection,
    *,
    delete_lost: bool = False,
    on_progress: OnProgress | None = None,
    on_build: OnBuild | None = None,
) -> Repaired:
    """Find what is damaged and make it anew.

    With `delete_lost`, documents whose vectors cannot be made anew are deleted, so that the next bulk run takes them
    for new.

    Raises:
        CorruptionError: there are such documents, and they are not to be deleted; nothing is changed.
        ModelError: something has to be embedded, and the encoder cannot be loaded; nothing is changed.
        RecallError: a graph misses the collection's target; its vectors are searched exactly.
    """
    with compacting(collection.folder):
        repaired = _Repair(collection, on_progress).all_of_it(delete_lost=delete_lost)
    if repaired.damaged:
        collection.compact(on_build=on_build)
    return repaired


class _Repair:
    """One repair: what is wrong with each segment of the generation, and what comes in its place."""

    def __init__(self, collection: Collection, on_progress: OnProgress | None) -> None:
        self._collection = collection
        self._folder = collection.folder
        self._on_progress = on_progress
        with collection.database.read() as connection:
            self._segments = generations.current(connection, collection.info.id).segments
        self._found = {one.segment_id: damages(self._folder, one) for one in self._segments}
        self._bad = {number: {damage.file.role for damage in found} for number, found in self._found.items()}
        self._replaced: dict[int, SegmentInfo | None] = {}
        self._lost: dict[str, int] = {}
        self._gone: list[int] = []
        self._embedded = 0

    def all_of_it(self, *, delete_lost: bool) -> Repaired:
        """Mend what is damaged and publish it in one commit; `Repaired` says what was lost."""
        damaged = tuple(damage for found in self._found.values() for damage in found)
        if damaged:
            for kind in VECTOR_KINDS:
                self._mend_kind(kind, [one for one in self._segments if one.kind == kind])
            if self._lost and not delete_lost:
                raise CorruptionError(_describe(self._collection.name, sorted(self._lost)))
            mending = Mending(self._replaced, self._lost, self._gone)
            mend(self._collection.database, self._collection.info.id, self._folder, mending)
        return Repaired(damaged, self._embedded, tuple(sorted(self._lost)))

    def _mend_kind(self, kind: VectorKind, segments: list[SegmentInfo]) -> None:
        self._restore_keys(kind, segments)
        broken = [one for one in segments if self._bad[one.segment_id] & ESSENTIAL]
        for one in segments:
            if self._found[one.segment_id] and one not in broken:
                self._replaced[one.segment_id] = self._without_damage(one)
        if not broken:
            return
        keys = self._keys_of(kind, segments, broken)
        made, vectors = self._embed_images(keys) if kind == "image" else self._embed_captions(keys)
        self._embedded += len(made)
        self._gone += np.setdiff1d(keys, made).tolist()
        self._replaced |= dict.fromkeys((one.segment_id for one in broken), None)
        if len(made):
            self._replaced[broken[0].segment_id] = self._written(kind, made, vectors)

    def _restore_keys(self, kind: VectorKind, segments: list[SegmentInfo]) -> None:
        """Where one keys file is damaged, its keys are those that are in no other; its digest says whether they are."""
        damaged = [one for one in segments if "keys" in self._bad[one.segment_id]]
        if len(damaged) == 1:
            written = write_keys(self._folder, self._keys_of(kind, segments, damaged))
            if written in damaged[0].files:
                self._bad[damaged[0].segment_id].remove("keys")

    def _keys_of(self, kind: VectorKind, segments: list[SegmentInfo], broken: list[SegmentInfo]) -> KeyArray:
        """The keys of broken segments, live and dead, ascending; where unreadable, those that no other has."""
        told = [one for one in broken if "keys" not in self._bad[one.segment_id]]
        keys = [read_keys(self._folder, one) for one in told]
        if len(told) < len(broken):
            elsewhere = [read_keys(self._folder, one) for one in segments if one not in broken]
            with self._collection.database.read() as connection:
                known = scans.version_keys(connection, self._collection.info.id, kind)
            keys.append(np.setdiff1d(known, np.concatenate([np.empty(0, np.int64), *elsewhere])))
        return np.unique(np.concatenate(keys))

    def _without_damage(self, segment: SegmentInfo) -> SegmentInfo:
        """A segment of the files that are left; without a graph if anything of it is damaged."""
        bad = self._bad[segment.segment_id]
        if bad & OF_A_GRAPH:
            bad = bad | OF_A_GRAPH
            segment = replace(segment, hnsw=None, codes=None)
        files = [file for file in segment.files if file.role not in bad]
        if COLUMNS in bad:
            files.append(self._columns(read_keys(self._folder, segment)))
        return replace(segment, files=tuple(files))

    def _written(self, kind: VectorKind, keys: KeyArray, vectors: FloatArray) -> SegmentInfo:
        written = write_segment(self._folder, kind, keys, vectors)
        if kind == "image" and len(keys) >= columns.LEAST_ROWS:
            return replace(written, files=(*written.files, self._columns(keys)))
        return written

    def _columns(self, keys: KeyArray) -> SegmentFile:
        with self._collection.database.read() as connection:
            return columns.save_columns(self._folder, columns.read_columns(connection, self._collection.info.id, keys))

    def _embed_images(self, keys: KeyArray) -> tuple[KeyArray, FloatArray]:
        """The live ones of these images anew, with their keys; those that cannot be read are noted as lost."""
        with self._collection.database.read() as connection:
            keys = np.intersect1d(keys, scans.live_documents(connection, self._collection.info.id)[0])
            documents = items.by_keys(connection, self._collection.info.id, keys.tolist())
        made, vectors = [np.empty(0, np.int64)], [np.empty((0, self._collection.info.spec.dim), np.float32)]
        for start in range(0, len(keys), BATCH):
            batch = [documents[key] for key in keys[start : start + BATCH].tolist()]
            readable, embedded = self._embed_documents(batch)
            made.append(np.array([one.key for one in readable], np.int64))
            vectors.append(embedded)
            self._lost |= {one.doc_id: one.key for one in batch if one not in readable}
            self._tell(start + len(batch), len(keys))
        return np.concatenate(made), np.concatenate(vectors)

    def _embed_documents(self, documents: list[Item]) -> tuple[list[Item], FloatArray]:
        nothing = np.empty((0, self._collection.info.spec.dim), np.float32)
        if self._collection.info.spec.is_external:
            return [], nothing
        encoder = self._collection.encoder
        locate = self._collection.originals.locate
        records = [CatalogRecord(one.doc_id, locate(one.image_uri)) for one in documents]
        good, _ = decode_records(records, encoder)
        if not good:
            return [], nothing
        there = {one.record.doc_id for one in good}
        vectors = encoder.encode_images(np.stack([one.pixels for one in good]))
        return [one for one in documents if one.doc_id in there], vectors

    def _embed_captions(self, keys: KeyArray) -> tuple[KeyArray, FloatArray]:
        """The live ones of these captions anew, with their keys."""
        with self._collection.database.read() as connection:
            live, _, texts = scans.live_captions(connection, self._collection.info.id)
        rows = np.flatnonzero(np.isin(live, keys))
        vectors = [np.empty((0, self._collection.info.spec.dim), np.float32)]
        for start in range(0, len(rows), BATCH):
            batch = rows[start : start + BATCH]
            vectors.append(self._collection.encoder.encode_texts([texts[row] for row in batch]))
            self._tell(start + len(batch), len(rows))
        return live[rows], np.concatenate(vectors)

    def _tell(self, done: int, total: int) -> None:
        if self._on_progress:
            self._on_progress(done, total)


def _describe(name: str, lost: Sequence[str]) -> str:
    named = f"{', '.join(lost[:MOST_NAMED])}{', …' if len(lost) > MOST_NAMED else ''}"
    return (
        f"vectors of {len(lost):,} documents cannot be made anew, as their pictures cannot be read: {named}: make "
        "these readable, or bring the index files back; or let the documents go with "
        f"`retrieval repair -c {name} --delete-lost`; nothing was changed"
    )
