"""Merges of what commits have added: small segments folded, large ones linked into graphs, the dead dropped.

Searches and commits go on meanwhile; only to publish is the lock of commits held. Rules in docs/architecture.md.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
from sqlalchemy import Connection

from retrieval.building import OnBuild, Tuning, build_certified
from retrieval.certificate import Certificate
from retrieval.errors import BusyError
from retrieval.index import compaction, files
from retrieval.index.generation import GenerationView
from retrieval.index.segment import write_segment
from retrieval.index.upkeep import Upkeep
from retrieval.locks import compacting, writing
from retrieval.metadata import collections, generations, query_samples, versions
from retrieval.metadata.collections import CollectionInfo
from retrieval.metadata.database import Database
from retrieval.originals import Originals
from retrieval.search import columns
from retrieval.search.prompts import Prompts
from retrieval.search.views import ViewCache
from retrieval.segments import SegmentFile, SegmentInfo
from retrieval.settings import IndexDevice
from retrieval.types import VECTOR_KINDS, FloatArray, KeyArray, VectorKind


class Compactor:
    """Folds, compactions and rebuilds of one collection. Safe to use from several threads and processes at once."""

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
        for kind in VECTOR_KINDS:
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
