"""A bulk index job: `retrieval index` on a source under the server's roots."""

from __future__ import annotations

from time import sleep
from typing import Any

from api.jobs.reporter import Reporter
from api.jobs.requests import IndexJobRequest
from api.jobs.roots import ConfinedSource, SourceRoots
from indexer.config import IndexConfig
from indexer.pipeline import index
from indexer.report import IndexReport
from indexer.sources.open import open_source
from retrieval.collection import Collection
from retrieval.errors import ConflictError, EncoderMismatchError
from retrieval.opening import open_or_create
from retrieval.types import ModelReference
from retrieval.workspace import Workspace

MOST_REJECTS = 20
AGAIN_S = 5


def run_index(
    workspace: Workspace, name: str, asked: IndexJobRequest, roots: SourceRoots, tell: Reporter
) -> dict[str, Any]:
    """Index and return the counts. What was done is kept at any end, and the next attempt goes on from there.

    Raises as `indexer.pipeline.index` does, but for a collection that another run is indexing into: it waits for that.
    """
    tell("reading the source", 0)
    source = confined_source(asked, roots)
    source.check()  # before a model is loaded or a collection made for it
    tell("opening the collection", 0)
    collection = open_or_create(
        workspace,
        name,
        ModelReference(asked.model) if asked.model else None,
        index=asked.index_params(),
        caption_vectors=asked.caption_vectors,
        precision=asked.precision,
    )
    report = _index_in_turn(source, collection, asked, tell)
    rejects = [{"doc_id": entry.doc_id, "reason": entry.reason} for entry in report.rejects[:MOST_REJECTS]]
    return {**report.counts(), "rejects": rejects}


def confined_source(asked: IndexJobRequest, roots: SourceRoots) -> ConfinedSource:
    """The source that a request names. Raises `InputError` for one that is none, or not under the roots."""
    source = open_source(
        roots.resolve(asked.source),
        image_column=asked.image_column,
        id_column=asked.id_column,
        caption_columns=asked.caption_columns,
        images_tar=roots.resolve(asked.images_tar) if asked.images_tar else None,
        images=roots.resolve(asked.images) if asked.images else None,
        split=asked.split,
        exclude=asked.exclude,
    )
    return ConfinedSource(source, roots)


def _index_in_turn(
    source: ConfinedSource, collection: Collection, asked: IndexJobRequest, tell: Reporter
) -> IndexReport:
    config = IndexConfig(
        batch_size=asked.batch_size, commit_every=asked.commit_every, checksum=asked.checksum, sync=asked.sync
    )

    def on_progress(report: IndexReport) -> None:
        tell("indexing", report.done, report.total, rejected=report.rejected, reasons=report.reasons)

    while True:
        try:
            return index(
                source,
                collection,
                config=config,
                source_name=asked.source,
                on_progress=on_progress,
                on_build=tell.on_build,
            )
        except EncoderMismatchError:
            raise
        except ConflictError:  # a run from the command line is at work, or the process of a service that has just died
            for _ in range(AGAIN_S):
                tell("waiting for another run to end", 0)
                sleep(1)
