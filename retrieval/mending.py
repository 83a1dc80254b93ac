"""Putting other segments in the place of damaged ones, in one transaction, while searches and commits go on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection

from retrieval.locks import writing
from retrieval.metadata import collections, generations, items, ledger, versions
from retrieval.metadata.database import Database
from retrieval.segments import SegmentInfo
from retrieval.types import VectorKind


@dataclass(frozen=True, slots=True)
class Mending:
    """What changes. `replaced`, by segment_id: the segment that stands in its place, None for nothing.

    `lost` has the keys of the images, by doc_id, whose vectors are in none of them; `gone` are the keys of all vectors,
    live or dead, that were in the damaged segments and are no more.
    """

    replaced: Mapping[int, SegmentInfo | None]
    lost: Mapping[str, int]
    gone: Sequence[int]


def mend(database: Database, collection_id: int, folder: Path, mending: Mending) -> None:
    """Publish. Lost documents are deleted and forgotten, so that the next bulk run takes them for new.

    Certificates of a kind go with its graphs. The caller holds `locks.compacting`: the segments are still there.
    """
    with writing(folder), database.write() as connection:
        _, revision = collections.begin_write(connection, collection_id)
        _forget(connection, collection_id, mending.lost, revision)
        _publish(connection, collection_id, mending.replaced)
        versions.purge(connection, collection_id, mending.gone)


def _forget(connection: Connection, collection_id: int, lost: Mapping[str, int], revision: int) -> None:
    live = items.live_keys(connection, collection_id, list(lost))
    still = [doc_id for doc_id, key in live.items() if lost[doc_id] == key]  # others were replaced meanwhile
    versions.bury(connection, collection_id, [lost[doc_id] for doc_id in still], revision=revision)
    ledger.remove(connection, collection_id, still)


def _publish(connection: Connection, collection_id: int, replaced: Mapping[int, SegmentInfo | None]) -> None:
    published, without_graph = [], set[VectorKind]()
    for segment in generations.current(connection, collection_id).segments:
        new = replaced.get(segment.segment_id, segment)
        if segment.hnsw and (new is None or not new.hnsw):
            without_graph.add(segment.kind)
        if new is segment:
            published.append(segment.segment_id)
        elif new is not None:
            published.append(generations.add_segment(connection, collection_id, new))
    generations.publish(connection, collection_id, published, certificates=dict.fromkeys(without_graph))
