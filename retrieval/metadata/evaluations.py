"""Rows of `evaluations`: what was measured, when, and where its report is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, insert, select

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


def all_of_them(connection: Connection) -> list[EvaluationInfo]:
    """Every evaluation, the newest first."""
    rows = connection.execute(
        select(evaluations, collections.c.name)
        .join(collections, collections.c.id == evaluations.c.collection_id)
        .order_by(evaluations.c.id.desc())
    )
    return [
        EvaluationInfo(row.id, row.name, row.kind, row.config, row.metrics, row.folder, row.created_at) for row in rows
    ]
