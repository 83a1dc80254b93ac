"""From a filter to the rows that it allows: worked out once a segment, and once a state of the collection."""

from __future__ import annotations

from pathlib import Path
from threading import Lock
from weakref import WeakKeyDictionary

import numpy as np
from sqlalchemy import Connection

from retrieval.filters import AttributeSnapshot, Filter, check_together, parse_filter
from retrieval.index.generation import Allowed, GenerationView
from retrieval.index.segment import Segment
from retrieval.lru import LruCache
from retrieval.rowset import RowSet
from retrieval.search.columns import open_columns

MOST_SETS = 4096
MOST_SET_BYTES = 2**26
MOST_OF_CAPTIONS = 64


class AttributeCache:
    """What filters allow in one collection. Safe in several threads.

    A segment's columns are loaded for the first filter that asks, and live as long as the segment is open. The rows
    that match a filter, dead ones included, are kept by segment too: after a commit, a filter that was used before
    is evaluated over the new rows only.
    """

    def __init__(self, collection_id: int, folder: Path) -> None:
        self._collection_id = collection_id
        self._folder = folder
        self._columns: WeakKeyDictionary[Segment, AttributeSnapshot] = WeakKeyDictionary()
        self._matching: LruCache[tuple[int, str], RowSet] = LruCache(most=MOST_SETS, most_bytes=MOST_SET_BYTES)
        self._of_captions: LruCache[tuple[int, str], Allowed] = LruCache(
            most=MOST_OF_CAPTIONS, most_bytes=MOST_SET_BYTES
        )
        self._loading = Lock()

    def allowed(self, connection: Connection, view: GenerationView, expression: str) -> Allowed:
        """The live images that match a filter in the state that both the view and the connection are of.

        Raises:
            FilterError: it does not parse, or names what the collection does not have.
            CorruptionError: the database lacks documents.
        """
        return view.filtered.get(expression) or self.allowed_by(connection, view, parse_filter(expression))

    def allowed_by(self, connection: Connection, view: GenerationView, where: Filter) -> Allowed:
        """The same for a filter that is parsed already."""
        found = view.filtered.get(where.text)
        if found is None:
            columns = dict(zip(view.of_kind("image"), self.columns(connection, view), strict=True))
            check_together(where, list(columns.values()))
            found = view.allow("image", lambda segment: self._match(segment, columns[segment], where))
            view.filtered.put(where.text, found)
        return found

    def allowed_captions(self, connection: Connection, view: GenerationView, expression: str) -> Allowed:
        """The live captions of the images that a filter allows. Raises as `allowed` does."""
        found = self._of_captions.get((view.revision, expression))
        if found is None:
            found = _captions_of(view, self.allowed(connection, view, expression))
            self._of_captions.put((view.revision, expression), found)
        return found

    def columns(self, connection: Connection, view: GenerationView) -> list[AttributeSnapshot]:
        """The attributes of each segment of images, dead rows included."""
        return [self._open(connection, segment) for segment in view.of_kind("image")]

    def _open(self, connection: Connection, segment: Segment) -> AttributeSnapshot:
        with self._loading:  # threads that come meanwhile wait for the one that loads
            columns = self._columns.get(segment)
            if columns is None:
                columns = open_columns(connection, self._collection_id, self._folder, segment)
                self._columns[segment] = columns
            return columns

    def _match(self, segment: Segment, columns: AttributeSnapshot, where: Filter) -> RowSet:
        key = segment.info.segment_id, where.text
        rows = self._matching.get(key)
        if rows is None:
            rows = RowSet.of_mask(columns.mask(where))
            self._matching.put(key, rows)
        return rows


def _captions_of(view: GenerationView, allowed: Allowed) -> Allowed:
    """The live captions of images: their keys are the next ones after that of the version that has them."""
    versions = view.keys("image")
    kept = np.isin(versions, view.keys("image", allowed), assume_unique=True)

    def match(segment: Segment) -> RowSet:
        owner = np.searchsorted(versions, segment.keys) - 1  # of dead captions another one, or none: they are left out
        return RowSet.of_mask((owner >= 0) & kept[owner])

    return view.allow("caption", match)
