"""`retrieval index`."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from retrieval.commands.options import (
    AsJson,
    Checkpoint,
    CollectionName,
    DataDir,
    DefaultEf,
    DefaultRecall,
    EfConstruction,
    Links,
    Model,
    Storage,
    console,
    model_reference,
    open_workspace,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from indexer.report import IndexReport
    from retrieval.writer import OnBuild


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("index")(index_command)


def index_command(
    source: Annotated[
        str,
        typer.Argument(help="A folder, a CSV or JSONL manifest, tar shards, or a caption file (see docs/sources.md)."),
    ],
    collection: CollectionName,
    model: Model = None,
    checkpoint: Checkpoint = None,
    precision: Annotated[str, typer.Option(help="auto, fp32, bf16 or fp16 (of a new collection).")] = "auto",
    sync: Annotated[bool, typer.Option("--sync", help="Remove documents that the source no longer has.")] = False,
    strict: Annotated[bool, typer.Option("--strict", help="Exit with 1 if any image was rejected.")] = False,
    checksum: Annotated[
        bool, typer.Option("--checksum", help="Read every file; do not trust size and modification time.")
    ] = False,
    caption_vectors: Annotated[
        bool, typer.Option(help="Embed captions too, for image-to-text search (of a new collection).")
    ] = True,
    images: Annotated[
        Path | None,
        typer.Option(
            help="Folder that the image names of a manifest or caption file are relative to.", show_default=False
        ),
    ] = None,
    split: Annotated[
        str | None, typer.Option(help="Only this split of a Karpathy JSON: train, val, test.", show_default=False)
    ] = None,
    exclude: Annotated[
        list[str] | None, typer.Option(help="A column or field to leave out; may be repeated.", show_default=False)
    ] = None,
    images_tar: Annotated[
        Path | None, typer.Option(help="Tar archive that the manifest's image column points into.", show_default=False)
    ] = None,
    image_column: Annotated[
        str | None, typer.Option(help="Column of a manifest that names the image [default: image].", show_default=False)
    ] = None,
    id_column: Annotated[
        str | None, typer.Option(help="Column of a manifest with the document's id.", show_default=False)
    ] = None,
    caption_column: Annotated[
        list[str] | None, typer.Option(help="Column of a manifest with a caption; may be repeated.", show_default=False)
    ] = None,
    m: Links = 32,
    ef_construction: EfConstruction = 200,
    storage: Storage = "auto",
    target_recall: DefaultRecall = 0.98,
    ef_search: DefaultEf = 64,
    batch_size: Annotated[int, typer.Option(help="Images embedded at a time.")] = 32,
    commit_every: Annotated[int, typer.Option(help="Images after which what is done becomes durable.")] = 2_000,
    workers: Annotated[int | None, typer.Option(help="Threads that read and decode.", show_default=False)] = None,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Make a catalogue of images searchable, or bring it up to date: only what is new or changed is embedded."""
    from indexer.config import IndexConfig, default_workers
    from indexer.pipeline import index
    from indexer.sources.open import open_source
    from retrieval.encoders.registry import DEFAULT_PRESET
    from retrieval.types import HnswParams, IndexParams, ModelReference
    from retrieval.workspace import open_or_create

    config = IndexConfig(
        batch_size=batch_size,
        workers=workers or default_workers(),
        commit_every=commit_every,
        checksum=checksum,
        sync=sync,
    )
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
    with open_workspace(data_dir) as workspace:
        asked = model_reference(model, checkpoint)
        known = collection in workspace.names()
        opened = open_or_create(
            workspace,
            collection,
            asked if asked or known else ModelReference(DEFAULT_PRESET.name),
            index=IndexParams(HnswParams(m, ef_construction), storage, target_recall or None, ef_search),
            caption_vectors=caption_vectors,
            precision=precision,
        )
        with _progress() as (on_progress, on_build):
            report = index(
                catalogue,
                opened,
                config=config,
                source_name=source,
                on_progress=on_progress,
                on_build=on_build,
            )
    _show(report, as_json=as_json)
    if strict and report.rejected:
        raise typer.Exit(1)


@contextmanager
def _progress() -> Iterator[tuple[Callable[[IndexReport], None], OnBuild]]:
    from retrieval.commands.progress import build_reporter, progress_bar

    with progress_bar("images") as bar:
        task = bar.add_task("indexing", total=None)

        def on_progress(report: IndexReport) -> None:
            bar.update(task, completed=report.done, total=report.total)

        yield on_progress, build_reporter(bar)


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
