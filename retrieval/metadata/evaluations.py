"""Rows of `evaluations`: what was measured, when, and where its report is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, func, insert, select

from retrieval.errors import NotFoundError
from retrieval.metadata.collections import own_name
from retrieval.metadata.tables import collections, evaluations


@dataclass(frozen=True, slots=True)
class EvaluationInfo:
    """One evaluation run. `config` repeats it; `metrics` are its figures; `folder` has the report."""

    id: int
    collection: str
    kind: str
    config: Mapping[str, Any]
    metrics: Mapping[str, Any]
    folder: str
    created_at: datetime


def add(
    connection: Connection,
    collection_id: int,
    *,
    kind: str,
    config: Mapping[str, Any],
    metrics: Mapping[str, Any],
    folder: str,
) -> int:
    """Record an evaluation and return its number."""
    row = {
        "collection_id": collection_id,
        "kind": kind,
        "config": dict(config),
        "metrics": dict(metrics),
        "folder": folder,
        "created_at": datetime.now(UTC),
    }
    return int(connection.execute(insert(evaluations).values(row).returning(evaluations.c.id)).scalar_one())


def get(connection: Connection, evaluation_id: int) -> EvaluationInfo:
    """The evaluation of that number; `NotFoundError` where there is none."""
    row = connection.execute(_rows().where(evaluations.c.id == evaluation_id)).one_or_none()
    if row is None:
        raise NotFoundError(f"no evaluation {evaluation_id}")
    return _info(row)


def in_folder(connection: Connection, folder: str) -> int | None:
    """The number of the latest evaluation whose report is in this folder, None where there is none."""
    query = select(func.max(evaluations.c.id)).where(evaluations.c.folder == folder)
    return connection.execute(query).scalar()


def newest(
    connection: Connection, *, collection: str | None = None, before: int | None = None, limit: int | None = None
) -> list[EvaluationInfo]:
    """At most `limit` evaluations, the newest first, of those with a lower number than `before`."""
    query = _rows().order_by(evaluations.c.id.desc()).limit(limit)
    if collection is not None:
        query = query.where(collections.c.name == own_name(connection, collection))
    if before is not None:
        query = query.where(evaluations.c.id < before)
    return [_info(row) for row in connection.execute(query)]


def _rows() -> Select[Any]:
    return select(evaluations, collections.c.name).join(collections, collections.c.id == evaluations.c.collection_id)


def _info(row: Row[Any]) -> EvaluationInfo:
    return EvaluationInfo(row.id, row.name, row.kind, row.config, row.metrics, row.folder, row.created_at)
