"""The newest committed state of a collection, kept open between searches."""

from __future__ import annotations

from pathlib import Path
from threading import Lock

import numpy as np
from sqlalchemy import Connection

from retrieval.errors import GoneError
from retrieval.index.generation import GenerationView
from retrieval.index.segment import Segment
from retrieval.metadata import collections, generations, scans
from retrieval.metadata.database import Database


class ViewCache:
    """Hands out the view that fits the database's present state; reloads only what has changed."""

    def __init__(self, database: Database, collection_id: int, folder: Path) -> None:
        self._database = database
        self._collection_id = collection_id
        self._folder = folder
        self._view: GenerationView | None = None
        self._lock = Lock()

    def latest(self) -> GenerationView:
        """The view of the newest committed state."""
        with self._database.read() as connection:
            return self.at(connection)

    def at(self, connection: Connection) -> GenerationView:
        """The view of the state that this connection sees.

        Raises:
            GoneError: the collection was deleted.
            StorageError: a file of the generation is missing or damaged.
        """
        revision = collections.revision(connection, self._collection_id)
        if revision is None:
            raise GoneError
        with self._lock:
            if self._view is None or self._view.revision < revision:
                self._view = self._load(connection, self._view, revision)
            if self._view.revision == revision:
                return self._view
            # Another thread has seen a newer state meanwhile; hits and filters here must be of this connection's.
            return self._load(connection, self._view, revision)

    def _load(self, connection: Connection, other: GenerationView | None, revision: int) -> GenerationView:
        generation = generations.current(connection, self._collection_id)
        opened = {segment.info.segment_id: segment for segment in other.segments} if other else {}
        segments = [
            opened.pop(info.segment_id) if info.segment_id in opened else Segment(self._folder, info)
            for info in generation.segments
        ]
        known, since = np.empty(0, np.int64), -1
        if other and other.revision < revision and not opened:  # nothing was compacted away: what was dead still is
            known, since = other.dead, other.revision
        dead = np.union1d(known, scans.tombstones_after(connection, self._collection_id, since))
        return GenerationView(generation, segments, dead, revision=revision)
