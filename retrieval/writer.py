"""The one way in which a collection changes: bulk runs, Python and HTTP all write through here.

A commit is one database transaction around freshly written, synced files: after a crash at any instant either all of
it is there or nothing. Rules in docs/architecture.md.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import numpy as np
from sqlalchemy import Connection

from retrieval.building import Tuning, build_certified
from retrieval.certificate import Certificate
from retrieval.errors import BusyError, ConflictError
from retrieval.index import compaction, files
from retrieval.index.generation import GenerationView
from retrieval.index.segment import write_segment
from retrieval.index.upkeep import Upkeep
from retrieval.locks import PATIENCE_S, compacting, writing
from retrieval.metadata import collections, generations, items, ledger, query_samples, versions
from retrieval.metadata.collections import CollectionInfo
from retrieval.metadata.database import Database
from retrieval.metadata.ledger import LedgerEntry
from retrieval.metadata.versions import NewVersion
from retrieval.originals import Originals
from retrieval.search import columns
from retrieval.search.prompts import Prompts
from retrieval.search.views import ViewCache
from retrieval.settings import IndexDevice
from retrieval.types import CatalogRecord, FloatArray, KeyArray, PictureSize, SegmentFile, SegmentInfo, VectorKind
from retrieval.vectors import check_unit_vectors

KINDS: tuple[VectorKind, ...] = ("image", "caption")

OnBuild = Callable[[VectorKind, int, int], None]
"""Called while a graph is built: the kind of vectors, how many are linked, and how many there are."""


@dataclass(frozen=True, slots=True)
class EmbeddedItem:
    """A record with its vectors: `image` float32 (dim,), `captions` float32 (n, dim), all of length 1.

    n is the number of captions, or 0 in a collection without caption vectors. `size` is the picture's, if there is one.
    """

    record: CatalogRecord
    image: FloatArray
    captions: FloatArray
    size: PictureSize | None = None


@dataclass(frozen=True, slots=True)
class WriteBatch:
    """What one commit changes. A document that exists already is replaced.

    `pictures` are to be kept, as `items` refer to them. `expected` are the keys that documents must still have, by
    doc_id, for the commit to be made at all: of versions that the change was worked out from.
    """

    items: Sequence[EmbeddedItem] = ()
    deletes: Sequence[str] = ()
    ledger: Sequence[LedgerEntry] = ()
    pictures: Sequence[bytes] = ()
    expected: Mapping[str, int] = field(default_factory=dict)


class ChangedMeanwhileError(ConflictError):
    """A document is not the version any more that a change was worked out from; nothing was written."""

    def __init__(self, doc_id: str) -> None:
        super().__init__(f"document {doc_id!r} is being changed by others: try again")


@dataclass(slots=True)
class _Rows:
    keys: list[int] = field(default_factory=list)
    vectors: list[FloatArray] = field(default_factory=list)


class CollectionWriter:
    """Commits and compactions of one collection. Safe to use from several threads and processes at once."""

    def __init__(
        self,
        database: Database,
        info: CollectionInfo,
        folder: Path,
        views: ViewCache,
        make_prompts: Callable[[GenerationView], Prompts | None],
        *,
        originals: Originals,
        index_device: IndexDevice,
        index_memory: int | None,
    ) -> None:
        """`make_prompts` gives texts to tune an index with that has no better ones."""
        self._originals = originals
        self._database = database
        self._info = info
        self._folder = folder
        self._views = views
        self._index_device = index_device
        self._index_memory = index_memory
        self._make_prompts = make_prompts

    def commit(self, batch: WriteBatch, *, wait_s: float = PATIENCE_S) -> frozenset[str]:
        """Make a batch durable and searchable; returns the documents that it replaced or deleted.

        When this returns, the change survives a crash, and every search that starts later sees it.

        Raises:
            VectorError: a vector of another dimension, not finite or not of length 1; nothing is written.
            ChangedMeanwhileError: a document is not the `expected` version; nothing is written.
            BusyError: others were writing for all of `wait_s` seconds; nothing is written.
            StorageError: the disk is full or the database is gone; nothing is written.
        """
        for item in batch.items:
            check_unit_vectors(item.image[None], self._info.spec.dim)
            check_unit_vectors(item.captions, self._info.spec.dim)
        with writing(self._folder, wait_s=wait_s):
            self._originals.keep(batch.pictures)
            with self._database.write() as connection:
                return self._commit(connection, batch)

    def _commit(self, connection: Connection, batch: WriteBatch) -> frozenset[str]:
        collection_id = self._info.id
        wanted = sum(1 + len(item.record.captions) for item in batch.items)
        first_key, revision = collections.begin_write(connection, collection_id, keys=wanted)
        replaced = items.live_keys(
            connection, collection_id, [*(item.record.doc_id for item in batch.items), *batch.deletes]
        )
        for doc_id, key in batch.expected.items():
            if replaced.get(doc_id) != key:
                raise ChangedMeanwhileError(doc_id)
        versions.bury(connection, collection_id, list(replaced.values()), revision=revision)
        if batch.items:
            rows = self._insert(connection, batch.items, first_key)
            self._publish_rows(connection, rows)
        ledger.remove(connection, collection_id, batch.deletes)
        ledger.put(connection, collection_id, batch.ledger)
        return frozenset(replaced)

    def _insert(self, connection: Connection, new: Sequence[EmbeddedItem], first_key: int) -> dict[VectorKind, _Rows]:
        """Insert the metadata of new versions; returns the vectors to write, by kind, in key order."""
        rows: dict[VectorKind, _Rows] = {kind: _Rows() for kind in KINDS}
        inserted = []
        key = first_key
        for item in new:
            record = item.record
            caption_keys = range(key + 1, key + 1 + len(record.captions))
            version = NewVersion(
                key, record.doc_id, record.image_uri, record.attributes, record.captions, caption_keys, item.size
            )
            inserted.append(version)
            rows["image"].keys.append(key)
            rows["image"].vectors.append(item.image[None])
            if len(item.captions):
                rows["caption"].keys.extend(caption_keys)
                rows["caption"].vectors.append(item.captions)
            key += 1 + len(record.captions)
        versions.insert_versions(connection, self._info.id, inserted)
        return rows

    def _publish_rows(self, connection: Connection, rows: dict[VectorKind, _Rows]) -> None:
        published = [segment.segment_id for segment in generations.current(connection, self._info.id).segments]
        for kind, part in rows.items():
            if part.keys:
                segment = write_segment(self._folder, kind, np.array(part.keys, np.int64), np.concatenate(part.vectors))
                published.append(generations.add_segment(connection, self._info.id, segment))
        generations.publish(connection, self._info.id, published)

    def fold(self) -> int:
        """Merge small segments where many have gathered (cheap); returns how many merges were made.

        While a compaction is at work none are: it folds what gathers meanwhile itself.
        """
        with suppress(BusyError), compacting(self._folder, wait_s=0):
            if made := self._merge_all(compaction.plan_fold):
                self._collect_garbage()
            return made
        return 0

    def compact(self, *, exact_rows: int | None = None, on_build: OnBuild | None = None) -> int:
        """Link what is not yet in a graph, drop dead vectors, delete files that nothing refers to.

        Searches and commits go on meanwhile. Up to `exact_rows` vectors (by default 10,000) stay without a graph.
        Returns how many merges were made.
        """
        with self._compacting_tidily():
            return self._merge_all(partial(compaction.plan_compaction, exact_rows=exact_rows), on_build=on_build)

    def maintain(self, upkeep: Upkeep, *, on_build: OnBuild | None = None) -> int:
        """The same where it is worth it; returns how many merges were made."""
        with self._compacting_tidily():
            return self._merge_all(upkeep.plan, on_build=on_build)

    def rebuild(
        self, kinds: Sequence[VectorKind], tuning: Tuning, *, on_build: OnBuild | None = None
    ) -> tuple[VectorKind, ...]:
        """Build the graphs of these kinds anew, one of each, and keep what they were built for for later ones.

        Returns the kinds that have a graph. Searches and commits go on meanwhile.

        Raises:
            RecallError: a graph misses the target; parameters and queries are not kept, nor is that graph.
        """
        rebuilt = []
        with self._compacting_tidily():
            for kind in kinds:
                if merge := compaction.plan_rebuild(view := self._views.latest(), kind):
                    self._merge(view, merge, tuning, on_build)
                    rebuilt.append(kind)
            with self._database.write() as connection:
                collections.set_index(connection, self._info.id, tuning.index)
                if tuning.asked is not None:
                    query_samples.replace_all(connection, self._info.id, tuning.asked)
        return tuple(rebuilt)

    def _merge_all(
        self,
        plan: Callable[[GenerationView, VectorKind], compaction.Merge | None],
        *,
        on_build: OnBuild | None = None,
    ) -> int:
        made = 0
        for kind in KINDS:
            while merge := plan(view := self._views.latest(), kind):
                self._merge(view, merge, Tuning(self._info.index), on_build)
                made += 1
        return made

    @contextmanager
    def _compacting_tidily(self) -> Iterator[None]:
        """Keep other compactions out, and leave no file that nothing refers to, of earlier failures neither."""
        with compacting(self._folder):
            try:
                yield
            finally:
                self._collect_garbage()
                self._collect_originals()

    def _merge(self, view: GenerationView, merge: compaction.Merge, tuning: Tuning, on_build: OnBuild | None) -> None:
        keys, vectors = compaction.merged_rows(view, merge)
        written, certificate = None, None
        if merge.graph:

            def tell(done: int) -> None:
                self._fold_beside(merge)
                if on_build:
                    on_build(merge.kind, done, len(keys))

            asked = self._asked() if tuning.asked is None else tuning.asked
            written, certificate = build_certified(
                self._folder,
                view,
                merge,
                (keys, vectors),
                tuning.index,
                asked=asked,
                device=self._index_device,
                memory=self._index_memory,
                make_prompts=partial(self._make_prompts, view),
                on_progress=tell,
            )
        elif len(keys):
            written = write_segment(self._folder, merge.kind, keys, vectors)
        if written and merge.kind == "image" and len(keys) >= columns.LEAST_ROWS:
            written = replace(written, files=(*written.files, self._write_columns(keys)))
        with writing(self._folder), self._database.write() as connection:
            self._replace(connection, view, merge, written, certificate)

    def _fold_beside(self, merge: compaction.Merge) -> None:
        """Fold what has been committed since a graph was begun: that may take hours, and searches go on."""
        merged = {segment.info.segment_id for segment in merge.segments}
        self._merge_all(partial(compaction.plan_fold, without=merged))

    def _asked(self) -> FloatArray:
        with self._database.read() as connection:
            return query_samples.all_of_them(connection, self._info.id, self._info.spec.dim)

    def _write_columns(self, keys: KeyArray) -> SegmentFile:
        with self._database.read() as connection:
            return columns.save_columns(self._folder, columns.read_columns(connection, self._info.id, keys))

    def _replace(
        self,
        connection: Connection,
        view: GenerationView,
        merge: compaction.Merge,
        written: SegmentInfo | None,
        certificate: Certificate | None,
    ) -> None:
        """Publish a merged segment in the place of those that it was made of, and forget what died in them."""
        collections.begin_write(connection, self._info.id)
        merged = {segment.info.segment_id for segment in merge.segments}
        current = [segment.segment_id for segment in generations.current(connection, self._info.id).segments]
        place = min(current.index(segment_id) for segment_id in merged)
        current = [segment_id for segment_id in current if segment_id not in merged]
        if written:
            current.insert(place, generations.add_segment(connection, self._info.id, written))
        changed = {merge.kind: certificate} if merge.graph or any(s.has_graph for s in merge.segments) else {}
        generations.publish(connection, self._info.id, current, certificates=changed)
        dropped = [segment.keys[segment.positions(view.dead)] for segment in merge.segments]
        versions.purge(connection, self._info.id, np.concatenate(dropped).tolist())

    def _collect_garbage(self) -> None:
        with writing(self._folder), self._database.read() as connection:
            published = generations.current(connection, self._info.id).segments
            files.remove_others(self._folder, [file.name for segment in published for file in segment.files])

    def _collect_originals(self) -> None:
        with writing(self._folder), self._database.read() as connection:
            self._originals.collect(connection, self._info.id)
