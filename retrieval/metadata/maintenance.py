"""Maintenance of a collection as rows of `jobs`: one at a time for each collection, whoever asks for it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, and_, delete, or_, select

from retrieval.metadata import jobs as jobs_rows
from retrieval.metadata.collections import CollectionInfo
from retrieval.metadata.jobs import HELD, JobInfo
from retrieval.metadata.tables import collections, jobs

KEPT = 20
"""Maintenance that is done, of one collection: what is older is forgotten, for it is of no interest to anybody."""


def queue(
    connection: Connection, collection: CollectionInfo, *, config: Mapping[str, Any], rest_s: float
) -> JobInfo | None:
    """Queue the maintenance of a collection.

    None where that waits or is at work already, or failed or was cancelled less than `rest_s` seconds ago.
    """
    locked = select(collections.c.id).where(collections.c.id == collection.id).with_for_update()
    if connection.execute(locked).one_or_none() is None or _is_settled(connection, collection, rest_s):
        return None
    _forget_old(connection, collection)
    return jobs_rows.add(connection, kind="maintenance", collection=collection.name, config=config)


def _is_settled(connection: Connection, collection: CollectionInfo, rest_s: float) -> bool:
    rested = datetime.now(UTC) - timedelta(seconds=rest_s)
    is_open = jobs.c.state.in_(("queued", *HELD))
    rests = and_(jobs.c.state.in_(("failed", "cancelled")), jobs.c.finished_at > rested)
    found = select(jobs.c.id).where(_of(collection), jobs.c.created_at >= collection.created_at, or_(is_open, rests))
    return connection.execute(found.limit(1)).first() is not None


def _forget_old(connection: Connection, collection: CollectionInfo) -> None:
    done = select(jobs.c.id).where(_of(collection), jobs.c.state == "done")
    oldest_kept = connection.execute(done.order_by(jobs.c.id.desc()).offset(KEPT - 1).limit(1)).scalar()
    if oldest_kept is not None:
        connection.execute(delete(jobs).where(_of(collection), jobs.c.state == "done", jobs.c.id < oldest_kept))


def _of(collection: CollectionInfo) -> Any:
    return and_(jobs.c.kind == "maintenance", jobs.c.collection == collection.name)
