"""Rows of `ledger` and `runs`: what bulk indexing has seen, so that a run continues where another one stopped."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from sqlalchemy import Connection, delete, func, insert, select, update

from retrieval.metadata.batches import batches
from retrieval.metadata.tables import ledger, runs


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """The last that was seen of one document: what it was made from, or why it was rejected."""

    doc_id: str
    state: Literal["indexed", "rejected"]
    signature: str | None = None
    content_sha256: str | None = None
    record_sha256: str | None = None
    reason: str | None = None
    detail: str | None = None
    seen_run: int | None = None


@dataclass(frozen=True, slots=True)
class Reject:
    """A document that could not be indexed, and why.

    `at` is when the bulk run began that met it last; None where it was none.
    """

    doc_id: str
    reason: str
    detail: str | None
    at: datetime | None


@dataclass(frozen=True, slots=True)
class RunInfo:
    """One bulk indexing run."""

    id: int
    source: str
    state: str
    started_at: datetime
    finished_at: datetime | None
    counts: dict[str, Any]
    error: str | None


def entries(connection: Connection, collection_id: int, doc_ids: Sequence[str]) -> dict[str, LedgerEntry]:
    """What is known of these documents."""
    found: dict[str, LedgerEntry] = {}
    for part in batches(doc_ids):
        rows = connection.execute(
            select(ledger).where(ledger.c.collection_id == collection_id, ledger.c.doc_id.in_(part))
        )
        found.update((row.doc_id, _entry(row)) for row in rows)
    return found


def put(connection: Connection, collection_id: int, new: Sequence[LedgerEntry]) -> None:
    """Insert or replace entries."""
    if not new:
        return
    remove(connection, collection_id, [entry.doc_id for entry in new])
    connection.execute(insert(ledger), [{"collection_id": collection_id, **asdict(entry)} for entry in new])


def remove(connection: Connection, collection_id: int, doc_ids: Sequence[str]) -> None:
    """Forget documents."""
    for part in batches(doc_ids):
        connection.execute(delete(ledger).where(ledger.c.collection_id == collection_id, ledger.c.doc_id.in_(part)))


def mark_seen(connection: Connection, collection_id: int, doc_ids: Sequence[str], *, run_id: int) -> None:
    """Note that a run has met these documents in its source."""
    for part in batches(doc_ids):
        connection.execute(
            update(ledger)
            .where(ledger.c.collection_id == collection_id, ledger.c.doc_id.in_(part))
            .values(seen_run=run_id)
        )


def unseen(connection: Connection, collection_id: int, *, run_id: int, limit: int) -> list[str]:
    """Some documents that a run has not met, at most `limit`."""
    return list(
        connection.execute(
            select(ledger.c.doc_id)
            .where(ledger.c.collection_id == collection_id, func.coalesce(ledger.c.seen_run, 0) != run_id)
            .order_by(ledger.c.doc_id)
            .limit(limit)
        ).scalars()
    )


def same_contents(connection: Connection, collection_id: int) -> list[list[str]]:
    """Documents that were indexed from files of the same bytes: lists of two or more, by content, then doc_id."""
    indexed = (ledger.c.collection_id == collection_id) & (ledger.c.state == "indexed")
    repeated = select(ledger.c.content_sha256).where(indexed).group_by(ledger.c.content_sha256).having(func.count() > 1)
    rows = connection.execute(
        select(ledger.c.content_sha256, ledger.c.doc_id)
        .where(indexed, ledger.c.content_sha256.in_(repeated))
        .order_by(ledger.c.content_sha256, ledger.c.doc_id)
    )
    groups: dict[str, list[str]] = {}
    for content, doc_id in rows:
        groups.setdefault(content, []).append(doc_id)
    return list(groups.values())


def rejected(
    connection: Connection, collection_id: int, *, after: str | None = None, limit: int | None = None
) -> list[Reject]:
    """The documents that could not be indexed, in the order of their ids, from the one after `after` on."""
    query = (
        select(ledger.c.doc_id, ledger.c.reason, ledger.c.detail, runs.c.started_at)
        .outerjoin(runs, runs.c.id == ledger.c.seen_run)
        .where(ledger.c.collection_id == collection_id, ledger.c.state == "rejected")
        .order_by(ledger.c.doc_id)
        .limit(limit)
    )
    if after is not None:
        query = query.where(ledger.c.doc_id > after)
    return [Reject(*row) for row in connection.execute(query)]


def count_rejected(connection: Connection, collection_id: int) -> int:
    """How many documents could not be indexed."""
    rows = select(func.count()).where(ledger.c.collection_id == collection_id, ledger.c.state == "rejected")
    return connection.execute(rows).scalar_one()


def start_run(connection: Connection, collection_id: int, *, source: str) -> int:
    """Record that a run has begun; runs that a killed process left open are closed as interrupted."""
    now = datetime.now(UTC)
    connection.execute(
        update(runs)
        .where(runs.c.collection_id == collection_id, runs.c.state == "running")
        .values(state="interrupted", finished_at=now)
    )
    row = {"collection_id": collection_id, "source": source, "state": "running", "started_at": now, "counts": {}}
    return int(connection.execute(insert(runs).values(row).returning(runs.c.id)).scalar_one())


def finish_run(connection: Connection, run_id: int, *, counts: dict[str, Any], error: str | None = None) -> None:
    """Record how a run ended."""
    state = "failed" if error else "finished"
    connection.execute(
        update(runs)
        .where(runs.c.id == run_id)
        .values(state=state, finished_at=datetime.now(UTC), counts=counts, error=error)
    )


def last_run(connection: Connection, collection_id: int) -> RunInfo | None:
    """The latest run of a collection."""
    row = connection.execute(
        select(runs).where(runs.c.collection_id == collection_id).order_by(runs.c.id.desc()).limit(1)
    ).one_or_none()
    if row is None:
        return None
    return RunInfo(row.id, row.source, row.state, row.started_at, row.finished_at, row.counts, row.error)


def _entry(row: Any) -> LedgerEntry:
    fields = {name: value for name, value in row._mapping.items() if name != "collection_id"}
    return LedgerEntry(**fields)
