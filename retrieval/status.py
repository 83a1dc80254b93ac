"""What there is: collections with their counts, their index and what they take."""

from __future__ import annotations

from retrieval.index.segment import resident_bytes, total_bytes
from retrieval.metadata import aliases, generations, ledger
from retrieval.metadata.collections import CollectionInfo
from retrieval.metadata.ledger import Reject
from retrieval.overview import CollectionStatus
from retrieval.segments import SegmentInfo
from retrieval.types import HnswParams
from retrieval.workspace import Workspace


def all_statuses(workspace: Workspace) -> list[CollectionStatus]:
    """Every collection, by name. Opens no index and loads no model."""
    return [status_of(workspace, info) for info in workspace.collections()]


def status_of(workspace: Workspace, info: CollectionInfo) -> CollectionStatus:
    """One collection."""
    with workspace.database.read() as connection:
        generation = generations.current(connection, info.id)
        documents, captions = workspace.counts(connection, info.id)
        rejects = ledger.count_rejected(connection, info.id)
        run = ledger.last_run(connection, info.id)
        leading = aliases.of(connection, info.id)
    return CollectionStatus(
        name=info.name,
        aliases=leading,
        model=info.spec.name,
        precision=info.spec.precision,
        encoder_id=info.spec.encoder_id,
        dim=info.spec.dim,
        documents=documents,
        captions=captions,
        rejected=rejects,
        generation=generation.number,
        index=_describe(generation.segments),
        storage=info.index.storage,
        target_recall=info.index.target_recall,
        ef_search=info.index.ef_search,
        certificates=generation.certificates,
        disk_bytes=sum(total_bytes(segment) for segment in generation.segments),
        memory_bytes=sum(resident_bytes(segment) for segment in generation.segments),
        last_run=run.state if run else None,
        created_at=info.created_at,
    )


def rejected(workspace: Workspace, name: str) -> list[Reject]:
    """The files of a collection that could not be indexed, with their reasons."""
    info = workspace.open(name).info
    with workspace.database.read() as connection:
        return ledger.rejected(connection, info.id)


def _describe(segments: tuple[SegmentInfo, ...]) -> str:
    graphs = [segment for segment in segments if segment.kind == "image" and segment.hnsw]
    if not segments:
        return "empty"
    if not graphs:
        return "exact"
    largest = max(graphs, key=lambda segment: segment.rows)
    params = largest.hnsw or HnswParams()
    return f"HNSW m={params.m}, {largest.codes or 'full vectors'}"
