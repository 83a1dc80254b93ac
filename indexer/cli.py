"""`retrieval index`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import typer

from indexer.options import (
    BatchSize,
    CaptionColumn,
    Checksum,
    CommitEvery,
    Exclude,
    IdColumn,
    ImageColumn,
    Images,
    ImagesTar,
    Source,
    Split,
    Strict,
    Sync,
    Workers,
)
from retrieval.commands.options import (
    AsJson,
    CaptionVectors,
    Checkpoint,
    CollectionName,
    DataDir,
    DefaultEf,
    DefaultRecall,
    EfConstruction,
    Links,
    Model,
    Precision,
    Storage,
    console,
    index_params,
    model_reference,
    open_workspace,
)

if TYPE_CHECKING:
    from indexer.config import IndexConfig
    from indexer.report import IndexReport
    from retrieval.collection import Collection
    from retrieval.protocols import CatalogSource
    from retrieval.types import ModelReference
    from retrieval.workspace import Workspace


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("index")(index_command)


def index_command(
    source: Source,
    collection: CollectionName,
    model: Model = None,
    checkpoint: Checkpoint = None,
    precision: Precision = "auto",
    sync: Sync = False,
    strict: Strict = False,
    checksum: Checksum = False,
    caption_vectors: CaptionVectors = True,
    images: Images = None,
    split: Split = None,
    exclude: Exclude = None,
    images_tar: ImagesTar = None,
    image_column: ImageColumn = None,
    id_column: IdColumn = None,
    caption_column: CaptionColumn = None,
    m: Links = 32,
    ef_construction: EfConstruction = 200,
    storage: Storage = "auto",
    target_recall: DefaultRecall = 0.98,
    ef_search: DefaultEf = 64,
    batch_size: BatchSize = 32,
    commit_every: CommitEvery = 2_000,
    workers: Workers = None,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Make a catalogue of images searchable, or bring it up to date: only what is new or changed is embedded."""
    from indexer.config import IndexConfig, default_workers
    from indexer.sources.open import open_source
    from retrieval.opening import open_or_create

    catalogue = open_source(
        source,
        image_column=image_column,
        id_column=id_column,
        caption_columns=tuple(caption_column or ()),
        images_tar=images_tar,
        images=images,
        split=split,
        exclude=tuple(exclude or ()),
    )
    catalogue.check()
    config = IndexConfig(
        batch_size, commit_every=commit_every, checksum=checksum, sync=sync, workers=workers or default_workers()
    )
    with open_workspace(data_dir) as workspace:
        opened = open_or_create(
            workspace,
            collection,
            model_reference(model, checkpoint) or _default_model(workspace, collection),
            index=index_params(m, ef_construction, storage, target_recall, ef_search),
            caption_vectors=caption_vectors,
            precision=precision,
        )
        report = _index(catalogue, opened, config, source)
    _show(report, as_json=as_json)
    if strict and report.rejected:
        raise typer.Exit(1)


def _default_model(workspace: Workspace, collection: str) -> ModelReference | None:
    """What a new collection is made for where no model is given; None for one that is there and has its own."""
    from retrieval.encoders.registry import DEFAULT_PRESET
    from retrieval.types import ModelReference

    return None if collection in workspace.names() else ModelReference(DEFAULT_PRESET.name)


def _index(catalogue: CatalogSource, collection: Collection, config: IndexConfig, source_name: str) -> IndexReport:
    """With a bar, on a terminal."""
    from indexer.pipeline import index
    from retrieval.commands.progress import build_reporter, progress_bar

    with progress_bar("images") as bar:
        task = bar.add_task("indexing", total=None)

        def on_progress(report: IndexReport) -> None:
            bar.update(task, completed=report.done, total=report.total)

        return index(
            catalogue,
            collection,
            config=config,
            source_name=source_name,
            on_progress=on_progress,
            on_build=build_reporter(bar),
        )


def _show(report: IndexReport, *, as_json: bool) -> None:
    if as_json:
        rejects = [{"doc_id": e.doc_id, "reason": e.reason, "detail": e.detail} for e in report.rejects]
        typer.echo(json.dumps({**report.counts(), "rejects": rejects}, ensure_ascii=False, indent=2))
        return
    out = console()
    removed = f", {report.removed:,} removed" if report.removed else ""
    updated = f", {report.updated:,} with new captions or attributes" if report.updated else ""
    out.print(
        f"[bold]{report.indexed:,} indexed[/bold]{updated}, {report.unchanged:,} skipped as unchanged{removed}, "
        f"{report.rejected:,} rejected, in {report.seconds:.1f} s ({report.images_per_second:.1f} images/s)"
    )
    if report.rejected:
        reasons = ", ".join(f"{count:,} {reason}" for reason, count in report.reasons.most_common())
        out.print(f"[yellow]warning:[/yellow] rejected: {reasons}")
        for entry in report.rejects[:10]:
            out.print(f"  {entry.doc_id}: {entry.detail}", markup=False)
        if report.rejected > 10:
            out.print("  … all of them: retrieval status --rejects")
