"""Rows of `segments` and `generations`: what is searchable. One committed row switches every reader."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select

from retrieval.certificate import Certificate
from retrieval.metadata.tables import collections, generations, segments
from retrieval.segments import Generation, SegmentFile, SegmentInfo
from retrieval.types import CodeParams, HnswParams, VectorKind


def add_segment(connection: Connection, collection_id: int, segment: SegmentInfo) -> int:
    """Record a written segment (its `segment_id` is ignored) and return the id that it gets."""
    row = {
        "collection_id": collection_id,
        "kind": segment.kind,
        "rows": segment.rows,
        "m": segment.hnsw.m if segment.hnsw else None,
        "ef_construction": segment.hnsw.ef_construction if segment.hnsw else None,
        "nodes": segment.nodes,
        "codes": asdict(segment.codes) if segment.codes else None,
        "files": [asdict(file) for file in segment.files],
        "created_at": datetime.now(UTC),
    }
    return int(connection.execute(insert(segments).values(row).returning(segments.c.id)).scalar_one())


def current(connection: Connection, collection_id: int) -> Generation:
    """The published generation; number 0 without segments before the first write."""
    row = connection.execute(
        select(generations.c.number, generations.c.segment_ids, generations.c.certificates)
        .where(generations.c.collection_id == collection_id)
        .order_by(generations.c.number.desc())
        .limit(1)
    ).one_or_none()
    if row is None:
        return Generation(0)
    certificates = {kind: Certificate.from_json(document) for kind, document in row.certificates.items()}
    return Generation(row.number, tuple(_segments(connection, collection_id, row.segment_ids)), certificates)


def publish(
    connection: Connection,
    collection_id: int,
    segment_ids: Sequence[int],
    *,
    certificates: Mapping[VectorKind, Certificate | None] | None = None,
) -> int:
    """Make these segments the searchable ones, and forget the generation and the segments that they replace.

    `certificates` replace those of their kinds (None: there is none any more); the others go on.
    Readers that hold the old files open keep them: an unlinked file lives as long as its mapping.
    """
    before = current(connection, collection_id)
    number = before.number + 1
    certified = {**before.certificates, **(certificates or {})}
    mine = generations.c.collection_id == collection_id
    connection.execute(delete(generations).where(mine))
    connection.execute(
        insert(generations).values(
            collection_id=collection_id,
            number=number,
            segment_ids=list(segment_ids),
            certificates={kind: one.as_json() for kind, one in certified.items() if one},
            created_at=datetime.now(UTC),
        )
    )
    connection.execute(
        delete(segments).where(segments.c.collection_id == collection_id, segments.c.id.not_in(segment_ids))
    )
    return number


def _segments(connection: Connection, collection_id: int, ids: Sequence[int]) -> list[SegmentInfo]:
    rows = connection.execute(
        select(segments, collections.c.dim)
        .join(collections, collections.c.id == segments.c.collection_id)
        .where(segments.c.collection_id == collection_id, segments.c.id.in_(ids))
    )
    found = {row.id: _info(row) for row in rows}
    return [found[segment_id] for segment_id in ids]


def _info(row: Row[Any]) -> SegmentInfo:
    return SegmentInfo(
        segment_id=row.id,
        kind=row.kind,
        rows=row.rows,
        dim=row.dim,
        nodes=row.rows if row.nodes is None else row.nodes,
        files=tuple(SegmentFile(**file) for file in row.files),
        hnsw=HnswParams(m=row.m, ef_construction=row.ef_construction) if row.m else None,
        codes=CodeParams(**row.codes) if row.codes else None,
    )
